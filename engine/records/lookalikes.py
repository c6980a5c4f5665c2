"""Names that cannot be told apart on a screen, by Unicode's own list of confusable characters."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from engine.records.names import INVISIBLE, name_key

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
        for one in group:
            groups[f"key {name_key(one)}"] = group
        groups[f"look {look}"] = group
    found = {id(group): tuple(sorted(group)) for group in groups.values()}
    return sorted(group for group in found.values() if len(group) > 1)


@cache
def _prototypes() -> Mapping[str, str]:
    """The one that stands for it, by character; those that stand for themselves are left out."""
    from confusable_homoglyphs.confusables import confusables_data  # a list of 900 kB

    likes: defaultdict[str, set[str]] = defaultdict(set)
    for one, others in confusables_data.items():
        likes[one.strip(_MARK)].update(other["c"].strip(_MARK) for other in others)
    first: dict[str, str] = {}
    for one, alike in likes.items():
        if len(one) == 1 and one not in _BLANKS:
            # what most others look like stands for them; of a pair the longer, then the elder one
            stands = max(
                alike | {one}, key=lambda each: (len(likes[each]), len(each), -ord(each[0]))
            )
            if stands != one:
                first[one] = stands
    return {one: "".join(first.get(letter, letter) for letter in to) for one, to in first.items()}
