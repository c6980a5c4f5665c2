"""Names of identities: as they are shown, which are allowed, which look alike, how to find one."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from engine.errors import IdentityNameError

MAX_LENGTH = 200
MAX_NOTE = 10_000
_REMEDY = "Choose another name."
_SEEN = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi",
                   "Pf", "Po", "Sm", "Sc", "Sk", "So"})  # fmt: skip
_SEPARATORS = frozenset("/\\")
_UNDERSCORE = re.compile(r"(\\)?_")
# They turn the direction of the text around them, so that a name can pass for another.
_BIDIRECTIONAL = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_SLIPS = 0.65  # share of letters that are right, from where on a whole name counts as alike
_PARTS = 75  # of 100, from where on its words do
# Unicode's default ignorable characters and Braille's blank, which no name is written with. Those
# that shape the letters beside them are none: variation selectors, and joiners inside a name.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2064\u206a-\u206f\u2800\u3164\ufeff"
    "\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff]"
)
"""Characters that take part in no name that anybody reads."""
_JOINERS = "\u200c\u200d"
_MOST_MARKS = 4  # on one letter, as Unicode Technical Standard 39 advises
_LINE_BREAKING = frozenset({"Cc", "Zl", "Zp"})
# What asks for blanks to be put in order: those that NFKD leaves, and loose spaces.
_LOOSE = (*"\t\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\u1680\u2028\u2029", "  ", " \n", "\n ")
# Letters that Unicode does not take apart into a base letter and an accent.
_PLAIN = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ŧ": "t",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "\u2018": "'",
        "\u2019": "'",
        "\u2010": "-",
        "\u2011": "-",
    }
)


def shown_name(folder_name: str) -> str:
    """The identity's name for a folder's or table's: underscores become spaces, ends trimmed.

    ``\\_`` is an underscore; no name holds a backslash. Every other character stays as it is, in
    the Unicode form it came in.
    """
    return _UNDERSCORE.sub(lambda found: "_" if found[1] else " ", folder_name).strip()


def written_name(name: str) -> str:
    """The identity's name as a table holds it: :func:`shown_name` gives it back."""
    return name.replace("_", "\\_")


def check_name(name: str) -> str:
    """The name, without blanks at its ends.

    Raises:
        IdentityNameError: empty, over 200 characters, a path or a part of one, or with control
            characters, text-direction marks, characters that cannot be seen or stand for
            nothing, heaps of marks on one letter, or broken Unicode.
    """
    problem = _problem(name)
    if problem:
        raise IdentityNameError(problem, remedy=_REMEDY)
    return name.strip()


def check_note(text: str) -> str:
    """Words about an identity, without blanks at their ends; "" are none.

    Raises:
        IdentityNameError: over 10,000 characters, or broken Unicode.
    """
    text = text.strip()
    if len(text) > MAX_NOTE:
        raise IdentityNameError(
            f"The note has {len(text):,} characters, but only {MAX_NOTE:,} are allowed",
            remedy="Shorten it.",
        )
    if any(
        unicodedata.category(character) in ("Cs", "Cc")
        for character in text
        if character not in "\n\t"
    ):
        raise IdentityNameError(
            "The note contains characters that are not text", remedy="Type it again."
        )
    return text


def _problem(name: str) -> str:
    if len(name) > MAX_LENGTH:
        return f"The name has {len(name)} characters, but only {MAX_LENGTH} are allowed"
    plain = name.isascii() and name.isprintable()  # most names by far; spares a million look-ups
    categories = set() if plain else {unicodedata.category(character) for character in name}
    if "Cs" in categories:
        return "The name is not valid Unicode text"
    if categories & _LINE_BREAKING:
        return f"The name {name!a} contains control characters or line breaks"
    if not _BIDIRECTIONAL.isdisjoint(name):
        return f"The name {name!a} contains characters that change the direction of text"
    if not _SEPARATORS.isdisjoint(name) or name.strip() in {".", ".."}:
        return f"“{name}” is a path, not a name"
    if not name_key(name):
        return "The name is empty"
    return "" if plain else _unreadable(name, categories)


def _unreadable(name: str, categories: set[str]) -> str:
    """Why nobody could read a name on a screen, or tell it from another; "" where one can."""
    if INVISIBLE.search(name) or name.strip() != name.strip().strip(_JOINERS):
        return f"The name {name!a} contains invisible characters"
    if "Co" in categories or "Cn" in categories:
        return f"The name {name!a} contains characters that are not assigned in Unicode"
    if categories.isdisjoint(_SEEN):
        return f"The name {name!a} contains no letter"
    stacked = 0
    for character in unicodedata.normalize("NFD", name):
        stacked = stacked + 1 if unicodedata.combining(character) else 0
        if stacked > _MOST_MARKS:
            return f"The name has more than {_MOST_MARKS} marks on one letter"
    return ""


