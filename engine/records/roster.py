"""All identities of a gallery in columns, by name: searched, sorted and brought up to date."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile

import numpy as np
import numpy.typing as npt

from engine.records.long_lists import Texts
from engine.records.names import name_key, nearest, search_key
from engine.records.types import Identity, Ids

Flags = npt.NDArray[np.bool_]
_COMPARED = 20_000  # names that are compared letter by letter while somebody types
_ALIKE = 20  # names offered that are spelled alike
_EMPTY = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Roster:
    """Everybody at one moment, in order of search key and name. Rows count from 0.

    100,000 people take some 8 MB and no object each. Never changes; safe on any thread.

    Attributes:
        change: the gallery's change counter at that moment.
        ids, faces, portraits: int64 ``(n,)``; a portrait of 0 is none.
        chosen: bool ``(n,)``, whether a person chose the portrait.
        keys: the search key of each name.
    """

    change: int = -1
    ids: Ids = field(default_factory=_EMPTY.copy)
    faces: Ids = field(default_factory=_EMPTY.copy)
    portraits: Ids = field(default_factory=_EMPTY.copy)
    chosen: Flags = field(default_factory=lambda: np.empty(0, dtype=np.bool_))
    names: Texts = field(default_factory=lambda: Texts.of(()))
    notes: Texts = field(default_factory=lambda: Texts.of(()))
    keys: Texts = field(default_factory=lambda: Texts.of(()))

    @classmethod
    def of(cls, change: int, people: Iterable[Identity]) -> Roster:
        """Of identities in any order."""
        listed = sorted(people, key=lambda identity: (search_key(identity.name), identity.name))
        return cls(
            change,
            np.array([item.id for item in listed], dtype=np.int64),
            np.array([item.faces for item in listed], dtype=np.int64),
            np.array([item.portrait or 0 for item in listed], dtype=np.int64),
            np.array([item.chosen for item in listed], dtype=np.bool_),
            Texts.of(item.name for item in listed),
            Texts.of(item.note for item in listed),
            Texts.of(search_key(item.name) for item in listed),
        )

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def face_count(self) -> int:
        """Faces in the whole gallery."""
        return int(self.faces.sum())

    @cached_property
    def by_faces(self) -> Ids:
        """Rows ``(n,)`` by number of faces, most first; by name where they are equal."""
        return np.argsort(-self.faces, kind="stable")

    @cached_property
    def _by_id(self) -> Ids:
        return np.argsort(self.ids)

    @property
    def portrait_of(self) -> Portraits:
        """The portrait face of every identity."""
        return Portraits(self)

    def __getitem__(self, row: int) -> Identity:
        portrait = int(self.portraits[row]) or None
        return Identity(
            int(self.ids[row]), self.names[row], int(self.faces[row]), portrait,
            self.notes[row], bool(self.chosen[row]),
        )  # fmt: skip

    def row_of(self, identity: int) -> int:
        """The row of an identity, or -1."""
        rows = self.rows_of([identity])
        return int(rows[0]) if len(rows) else -1

    def rows_of(self, identities: Sequence[int] | Ids) -> Ids:
        """The rows ``(m,)`` of identities in the order asked; absent ones are left out."""
        asked = np.asarray(identities, dtype=np.int64)
        if not len(self):
            return _EMPTY
        at = np.searchsorted(self.ids, asked, sorter=self._by_id)
        rows: Ids = self._by_id[np.minimum(at, len(self) - 1)]
        there: Ids = rows[self.ids[rows] == asked]
        return there

    def identity(self, identity: int) -> Identity | None:
        row = self.row_of(identity)
        return self[row] if row >= 0 else None

    def named(self, name: str) -> Identity | None:
        """The identity that a name means: the one that has exactly it, else the only one whose
        name differs in case, Unicode form or blanks alone.
        """
        wanted, meant = search_key(name), name_key(name)
        first = bisect_left(range(len(self)), (wanted, ""), key=self._place)
        alike = takewhile(lambda row: self.keys[row] == wanted, range(first, len(self)))
        found = [row for row in alike if name_key(self.names[row]) == meant]
        exact = [row for row in found if self.names[row] == name]
        only = exact or found
        return self[only[0]] if len(only) == 1 else None

    def _place(self, row: int) -> tuple[str, str]:
        """What the order of names goes by."""
        return self.keys[row], self.names[row]

    def find(self, text: str) -> Ids:
        """Rows ``(m,)`` of names with every word of ``text``; accents and case are ignored."""
        found = np.arange(len(self))
        for word in sorted(set(search_key(text).split()), key=len, reverse=True):
            rows = self._with(word.encode())
            found = rows if len(found) == len(self) else np.intersect1d(found, rows, True)
        return found

    def spelled_like(self, text: str) -> Ids:
        """Rows ``(m,)`` of names spelled much like ``text``, the likest first. Of very many
        people only those whose name begins with the same letter are compared.
        """
        rows = np.arange(len(self))
        if len(rows) > _COMPARED:
            rows = self.starting_with(text.strip()[:1])[:_COMPARED]
        keys = [self.keys[row] for row in rows.tolist()]
        return np.asarray(rows[nearest(text, keys, _ALIKE)], dtype=np.int64)

    def starting_with(self, text: str) -> Ids:
        """Rows ``(m,)`` of names that begin so; accents and case are ignored."""
        rows = np.arange(len(self))
        for offset, letter in enumerate(search_key(text).encode()):
            at = self.keys.starts[rows] + offset
            rows = rows[self.keys.letters[at] == letter]  # a key ends with a newline: none matches
        return rows

    def _with(self, word: bytes) -> Ids:
        """Rows whose key has these bytes, compared letter by letter over all keys at once."""
        letters = self.keys.letters
        at = np.flatnonzero(letters[: max(0, len(letters) - len(word) + 1)] == word[0])
        for offset, letter in enumerate(word[1:], start=1):
            at = at[letters[at + offset] == letter]
        rows = np.searchsorted(self.keys.starts, at, side="right") - 1
        return rows[np.flatnonzero(np.diff(rows, prepend=-1))]

    def updated(self, change: int, touched: Sequence[int], now: Sequence[Identity]) -> Roster:
        """The roster after a change.

        Args:
            touched: ids of all who may differ, came or went.
            now: those of them that are there now.
        """
        kept = np.flatnonzero(~np.isin(self.ids, np.asarray(touched, dtype=np.int64)))
        new = Roster.of(change, now)
        places = [
            bisect_left(kept, new._place(row), key=lambda at: self._place(int(at)))
            for row in range(len(new))
        ]
        order = np.insert(kept, places, len(self) + np.arange(len(new)))
        return replace(self._with_rows_of(new).take(order), change=change)

    def take(self, rows: Ids) -> Roster:
        """Some rows, ``(m,)``, in the order given; it is the caller's to keep them in order."""
        return Roster(
            self.change,
            self.ids[rows],
            self.faces[rows],
            self.portraits[rows],
            self.chosen[rows],
            self.names.take(rows),
            self.notes.take(rows),
            self.keys.take(rows),
        )

    def _with_rows_of(self, other: Roster) -> Roster:
        """All of another after these."""
        return Roster(
            self.change,
            np.concatenate([self.ids, other.ids]),
            np.concatenate([self.faces, other.faces]),
            np.concatenate([self.portraits, other.portraits]),
            np.concatenate([self.chosen, other.chosen]),
            self.names + other.names,
            self.notes + other.notes,
            self.keys + other.keys,
        )


class Portraits(Mapping[int, int | None]):
    """The portrait face by identity id."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def __getitem__(self, identity: int) -> int | None:
        row = self._roster.row_of(identity)
        if row < 0:
            raise KeyError(identity)
        return int(self._roster.portraits[row]) or None

    def __iter__(self) -> Iterator[int]:
        return iter(self._roster.ids.tolist())

    def __len__(self) -> int:
        return len(self._roster)
