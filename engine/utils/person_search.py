"""Looking for people in any file: their names, vectors and pictures, in the forms that programs
write them in.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import lzma
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO
from urllib.parse import quote, unquote_plus

from engine.records.types import Vectors
from engine.utils.byte_search import WINDOW, ByteSearch, NumberSearch
from engine.utils.files import open_regular
from engine.utils.name_search import Mentions
from engine.utils.zip_files import open_zip

_PIECE = 1 << 24
_OVERLAP = 1 << 16  # nothing that is looked for is longer; a multiple of every number's size
_MOST_UNPACKED = 1 << 32
_MOST_MEMBERS = 10_000
_BROKEN = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError),
    *(zlib.error, lzma.LZMAError),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/_-]{20,}(?:\r?\n|\\n|\\r\\n)?)+={0,2}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_PRINTABLE = re.compile(rb"[^\x00-\x1f\x7f]*")
_SURE = 6
"""Bytes of a name that are not met by chance where there is no text."""
_AROUND = 300  # characters
_OF_A_PICTURE = 8
_DIFFERENT = 12  # bytes of 16; areas of one colour have fewer
_WIDTHS = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}


class UnreadableError(Exception):
    """Nobody can tell what is in it."""


class PersonSearch:
    """What to look for, and whether a file holds it."""

    def __init__(
        self,
        mentions: Mentions,
        names: Iterable[str],
        vectors: Vectors,
        pictures: Iterable[bytes] = (),
        digests: Iterable[bytes] = (),
    ) -> None:
        """
        Args:
            mentions: of the names, which tell what is another's.
            vectors: ``(n, d)``.
            pictures: encoded ones, such as JPEG.
        """
        self._mentions = mentions
        self._forms = sorted({form for name in names for form in _forms_of(name)})
        self._numbers = NumberSearch(vectors)
        windows = [window for picture in pictures for window in _windows_of(picture)]
        self._strings = ByteSearch([*windows, *digests])

    def found_in_file(self, path: Path, check: Callable[[], None] = lambda: None) -> bool:
        """Whether a file holds them, whatever its name; archives are unpacked.

        Args:
            check: called often; what it raises goes through.

        Raises:
            OSError: it cannot be read. UnreadableError: it cannot be unpacked.
        """
        with open_regular(path) as stream:
            start = stream.read(4)
            stream.seek(0)
            if start.startswith(b"\x1f\x8b"):
                return self._found_in_gzip(stream, check)
            if start == b"PK\x03\x04":
                return self._found_in_zip(stream, check)
            return self._found_in_stream(stream, check)

    def found_in(self, data: bytes, *, cut: bool = False, packed: bool = False) -> bool:
        """Whether they are in these bytes, read as text, as numbers and as they are.

        Args:
            cut: there are others before them, so that base64 may begin anywhere.
            packed: they were base64; they are not looked through for that once more.
        """
        if self._strings.found_in(data) or self._numbers.found_in(data):
            return True
        narrow = data.replace(b"\0", b"")  # of UTF-16 and UTF-32 what ASCII has
        is_text = not _CONTROL.search(narrow)
        if self._named(data, is_text and len(narrow) == len(data)):
            return True
        if not is_text:
            return False
        return self._numbers.found_in_text(narrow) or (
            not packed and any(self.found_in(part, packed=True) for part in _base64_in(narrow, cut))
        )

    def _found_in_stream(
        self, stream: IO[bytes] | gzip.GzipFile, check: Callable[[], None], most: int | None = None
    ) -> bool:
        before, total = b"", 0
        while piece := stream.read(_PIECE):
            check()
            total += len(piece)
            if most is not None and total > most:
                raise UnreadableError("it unpacks to too much")
            if self.found_in(before + piece, cut=bool(before)):
                return True
            before = piece[-_OVERLAP:]
        return False

    def _found_in_gzip(self, stream: IO[bytes], check: Callable[[], None]) -> bool:
        try:
            with gzip.GzipFile(fileobj=stream) as unpacked:
                return self._found_in_stream(unpacked, check, _MOST_UNPACKED)
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableError(str(error)) from error

    def _found_in_zip(self, stream: IO[bytes], check: Callable[[], None]) -> bool:
        try:
            with open_zip(stream, _MOST_MEMBERS) as archive:
                members = archive.infolist()
                if sum(member.file_size for member in members) > _MOST_UNPACKED:
                    raise UnreadableError("it unpacks to too much")
                for member in members:
                    if self._mentions.found(member.filename):
                        return True
                    with archive.open(member) as unpacked:
                        if self._found_in_stream(unpacked, check):
                            return True
        except _BROKEN as error:
            raise UnreadableError(str(error)) from error
        return False

    def _named(self, data: bytes, is_text: bool) -> bool:
        lower = data.lower()
        for form, encoding in self._forms:
            width = _WIDTHS.get(encoding, 1)
            if not is_text and width == 1 and len(form) < _SURE:
                continue
            at = lower.find(form)
            while at >= 0:
                # ASCII in one byte order is ASCII in the other too, some bytes further on
                other = at + 1 - width if encoding.endswith("le") else at + width - 1
                if (width == 1 or other % width) and self._mentioned(
                    data, at, at + len(form), encoding, width
                ):
                    return True
                at = lower.find(form, at + 1)
        return False

    def _mentioned(self, data: bytes, start: int, end: int, encoding: str, width: int) -> bool:
        reach = _AROUND * width
        before, after = data[max(start % width, start - reach) : start], data[end : end + reach]
        if width == 1:
            before = before[::-1]
            before = before[: _printable(before)][::-1]
            after = after[: _printable(after)]
        text = (before + data[start:end] + after).decode(encoding, "replace")
        return self._mentions.found(text) or self._mentions.found(_unescaped(text))


def _printable(data: bytes) -> int:
    found = _PRINTABLE.match(data)
    return found.end() if found else 0


def _base64_in(text: bytes, cut: bool) -> Iterator[bytes]:
    """What stands in a text as base64."""
    for found in _BASE64.finditer(text):
        packed = found[0].replace(b"\\r", b"").replace(b"\\n", b"")
        packed = packed.translate(_URL_SAFE, b"\r\n=")
        for phase in range(4) if cut and found.start() == 0 else (0,):
            whole = packed[phase:]
            whole = whole[: len(whole) - (len(whole) % 4 == 1)]
            yield base64.b64decode(whole + b"=" * (-len(whole) % 4))


def _windows_of(picture: bytes) -> Sequence[bytes]:
    """Some bytes in a row from its second half, where no header is."""
    step = max(1, (len(picture) // 2 - WINDOW) // _OF_A_PICTURE)
    starts = range(len(picture) // 2, len(picture) - WINDOW + 1, step)
    windows = [picture[start : start + WINDOW] for start in starts]
    return [window for window in windows if len(set(window)) >= _DIFFERENT]


def _unescaped(text: str) -> str:
    """Without the escapes of JSON, Python, HTML and URLs."""
    plain = _ESCAPED.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    plain = plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return html.unescape(unquote_plus(plain))


def _forms_of(name: str) -> Iterator[tuple[bytes, str]]:
    """A name as programs write it, its ASCII letters small, each form with its encoding."""
    parts = re.split(r"[\s_-]+", name)
    words = {mark.join(parts) for mark in " _-"} | {name}
    words |= {case for word in words for case in (word.lower(), word.upper(), word.title())}
    words |= {unicodedata.normalize(form, word) for word in words for form in ("NFC", "NFD")}
    for word in words:
        for encoding in ("utf-8", "latin-1", "cp1252", *_WIDTHS):
            try:
                yield word.encode(encoding).lower(), encoding
            except UnicodeEncodeError:
                continue
        written = (
            json.dumps(word)[1:-1],
            quote(word),
            html.escape(word),
            quote(word).replace("%20", "+"),
        )
        for text in (*written, word.encode("ascii", "xmlcharrefreplace").decode(),
                     word.encode("unicode_escape").decode()):  # fmt: skip
            yield text.encode().lower(), "utf-8"
