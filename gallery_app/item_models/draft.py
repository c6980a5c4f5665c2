"""An enrolment that is being prepared: its faces, what was chosen, and what is known of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from engine.records.advice import Advice, by_row, grouped
from engine.types import FaceBatch, Rejection, Vectors


@dataclass
class Draft:
    """Rows count all faces, in the order in which they came, left out or not.

    Attributes:
        name: whom they are to be enrolled as.
        rejected: files that were to be faces and cannot be used.
        left: rows that are left out.
        checked: whether what is known of the faces is known already.
    """

    name: str = ""
    rejected: list[Rejection] = field(default_factory=list)
    left: set[int] = field(default_factory=set)
    checked: bool = False
    _vectors: list[Vectors] = field(default_factory=list)
    _files: list[str] = field(default_factory=list)
    _rows: list[int] = field(default_factory=list)
    _photos: list[Path | None] = field(default_factory=list)
    _elsewhere: dict[int, str] = field(default_factory=dict)
    _said: dict[int, tuple[Advice, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._files)

    def add(self, batch: FaceBatch) -> None:
        self._vectors += list(batch.vectors)
        self._files += batch.files
        self._rows += batch.rows
        self._photos += batch.photos
        self.checked = False

    def file(self, row: int) -> tuple[str, int | None]:
        """Where a face comes from, with its place in a file that has several."""
        file, number = self._files[row], self._rows[row]
        follows = self._rows[row + 1 : row + 2] == [1]
        several = number or (follows and self._files[row + 1] == file)
        return file, number if several else None

    # -- what is chosen ----------------------------------------------------------------------

    def taken(self) -> list[int]:
        """Rows that are not left out."""
        return [row for row in range(len(self)) if row not in self.left]

    def batch(self) -> FaceBatch:
        """The faces that are not left out."""
        rows = self.taken()
        return FaceBatch(
            np.stack([self._vectors[row] for row in rows]),
            [self.name] * len(rows),
            [self._files[row] for row in rows],
            [self._rows[row] for row in rows],
            [self._photos[row] for row in rows],
        )

    def send(self, rows: Iterable[int], name: str) -> None:
        """These rows go to another identity."""
        self._elsewhere |= dict.fromkeys(rows, name)

    def put_back(self, name: str) -> None:
        """No row goes to this other identity after all."""
        self._elsewhere = {row: to for row, to in self._elsewhere.items() if to != name}

    def goes_to(self, row: int) -> str | None:
        """The other identity that a row goes to."""
        other = self._elsewhere.get(row)
        return None if other == self.name else other

    def elsewhere(self) -> dict[int, str]:
        """The other identities by place among the faces that are not left out."""
        sent = ((at, self.goes_to(row)) for at, row in enumerate(self.taken()))
        return {at: other for at, other in sent if other is not None}

    def sent(self) -> Counter[str]:
        """How many faces go to other identities."""
        return Counter(self.elsewhere().values())

    # -- what is known -----------------------------------------------------------------------

    def hear(self, rows: Sequence[int], advice: Iterable[Advice]) -> None:
        """Takes over what is said of the batch made of these rows."""
        said = [replace(one, rows=tuple(rows[at] for at in one.rows)) for one in advice]
        for row in rows:
            self._said.pop(row, None)
        self._said |= by_row(said)
        self.checked = True

    def forget(self) -> None:
        """Nothing is known any more."""
        self._said, self.checked = {}, False

    def said_of(self, row: int) -> tuple[Advice, ...]:
        return self._said.get(row, ())

    def likeness(self, row: int) -> str | None:
        """Somebody else whom a face looks like, while it is not to go there."""
        if self.goes_to(row) is not None:
            return None
        return next((one.identity for one in self.said_of(row) if one.kind == "looks-like"), None)

    def groups(self) -> tuple[Advice, ...]:
        """What is said of the faces that are not left out, summed up."""
        taken = self.taken()
        said = [
            one if one.kind == "name" else replace(one, rows=(row,))
            for row in taken
            for one in self.said_of(row)
        ]
        return grouped(said, self._files, len(taken))
