"""Where a text mentions a name, written in whichever case, with blanks or underscores."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

STRUCK = "erased"
_BLANKS = re.compile(r"[\s_-]+")


class Mentions:
    """Finds names as words of their own: "Ann" is in "ann_01.npy", not in "Annabel"."""

    def __init__(self, names: Iterable[str], others: Iterable[str] = ()) -> None:
        """
        Args:
            others: names that are no mention, though one of ``names`` be a part of them.
        """
        gone = set(_forms(names))
        longer = [form for form in _forms(others) if form not in gone]
        found = re.compile(_alternatives(gone), re.IGNORECASE)
        keep = [form for form in longer if gone and found.search(form)]
        self._any = bool(gone)
        self._pattern = re.compile(
            f"(?P<keep>{_alternatives(keep)})|(?P<gone>{_alternatives(gone)})", re.IGNORECASE
        )

    def found(self, text: str) -> bool:
        """Whether the text mentions one of the names."""
        return self._any and any(match["gone"] for match in self._pattern.finditer(text))

    def struck(self, text: str) -> str:
        """The text with each mention struck out."""
        if not self._any:
            return text
        return self._pattern.sub(lambda match: match["keep"] or STRUCK, text)


def _forms(names: Iterable[str]) -> list[str]:
    return [unicodedata.normalize(form, name) for name in names for form in ("NFC", "NFD")]


def _alternatives(names: Iterable[str]) -> str:
    words = sorted(set(names), key=lambda name: (-len(name), name))
    if not words:
        return r"(?!)"
    return "|".join(rf"(?<![^\W_]){_pattern_of(name)}(?![^\W_])" for name in words)


def _pattern_of(name: str) -> str:
    parts = [re.escape(part) for part in _BLANKS.split(name) if part]
    return r"[\s_-]+".join(parts) if parts else re.escape(name)
