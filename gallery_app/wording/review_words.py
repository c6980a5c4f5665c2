"""What the review says of a finding, which answers it takes, and which faces stand side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.records.findings import Balance, Finding, Kind
from engine.utils.number_text import confidence_text

Answer = Literal[
    "confirm", "move", "expel", "remove", "merge", "apart", "enroll", "ignore", "later"
]

KIND_TEXTS: Mapping[Kind, str] = {
    "labels": "Looks like someone else",
    "merges": "One person under two names",
    "outliers": "Looks like no one",
    "duplicates": "Almost the same photo",
    "few": "Too few faces",
}


@dataclass(frozen=True)
class Choice:
    """An answer as a button: its text, the key that gives it, and what it does."""

    answer: Answer
    text: str
    key: str
    tip: str


@dataclass(frozen=True)
class Side:
    """One half of the comparison.

    Attributes:
        heading: what these faces are, in small capitals.
        name: whose they are.
        face: the one shown large; None where there is none.
        others: shown small beside it.
    """

    heading: str
    name: str
    face: int | None
    others: tuple[int, ...] = ()


_MOVE = Choice("move", "Move", "M", "Move this face to the other person")
_CONFIRM = Choice(
    "confirm", "Name is correct", "C", "The name is correct: don't ask about it again"
)
_EXPEL = Choice(
    "expel", "Not this person", "N", "Remove the face, and remember that it is not this person"
)
_IGNORE = Choice("ignore", "Don't ask again", "I", "Leave it as it is and never ask about it again")
_LATER = Choice("later", "Skip", "S", "Ask again at the end")
_KEEP = Choice("ignore", "Keep both", "C", "Two different photos: don't ask again")
_REMOVE = Choice("remove", "Remove", "N", "Remove the first of the two")
_MERGE = Choice("merge", "Merge…", "M", "They are one person: preview the merge")
_APART = Choice("apart", "Two people", "C", "They are not one person: don't ask again")
_ENROLL = Choice("enroll", "Add faces…", "M", "Enroll more faces of this person")

_CHOICES: Mapping[Kind, tuple[Choice, ...]] = {
    "labels": (_MOVE, _CONFIRM, _EXPEL, _IGNORE, _LATER),
    "merges": (_MERGE, _APART, _LATER),
    "outliers": (_EXPEL, _CONFIRM, _IGNORE, _LATER),
    "duplicates": (_REMOVE, _KEEP, _LATER),
    "few": (_ENROLL, _LATER),
}


def choices(finding: Finding) -> tuple[Choice, ...]:
    """The answers a finding takes, the likely one first."""
    return _CHOICES[finding.kind]


def headline(finding: Finding) -> str:
    """One sentence that asks."""
    name, other = finding.identity, finding.suggestion
    return {
        "labels": f"Is this {other}, not {name}?",
        "merges": f"Are {name} and {other} one person?",
        "outliers": f"Is this really {name}?",
        "duplicates": "Is one of these two enough?",
        "few": f"Do you have more faces of {name}?",
    }[finding.kind]


def reason(finding: Finding) -> str:
    """Why it is asked, with the figure."""
    share = confidence_text(finding.score)
    if finding.kind == "labels":
        return (
            f"Compared with everyone else, this face matches {finding.suggestion}; the name is "
            f"{share} likely wrong."
        )
    if finding.kind == "outliers":
        return (
            f"Compared with everyone else, this face matches no one; it is {share} likely not "
            f"{finding.identity}."
        )
    if finding.kind == "merges":
        return f"{share} of the faces of {finding.identity} look like {finding.suggestion}."
    if finding.kind == "duplicates":
        gap = finding.evidence[0].distance
        return f"Their distance is {gap:.3f}; the second adds nothing to recognition."
    return "With so few faces, this person is not recognised reliably."


def line(finding: Finding) -> str:
    """The finding on one line of the list."""
    if finding.kind == "labels":
        return f"{finding.identity} → {finding.suggestion}"
    if finding.kind == "merges":
        return f"{finding.identity} = {finding.suggestion}"
    return finding.identity


def sides(finding: Finding, portraits: Mapping[int, int | None]) -> tuple[Side, Side | None]:
    """Left what is doubted, right what it is held against.

    Args:
        portraits: the portrait face of identity ids.
    """
    name, other = finding.identity, finding.suggestion or ""
    own = tuple(e.face for e in finding.evidence if e.identity_id == finding.identity_id)
    theirs = tuple(e.face for e in finding.evidence if e.identity_id != finding.identity_id)
    if finding.kind == "labels":
        left = Side("ENROLLED AS", name, finding.face, own)
        return left, _side("LOOKS LIKE", other, theirs)
    if finding.kind == "outliers":
        return Side("ENROLLED AS", name, finding.face), _side("THE NEAREST OF", name, own)
    if finding.kind == "duplicates":
        first = finding.evidence[0]
        return Side("THIS FACE OF", name, finding.face), Side("AND THIS OF", first.name, first.face)
    if finding.kind == "merges":
        return _side("ENROLLED AS", name, own), _side("AND AS", other, theirs)
    return Side("ENROLLED AS", name, portraits.get(finding.identity_id)), None


def _side(heading: str, name: str, faces: tuple[int, ...]) -> Side:
    return Side(heading, name, faces[0] if faces else None, faces[1:])


def balance_text(balance: Balance) -> str:
    """How many faces each person has, in a sentence or two."""
    if not balance.faces:
        return "No one is enrolled yet."
    most, least = balance.faces[0], balance.faces[-1]
    middle = balance.faces[len(balance.faces) // 2]
    short = sum(count < balance.enough for count in balance.faces)
    lacking = (
        f"{short:,} of {len(balance.faces):,} people have fewer."
        if short
        else "Everyone has enough."
    )
    return (
        f"From {least:,} to {most:,} faces per person, median {middle:,}. "
        f"{balance.enough:,} are enough for good recognition here. {lacking}"
    )
