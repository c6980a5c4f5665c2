"""A gallery in plain dictionaries: what corrections ought to do, as simply as it can be said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Person:
    name: str
    note: str = ""
    chosen: int | None = None


@dataclass
class People:
    """Attributes:
    people: by id.
    faces: face id to (person's id, number of the vector, thumbnail).
    decided: (number of the vector, person's id or None) to the kind of decision.
    apart: pairs of ids of those who are two people.
    shelf: numbers of the vectors on the shelf, also of those that are enrolled since.
    """

    people: dict[int, Person] = field(default_factory=dict)
    faces: dict[int, tuple[int, int, bytes | None]] = field(default_factory=dict)
    decided: dict[tuple[int, int | None], str] = field(default_factory=dict)
    apart: set[frozenset[int]] = field(default_factory=set)
    shelf: set[int] = field(default_factory=set)

    def id_of(self, name: str) -> int | None:
        return next((one for one, person in self.people.items() if person.name == name), None)

    def of(self, person: int) -> list[int]:
        return sorted(face for face, (owner, _, _) in self.faces.items() if owner == person)

    def numbers(self, person: int) -> set[int]:
        return {number for owner, number, _ in self.faces.values() if owner == person}

    def portrait(self, person: int) -> int:
        own, chosen = self.of(person), self.people[person].chosen
        with_photo = [face for face in own if self.faces[face][2]]
        return chosen if chosen is not None else min(with_photo or own)

    def settle(self) -> None:
        """Those without faces go, with what was decided about them; choices that are gone too."""
        owners = {owner for owner, _, _ in self.faces.values()}
        self.people = {one: person for one, person in self.people.items() if one in owners}
        self.decided = {
            (number, one): kind
            for (number, one), kind in self.decided.items()
            if one is None or one in owners
        }
        self.apart = {pair for pair in self.apart if pair <= owners}
        for one, person in self.people.items():
            if person.chosen not in self.of(one):
                person.chosen = None

    def enrolled(self) -> set[int]:
        return {number for _, number, _ in self.faces.values()}

    def remove(self, faces: Iterable[int]) -> None:
        for face in faces:
            self.faces.pop(face, None)
        self.settle()

    def hand_over(self, faces: Iterable[int], target: int) -> None:
        for face in sorted(faces):
            _, number, thumbnail = self.faces.pop(face)
            if number not in self.numbers(target):
                self.faces[face] = (target, number, thumbnail)

    def move(self, faces: list[int], target: int) -> None:
        moved = [face for face in faces if self.faces[face][0] != target]
        numbers = {self.faces[face][1] for face in moved}
        for face in moved:
            owner, number, _ = self.faces[face]
            if self.decided.get((number, owner)) == "is":
                del self.decided[number, owner]
        self.hand_over(moved, target)
        for number in numbers:
            if self.decided.get((number, target)) == "is-not":
                del self.decided[number, target]
        self.settle()

    def merge(self, others: list[int], target: int) -> None:
        enrolled = {one: self.numbers(one) for one in (*others, target)}
        theirs = set().union(*(enrolled[one] for one in others))
        for number in theirs:
            if self.decided.get((number, target)) == "is-not":
                del self.decided[number, target]
        said: dict[int, set[str]] = {}
        for (number, one), kind in list(self.decided.items()):
            if one in others:
                del self.decided[number, one]
                if kind == "is" or number not in enrolled[target]:
                    said.setdefault(number, set()).add(kind)
        for number, kinds in said.items():
            self.decided.setdefault((number, target), "is" if "is" in kinds else "is-not")
        gone = set(others)
        self.apart = {
            (pair - gone) | {target} if pair & gone else pair
            for pair in self.apart
            if not pair <= gone | {target}
        }
        self.hand_over([face for one in others for face in self.of(one)], target)
        notes = [self.people[one].note for one in (target, *others)]
        self.people[target].note = "\n\n".join(dict.fromkeys(note for note in notes if note))
        self.settle()
