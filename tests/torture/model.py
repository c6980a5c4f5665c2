"""A whole gallery in plain dictionaries: people, faces, decisions, history, settings, backups.

An operation is a tuple of a verb and plain values, so that it can be written down as JSON, done to
a gallery in another process, and done to this model.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.engine.store.people import People, Person
from tests.torture.consequences import CHANGES

Operation = tuple[Any, ...]


@dataclass
class Past:
    """What undo can come back to, or redo: the change, and the people on its other side."""

    change: int
    people: People


@dataclass
class Kept:
    """What a backup holds, and what a restored gallery goes on from.

    Attributes:
        known_from: change from which on the way back is known here; an erasure hides it.
    """

    people: People = field(default_factory=People)
    past: list[Past] = field(default_factory=list)
    future: list[Past] = field(default_factory=list)
    states: dict[int, str] = field(default_factory=dict)
    change: int = 0
    backups: int = 5
    known_from: int = 0

    def copy(self) -> Kept:
        """People are shared: those that are kept are never changed, others take their place."""
        return replace(
            self, past=list(self.past), future=list(self.future), states=dict(self.states)
        )


@dataclass
class Model:
    """Attributes:
    now: people, decisions, history, settings.
    last_face, last_person: ids that were given last; none is ever given twice.
    saved: what is in the backups that were asked for, by number.
    """

    now: Kept = field(default_factory=Kept)
    last_face: int = 0
    last_person: int = 0
    saved: dict[int, Kept] = field(default_factory=dict)

    @property
    def people(self) -> People:
        return self.now.people

    def copy(self) -> Model:
        return replace(self, now=self.now.copy(), saved=dict(self.saved))

    def do(self, operation: Operation) -> bool:
        """Does an operation that a gallery would not refuse; whether it changed people or
        decisions, or their history.
        """
        verb, *values = operation
        special = getattr(self, f"_{verb}", None)
        if special is not None:
            before = self.now.change
            special(*values)
            return self.now.change != before
        return self._step(CHANGES[verb], *values)

    # -- one step of the history ---------------------------------------------------------------

    def _step(self, change: Callable[..., None], *values: Any) -> bool:
        before, last = self.people, (self.last_face, self.last_person)
        self.now.people = copy.deepcopy(before)
        change(self, *values)
        if self.people == before:
            self.now.people = before
            self.last_face, self.last_person = last  # undone with the transaction
            return False
        for gone in self.now.future:
            self.now.states[gone.change] = "cut"
        self.now.future = []
        self.now.change += 1
        self.now.states[self.now.change] = "done"
        self.now.past.append(Past(self.now.change, before))
        return True

    def _undo(self) -> None:
        self._go(self.now.past, self.now.future, "undone", self.now.past[-1:])

    def _redo(self) -> None:
        self._go(self.now.future, self.now.past, "done", self.now.future[-1:])

    def _go_to(self, change: int) -> None:
        if later := [one for one in self.now.past if one.change > change]:
            self._go(self.now.past, self.now.future, "undone", later)
        else:
            earlier = [one for one in self.now.future if one.change <= change]
            self._go(self.now.future, self.now.past, "done", earlier)

    def _go(self, out: list[Past], into: list[Past], state: str, steps: list[Past]) -> None:
        for _ in steps:
            one = out.pop()
            into.append(Past(one.change, self.now.people))
            self.now.people = one.people
            self.now.states[one.change] = state
        self.now.change += bool(steps)

    def reachable(self) -> list[int]:
        """Changes that can be gone to."""
        known = {0: "done", **self.now.states}
        return [
            one for one, state in known.items() if state != "cut" and one >= self.now.known_from
        ]

    def can_undo(self) -> bool:
        """Whether it is known here what undoing comes to."""
        return bool(self.now.past) or not self.now.known_from

    # -- around it -----------------------------------------------------------------------------

    def _keep(self, number: int) -> None:
        self.now.backups = number

    def _backup(self, number: int) -> None:
        self.saved[number] = self.now.copy()

    def _restore(self, number: int) -> None:
        change = max(self.now.change, self.saved[number].change) + 1
        self.now = self.saved[number].copy()
        self.now.change = change
        self.now.states[change] = "aside"

    def _shelve(self, numbers: list[int]) -> None:
        """No step: it is there at every moment that did not hold it by itself."""
        new = set(numbers) - self.people.shelf - self.people.enrolled()

        def with_new(people: People) -> People:
            return replace(people, shelf=people.shelf | new)

        self.now.people = with_new(self.people)
        for way in (self.now.past, self.now.future):
            way[:] = [replace(one, people=with_new(one.people)) for one in way]

    def shown(self) -> list[int]:
        """Numbers of the vectors on the shelf."""
        return sorted(self.people.shelf - self.people.enrolled())

    def new_face(self) -> int:
        self.last_face += 1
        return self.last_face

    def _new_person(self, name: str) -> int:
        self.last_person += 1
        self.people.people[self.last_person] = Person(name)
        return self.last_person

    def target(self, name: str) -> int:
        known = self.people.id_of(name)
        return self._new_person(name) if known is None else known
