"""Text that people write, whichever editor on whichever system saved it."""

from __future__ import annotations

import codecs

MARK = "\ufeff"
"""What some editors put in front of a text, to say how it is encoded."""
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def text_encoding(start: bytes) -> str:
    """How a text is encoded, by its first four bytes: UTF-8 unless they tell of another."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    if len(start) == 4 and start[1] == start[3] == 0 < start[0]:
        return "utf-16-le"
    if len(start) == 4 and start[0] == start[2] == 0 < start[1]:
        return "utf-16-be"
    return "utf-8-sig"


def decode_text(data: bytes) -> str:
    """All of a text, without the mark in front; whatever ends its lines becomes a newline.

    Raises:
        UnicodeDecodeError: it is no text.
    """
    text = data.decode(text_encoding(data[:4]))
    return text.replace("\r\n", "\n").replace("\r", "\n")
