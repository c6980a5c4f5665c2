"""Text is read alike, whichever editor on whichever system saved it."""

from __future__ import annotations

import codecs
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.utils.text_files import decode_text

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_text_is_the_same_in_every_encoding_and_with_every_line_end(encoding, end):
    assert decode_text(f"Ann 李{end}Jos\xe9{end}".encode(encoding)) == "Ann 李\nJos\xe9\n"


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE])
def test_the_mark_says_which_byte_comes_first(mark):
    encoding = "utf-16-be" if len(mark) == 2 else "utf-32-be"
    assert decode_text(mark + "Ann".encode(encoding)) == "Ann"


@given(st.binary(max_size=20))
def test_any_bytes_are_a_text_or_none(data):
    with contextlib.suppress(UnicodeDecodeError):
        assert "\r" not in decode_text(data)
