"""Names: any person's, in any script; nothing that is a path, a trick or invisible."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import IdentityNameError
from engine.records.names import (
    check_name,
    find_lookalikes,
    lookalikes,
    name_key,
    search_key,
    shown_name,
    skeletons,
)


@pytest.mark.parametrize(
    ("folder", "shown"),
    [
        ("George_W_Bush", "George W Bush"),
        ("Recep Tayyip Erdoğan", "Recep Tayyip Erdoğan"),
        ("_Jean_Charest_", "Jean Charest"),
        ("胡锦涛", "胡锦涛"),
    ],
)
def test_underscores_are_shown_as_spaces_and_all_else_is_kept(folder, shown):
    assert shown_name(folder) == shown


def test_the_unicode_form_of_a_name_is_kept():
    taken_apart = unicodedata.normalize("NFD", "José María Aznar")
    assert shown_name(taken_apart) == check_name(taken_apart) == taken_apart


@pytest.mark.parametrize(
    "name",
    [
        "A",
        "George W Bush",
        "José María Aznar",
        "胡锦涛",
        "محمد خاتمی",
        "x" * 200,
        "J.R. O’B-C",
        "می\u200cخ",
        "क्\u200dष",
        "葛\U000e0100城",
        "Nguyễn Thị Huệ",
        unicodedata.normalize("NFD", "Nguyễn Thị Huệ"),
        "שָׁלוֹם",
        "བསྒྲུབས",
        "👩\u200d👩\ufe0f",
        "Zoe\u0308\u0301",
    ],
)
def test_names_of_any_script_are_allowed(name):
    assert check_name(name) == name


def test_blanks_around_a_name_are_left_out():
    assert check_name("  Jean Charest ") == "Jean Charest"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("\u200b\u2060", "empty"),
        ("x" * 300, "300 characters"),
        ("../../etc", "path"),
        ("..", "path"),
        (".", "path"),
        ("a/b", "path"),
        ("a\\b", "path"),
        ("a\0b", "control"),
        ("a\nb", "control"),
        ("a\x1b[31mb", "control"),
        ("a\x7fb", "control"),
        ("a\u2028b", "line breaks"),
        ("a\u202eb", "direction"),
        ("a\u2066b", "direction"),
        ("a\u200fb", "direction"),
        ("a\ud800b", "Unicode"),
        ("Ann\u3164", "invisible"),
        ("Ann\u2800", "invisible"),
        ("\u2800", "invisible"),
        ("A\u00adnn", "invisible"),
        ("Ann\ufeff", "invisible"),
        ("Ann\u200d", "invisible"),
        ("Ann\U000e0041", "invisible"),
        ("Ann\ue000", "not assigned"),
        ("Ann\U000f0000", "not assigned"),
        ("Ann\u0378", "not assigned"),
        ("\u0301", "no letter"),
        ("A" + "\u0301" * 150, "marks on one letter"),
        ("A" + "\u0301\u0300\u0302\u0303\u0304", "marks on one letter"),
    ],
)
def test_a_name_nobody_can_have_is_refused_and_the_reason_said(name, problem):
    with pytest.raises(IdentityNameError, match=problem) as caught:
        check_name(name)
    assert caught.value.remedy


@pytest.mark.slow
@given(st.text(max_size=210))
def test_any_text_is_either_a_name_or_refused(text):
    try:
        name = check_name(text)
    except IdentityNameError as error:
        str(error).encode("utf-8")
    else:
        assert check_name(name) == name
        assert name_key(name)
        name.encode("utf-8")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jean Charest", "jean CHAREST"),
        ("José", unicodedata.normalize("NFD", "José")),
        ("Jean Charest", "Jean  Charest"),
        ("Jean Charest", "Jean\u00a0Charest"),
        ("Jean\u200b Charest", "Jean Charest"),
        ("Straße", "STRASSE"),
        ("\uff21", "a"),
    ],
)
def test_names_that_look_alike_share_a_key(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("Jose", "José"), ("A", "B"), ("AB", "A B")])
def test_names_that_differ_in_more_do_not_share_a_key(one, other):
    assert name_key(one) != name_key(other)


@given(st.text())
def test_a_key_is_the_key_of_itself_in_any_form(text):
    assert name_key(unicodedata.normalize("NFD", text)) == name_key(text)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("schroder", "Gerhard Schröder"),
        ("SCHRÖDER", "Gerhard Schröder"),
        ("jose maria", "José María Aznar"),
        ("erdogan", "Recep Tayyip Erdoğan"),
        ("soren", "Søren"),
        ("lukasz", "Łukasz"),
        ("strasse", "Straße"),
        ("istanbul", "İstanbul"),
        ("o'neal", "O’Neal"),
        ("胡", "胡锦涛"),
    ],
)
def test_typing_without_accents_or_case_finds_a_name(typed, name):
    assert search_key(typed) in search_key(name)


def test_search_tells_other_letters_apart():
    assert search_key("Bush") not in search_key("Gerhard Schröder")


def test_lookalikes_are_grouped_and_equal_names_are_not():
    names = ["Jean Charest", "jean charest", "Jean Charest", "George W Bush"]
    assert lookalikes(names) == [("Jean Charest", "jean charest")]
    assert lookalikes(["A", "B", "A"]) == []
    assert lookalikes(["Ian", "ian", "lan", "B"]) == [("Ian", "ian", "lan")]


ALIKE = (
    ("Ann", "\u0410nn"),  # Cyrillic
    ("ANN", "A\u039dN"),  # Greek
    ("Ann", "Ann\u3164"),
    ("Ann", "Ann\u2800"),
    ("Ann", "\u0430nn"),
    ("Tom", "T\u03bfm"),
    ("Tom", "T0m"),
    ("Torn", "Tom"),
    ("Ian l", "lan 1"),
    ("Jos\u00e9", "J\u043ese\u0301"),
    ("Ann Lee", "Ann\u00a0\u2009Lee"),
    ("Ann", "\U0001d400nn"),
)


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_whose_letters_cannot_be_told_apart_look_alike(one, other):
    assert len(set(skeletons([one, other]))) == 1
    assert find_lookalikes([other, "Bob"], ["Carl", one]) == {other: one}
    assert lookalikes([one, other, "Bob"]) == [tuple(sorted((one, other)))]


def test_names_of_other_letters_do_not_look_alike():
    names = [
        "Jose",
        "José",
        "Muller",
        "Müller",
        "Ann",
        "Anne",
        "胡锦涛",
        "胡锦寿",
        "Łukasz",
        "Lukasz",
    ]
    assert len(set(skeletons(names))) == len(names)
    assert find_lookalikes(names, names) == {}


@given(st.lists(st.text(max_size=20), max_size=5))
def test_a_name_looks_the_same_among_others_and_in_any_form(names):
    alone = [skeletons([name])[0] for name in names]
    assert skeletons(names) == alone
    assert skeletons(alone) == [look.casefold() for look in skeletons(alone)]