def name_key(name: str) -> str:
    """Equal for names that differ only in case, Unicode form, blanks or invisible characters."""
    if name.isascii():
        return " ".join(name.lower().split())
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    visible = (character for character in folded if unicodedata.category(character) != "Cf")
    return " ".join("".join(visible).split())


def search_key(name: str) -> str:
    """What search compares: no case, no accents ("muller" for "Müller", "sorensen" for "Sørensen").

    Letters that are no accented form of another stay, ß is ss, blanks are single.
    """
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(plain.translate(_PLAIN).split())


def search_lines(text: str) -> str:
    """:func:`search_key` of every line; quick, since it takes all of them at once."""
    if text.isascii():
        plain = text.lower()
    else:
        letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        marks = {ord(letter): None for letter in set(letters) if unicodedata.combining(letter)}
        plain = letters.translate({**_PLAIN, **marks})
    if plain == plain.strip(" ") and not any(loose in plain for loose in _LOOSE):
        return plain
    return "\n".join(" ".join(line.split()) for line in plain.split("\n"))


def nearest(text: str, keys: Sequence[str], most: int) -> list[int]:
    """Places of the search keys that are spelled much like a text, the likest first: letters
    wrong, missing, too many or swapped, words left out or in another order. [] where none is.
    """
    # imported here: few ask, and every start would wait for it
    from rapidfuzz import fuzz, process
    from rapidfuzz.distance import OSA

    wanted = search_key(text)
    slips = process.extract(
        wanted, keys, scorer=OSA.normalized_similarity, score_cutoff=_SLIPS, limit=most
    )
    parts = process.extract(wanted, keys, scorer=fuzz.WRatio, score_cutoff=_PARTS, limit=most)
    return list(dict.fromkeys(place for _, _, place in (*slips, *parts)))[:most]


_MARK = "\u200e"  # stands around letters that run from right to left in the list
_BLANKS = frozenset(" \t\n")


def skeletons(names: Sequence[str]) -> list[str]:
    """For each name what it looks like: equal for names whose letters cannot be told apart, such
    as Latin, Cyrillic and Greek A, or l, I and 1. Quick, since it takes all of them at once.

    This is the skeleton of Unicode Technical Standard 39, without case and extra blanks.
    """
    if not names:
        return []
    text = "\n".join(names)
    if text.count("\n") >= len(names):  # in a name that came from elsewhere
        text = "\n".join(name.replace("\n", " ") for name in names)
    if not text.isascii():
        text = INVISIBLE.sub("", unicodedata.normalize("NFD", text))
    prototypes = _prototypes()
    for letter in set(text) & prototypes.keys():
        text = text.replace(letter, prototypes[letter])
    if not text.isascii():
        text = unicodedata.normalize("NFD", text)
    return [" ".join(line.split()) for line in text.casefold().split("\n")]


def find_lookalikes(names: Sequence[str], others: Sequence[str]) -> dict[str, str]:
    """For each of the names that looks like one of the others, without being it, the first."""
    wanted = dict(zip(skeletons(names), names, strict=True))
    found: dict[str, str] = {}
    for other, look in zip(others, skeletons(others), strict=True):
        if look in wanted:
            found.setdefault(look, other)
    looks = zip(names, skeletons(names), strict=True)
    return {name: found[look] for name, look in looks if found.get(look, name) != name}


def lookalikes(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Groups of two or more distinct names that look alike or share a key, sorted."""
    distinct = sorted(set(names))
    groups: dict[str, list[str]] = {}
    for name, look in zip(distinct, skeletons(distinct), strict=True):
        mine = [groups[key] for key in (f"key {name_key(name)}", f"look {look}") if key in groups]
        group = mine[0] if mine else []
        for other in mine[1:]:
            if other is not group:
                group += other
        group.append(name)
        for member in group:
            groups[f"key {name_key(member)}"] = group
        groups[f"look {look}"] = group
    found = {id(group): tuple(sorted(group)) for group in groups.values()}
    return sorted(group for group in found.values() if len(group) > 1)


@cache
def _prototypes() -> Mapping[str, str]:
    """The one that stands for it, by character; those that stand for themselves are left out."""
    from confusable_homoglyphs.confusables import confusables_data  # a list of 900 kB

    likes: defaultdict[str, set[str]] = defaultdict(set)
    for letter, others in confusables_data.items():
        likes[letter.strip(_MARK)].update(other["c"].strip(_MARK) for other in others)
    first: dict[str, str] = {}
    for letter, alike in likes.items():
        if len(letter) == 1 and letter not in _BLANKS:
            # what most others look like stands for them; of a pair the longer, then the elder one
            stands = max(
                alike | {letter}, key=lambda each: (len(likes[each]), len(each), -ord(each[0]))
            )
            if stands != letter:
                first[letter] = stands
    return {letter: "".join(first.get(part, part) for part in to) for letter, to in first.items()}
