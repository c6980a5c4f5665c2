"""The readers of what the window and the command line remember. Needs Qt."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from unittest.mock import patch

from PySide6.QtCore import qInstallMessageHandler

from gallery_app import settings
from gallery_app.recent import forget, recent_galleries, remember
from tests.fuzz.forms import DOCUMENT, edit_lines, mixed
from tests.fuzz.judging import Reader, require
from tests.fuzz.mutating import edit_bytes

_SETTINGS = [one for one in vars(settings).values() if isinstance(one, settings.Setting)]
_TURN = count()  # Qt remembers files by their names, so each is another


def _read_settings(data: bytes, folder: Path) -> None:
    home = folder / str(next(_TURN))
    home.mkdir()
    (home / "window.ini").write_bytes(data)
    with patch.dict("os.environ", FACE_GALLERY_HOME=str(home)), _without_qt_warnings():
        read = settings.Settings()
        for one in _SETTINGS:
            value = read.get(one)
            require(type(value) is type(one.default), f"{one.key} is {value!r:.80}")
            require(not isinstance(value, float) or math.isfinite(value), f"{one.key} is {value}")


@contextmanager
def _without_qt_warnings() -> Iterator[None]:
    """Qt may well complain of what it cannot make sense of."""
    before = qInstallMessageHandler(lambda *_: None)
    try:
        yield
    finally:
        qInstallMessageHandler(before)


def _settings() -> Iterable[bytes]:
    yield (
        b"[look]\ntheme=dark\n[identities]\nsort=faces\n[identify]\nfpir=0.05\nmethod=knn\n"
        b'[window]\ngeometry=@ByteArray(\\x1\\xd9\\xd0)\nsplitter="@ByteArray(\\0\\0\\0\\xff)"\n'
        b"[versions]\ncolumns=@ByteArray()\n[files]\nfolder=/home\n"
    )
    yield b"[identify]\nfpir=@Variant(\0\0\0\x06\x3f\xa9)\n[files]\nfolder=a, b, c\n"
    yield b"[files]\nfolder=@Point(1 2)\n[look]\ntheme=@Rect(1 2 3 4)\nmore=@Size(1 2)\n"


def _read_recent(data: bytes, folder: Path) -> None:
    (folder / "recent.json").write_bytes(data)
    with patch.dict("os.environ", FACE_GALLERY_HOME=str(folder)):
        require(all(isinstance(path, Path) for path in recent_galleries()), "no path")
        remember(folder)
        forget(folder / "other")
        listed = json.loads((folder / "recent.json").read_bytes())
        require(listed[:1] in ([str(folder)], []), "what was opened last is not remembered")


def _recents() -> Iterable[bytes]:
    yield json.dumps(["/", "/tmp/a.gallery", "é", "a\0b"]).encode()


READERS = (
    Reader("settings", _read_settings, (), mixed(edit_lines, edit_lines, edit_bytes), _settings),
    Reader("recent", _read_recent, (), DOCUMENT, _recents),
)
