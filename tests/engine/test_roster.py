"""Everybody in columns, held against plain lists of identities and the plain way to search them."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.records.long_lists import FaceColumns, Texts
from engine.records.names import search_key, search_lines
from engine.records.roster import Roster
from engine.records.types import Face, Identity

LETTERS = st.sampled_from([*"aAbBzß øŁéİ’-中山", "e\u0301", "\u00a0", "\u3000", "ﬁ", "\u0345", "Σ"])
NAMES = st.lists(LETTERS, min_size=1, max_size=8).map("".join).filter(str.strip)
PEOPLE = st.lists(NAMES, unique=True, max_size=12).flatmap(
    lambda names: st.permutations(
        [Identity(at * 3 + 1, name, at % 4 + 1, at or None) for at, name in enumerate(names)]
    )
)
TEXTS = st.lists(st.one_of(NAMES, st.just("a"), st.just(" ")), max_size=2).map(" ".join)


def plainly_sorted(people: list[Identity]) -> list[Identity]:
    return sorted(people, key=lambda one: (search_key(one.name), one.name))


def plainly_found(people: list[Identity], text: str) -> list[Identity]:
    words = search_key(text).split()
    return [one for one in people if all(word in search_key(one.name) for word in words)]


@given(people=PEOPLE)
def test_all_are_there_in_order_of_their_names_and_found_by_id_and_name(people):
    roster = Roster.of(1, people)
    assert [roster[row] for row in range(len(roster))] == plainly_sorted(people)
    for one in people:
        assert roster.identity(one.id) == roster.named(one.name) == one
        assert roster.portrait_of[one.id] == one.portrait
    assert roster.identity(2) is None
    assert roster.named("nobody") is None
    assert dict(roster.portrait_of) == {one.id: one.portrait for one in people}


@given(people=PEOPLE, text=TEXTS)
def test_search_finds_whom_the_plain_search_finds(people, text):
    roster = Roster.of(1, people)
    found = [roster[row] for row in roster.find(text)]
    assert found == plainly_found(plainly_sorted(people), text)


@given(people=PEOPLE, text=TEXTS)
def test_typing_ahead_finds_beginnings(people, text):
    roster = Roster.of(1, people)
    found = [roster[row] for row in roster.starting_with(text)]
    listed = plainly_sorted(people)
    assert found == [one for one in listed if search_key(one.name).startswith(search_key(text))]


@given(people=PEOPLE)
def test_most_faces_come_first_and_equals_by_name(people):
    roster = Roster.of(1, people)
    by_faces = [roster[row] for row in roster.by_faces]
    assert by_faces == sorted(plainly_sorted(people), key=lambda one: -one.faces)


@given(people=PEOPLE, data=st.data())
def test_a_change_leaves_what_a_new_reading_would_give(people, data):
    flags = [data.draw(st.sampled_from(["same", "gone", "renamed", "new"])) for _ in people]
    now = []
    for one, flag in zip(people, flags, strict=True):
        renamed = Identity(one.id, f"Z {one.name}", one.faces + 1, one.portrait, "a\nnote", True)
        now += {"same": [one], "gone": [], "renamed": [renamed], "new": [one, _other(one)]}[flag]
    touched = [one.id for one, flag in zip(people, flags, strict=True) if flag != "same"]
    touched += [one.id for one in now if one.id % 3 == 2]
    there = [one for one in now if one.id in touched]
    roster = Roster.of(1, people).updated(2, touched, there)
    assert roster.change == 2
    assert [roster[row] for row in range(len(roster))] == plainly_sorted(now)
    assert list(roster.keys) == [search_key(name) for name in roster.names]


def _other(one: Identity) -> Identity:
    return Identity(one.id + 1, f"Another {one.name}", 1, None)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"))))
def test_search_keys_of_lines_are_those_of_each_line(lines):
    assert search_lines("\n".join(lines)).split("\n") == [search_key(x) for x in lines or [""]]


@pytest.mark.parametrize("blank", [chr(c) for c in range(0x110000) if chr(c).isspace()])
def test_every_kind_of_blank_is_single_in_search_keys_of_lines(blank):
    if blank != "\n":
        lines = [f"a{blank}b", f"{blank}a", f"a{blank}", f"a{blank}{blank}b", blank]
        assert search_lines("\n".join(lines)).split("\n") == [search_key(x) for x in lines]


def test_no_normal_form_and_no_folding_makes_a_line_break():
    for code in range(0x110000):
        letter = chr(code)
        if letter != "\n":
            assert "\n" not in unicodedata.normalize("NFKD", letter) + letter.casefold()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))), st.data())
def test_texts_give_back_what_was_put_in(texts, data):
    columns = Texts.of(texts)
    assert list(columns) == texts
    rows = data.draw(st.lists(st.integers(0, len(texts) - 1))) if texts else []
    assert list(columns.take(np.array(rows, dtype=np.int64))) == [texts[row] for row in rows]
    assert list(columns + Texts.of(["more"])) == [*texts, "more"]


def test_lengths_that_do_not_add_up_are_refused():
    assert list(Texts.of_lengths("a\nb\nc\n", [3, 1])) == ["a\nb", "c"]
    with pytest.raises(ValueError, match="bytes of text"):
        Texts.of_lengths("a\nb\n", [1])


def test_faces_are_made_when_they_are_asked_for():
    ids = np.array([3, 5, 9])
    columns = FaceColumns(
        1, "A", ids, np.array([0, 1, 0]), np.array([1.5, 2.5, 3.5]),
        np.array([True, False, False]), Texts.of(["x.npy", "y.npz", "a\nb.npy"]),
    )  # fmt: skip
    faces = [
        Face(3, 1, "A", "x.npy", 0, 1.5, True),
        Face(5, 1, "A", "y.npz", 1, 2.5, False),
        Face(9, 1, "A", "a\nb.npy", 0, 3.5, False),
    ]
    assert list(columns) == faces
    assert columns[-1] == faces[2]
    assert columns[:2] == faces[:2]
    assert [columns.row_of(face) for face in (3, 9, 4, 10)] == [0, 2, -1, -1]


def test_names_are_found_by_a_spelling_much_like_theirs():
    people = [Identity(number, name, 1, None) for number, name in enumerate(SPELLED)]
    roster = Roster.of(1, people)
    for slip, meant in (("schwarzeneger", 0), ("Woods Tigr", 1), ("gerhard shroder", 2)):
        assert roster[int(roster.spelled_like(slip)[0])].id == meant
    assert not len(roster.spelled_like("zzzzz"))


SPELLED = ("Arnold Schwarzenegger", "Tiger Woods", "Gerhard Schröder", "Ariel Sharon")
