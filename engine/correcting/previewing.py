"""What a merge or a split would come to, found out without changing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.errors import InputError, UnknownIdentityError
from engine.identification import Calibration
from engine.identification.recognition import recognition
from engine.looking.similarity import Comparing
from engine.recognition.recogniser import Recogniser
from engine.records.changes import MergePreview, Recognition, Resemblance, SplitProposal
from engine.review.dividing import divided, ordinary_height
from engine.store import Store
from engine.tools.distances import prepare
from engine.types import Distance, Identity, Ids, Vectors

_OTHERS = 100  # identities that are looked at to see how one person's faces divide
_THEIR_FACES = 100


@dataclass(frozen=True, eq=False)
class _Scene:
    """All faces of a gallery at one moment.

    Attributes:
        ids, owners: of faces and identities, ``(n,)``, by face id.
        vectors: as they came, ``(n, d)``; equal ones are the same face twice.
        rows: the same prepared.
    """

    ids: Ids
    owners: Ids
    vectors: Vectors
    rows: Vectors
    calibration: Calibration
    distance: Distance

    def recognised(self, asked: Ids) -> Recognition:
        """Of these identities' faces, each left out."""
        which = np.isin(self.owners, asked)
        return recognition(self.rows, self.owners, which, self.calibration, self.distance)

    def without(self, gone: Ids) -> _Scene:
        """Less the faces in some rows."""
        return replace(
            self,
            ids=np.delete(self.ids, gone),
            owners=np.delete(self.owners, gone),
            vectors=np.delete(self.vectors, gone, axis=0),
            rows=np.delete(self.rows, gone, axis=0),
        )


class Previewing:
    """What :class:`engine.correcting.corrections.Corrections` answers before a change.

    Faces are asked for one by one, each left out, in the space they came in.
    """

    _store: Store
    _recogniser: Recogniser
    _comparing: Comparing

    def preview_merge(self, names: Sequence[str], into: str) -> MergePreview:
        """How well the faces of these identities are recognised, and would be after a merge.

        Raises:
            UnknownIdentityError: nobody of such a name.
        """
        target = self._store.people.require(into)
        others = [self._store.people.require(name) for name in dict.fromkeys(names)]
        concerned = np.array(sorted({target.id, *(one.id for one in others)}), dtype=np.int64)
        scene = self._scene()
        merged = np.where(np.isin(scene.owners, concerned), target.id, scene.owners)
        twice = _twice(scene, concerned, target.id)
        after = replace(scene, owners=merged).without(twice)
        return MergePreview(
            survivor=target.name,
            faces=int((after.owners == target.id).sum()),
            duplicates=len(twice),
            before=scene.recognised(concerned),
            after=after.recognised(concerned),
            compared=self.resemblances(names, into),
        )

    def resemblances(self, names: Sequence[str], into: str) -> tuple[Resemblance, ...]:
        """What the comparison of each of these identities with ``into`` says, but of itself.

        Raises:
            UnknownIdentityError: nobody of such a name.
        """
        others = [name for name in dict.fromkeys(names) if name != into]
        return tuple(self._resemblance(name, into) for name in others)

    def _resemblance(self, name: str, into: str) -> Resemblance:
        try:
            found = self._comparing.people(name, into)
        except InputError:
            return Resemblance(name, None, None, None)  # one of them has no face
        limit = found.usual.threshold if found.same is not None else None
        return Resemblance(name, found.median, limit, found.same)

    def propose_split(self, name: str, count: int | None = None) -> SplitProposal:
        """Divides the faces of an identity by how alike they are.

        Args:
            count: so many groups, or fewer where one would have a single face; None as many as
                there seem to be people, which is one in most cases.

        Raises:
            UnknownIdentityError: nobody of that name. InputError: ``count`` below 1.
        """
        if count is not None and count < 1:
            raise InputError(f"{count} groups cannot be made", remedy="Ask for one or more.")
        identity, scene = self._store.people.require(name), self._scene()
        own = scene.owners == identity.id
        ordinary = None
        if count is None:
            ordinary = ordinary_height(_others(scene, identity.id), scene.distance)
        labels = divided(scene.rows[own], scene.distance, ordinary=ordinary, count=count)
        ids = scene.ids[own]
        groups = [ids[labels == group] for group in range(int(labels.max(initial=-1)) + 1)]
        return _split(scene, identity, groups)

    def preview_split(self, name: str, groups: Sequence[Sequence[int]]) -> SplitProposal:
        """What it would come to if each group of faces were an identity of its own.

        Faces that are in no group are one more group, which comes last.

        Raises:
            UnknownIdentityError: nobody of that name, or a face is not theirs.
            InputError: a face is in two groups.
        """
        identity, scene = self._store.people.require(name), self._scene()
        own = scene.ids[scene.owners == identity.id]
        named = np.array([face for group in groups for face in group], dtype=np.int64)
        if len(stray := np.setdiff1d(named, own)):
            raise UnknownIdentityError(
                f"Face {stray[0]} is not one of “{name}”", remedy="Choose its own faces."
            )
        if len(np.unique(named)) < len(named):
            raise InputError("A face is in two groups", remedy="Put it into one of them.")
        rest = np.setdiff1d(own, named)
        parts = [np.sort(np.array(group, dtype=np.int64)) for group in (*groups, rest)]
        return _split(scene, identity, [part for part in parts if len(part)])

    def _scene(self) -> _Scene:
        calibration = self._recogniser.calibration()
        ids, owners, vectors = self._store.faces.vectors()
        rows = prepare(vectors, self._store.distance)
        return _Scene(ids, owners, vectors, rows, calibration, self._store.distance)


def _split(scene: _Scene, identity: Identity, groups: Sequence[Ids]) -> SplitProposal:
    owners, fresh = scene.owners.copy(), int(scene.owners.max(initial=0))
    for number, group in enumerate(groups, start=1):
        owners[np.isin(scene.ids, group)] = fresh + number
    own = np.array([identity.id], dtype=np.int64)
    parts = np.arange(fresh + 1, fresh + 1 + len(groups), dtype=np.int64)
    return SplitProposal(
        name=identity.name,
        groups=tuple(tuple(group.tolist()) for group in groups),
        before=scene.recognised(own),
        after=replace(scene, owners=owners).recognised(parts),
    )


def _twice(scene: _Scene, concerned: Ids, target: int) -> Ids:
    """Rows of the faces that a merge drops: the target's own stay, else the eldest."""
    rows = np.flatnonzero(np.isin(scene.owners, concerned))
    rows = rows[np.lexsort((scene.ids[rows], scene.owners[rows] != target))]
    seen: set[bytes] = set()
    twice = []
    for row in rows.tolist():
        vector = scene.vectors[row].tobytes()
        if vector in seen:
            twice.append(row)
        seen.add(vector)
    return np.array(twice, dtype=np.int64)


def _others(scene: _Scene, identity: int) -> list[Vectors]:
    """Faces of other identities, some of those that have most."""
    order = np.argsort(scene.owners, kind="stable")
    owners, first = np.unique(scene.owners[order], return_index=True)
    members = np.split(order, first[1:])
    others = [rows for owner, rows in zip(owners, members, strict=True) if owner != identity]
    others.sort(key=len, reverse=True)
    return [scene.rows[rows[:_THEIR_FACES]] for rows in others[:_OTHERS]]
