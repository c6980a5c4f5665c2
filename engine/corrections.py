"""Corrections of a gallery: each can be previewed and undone, and recognition follows at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.errors import InputError, UnknownIdentityError
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.leave_one_out import recognised_when_left_out
from engine.recognition.comparison import SimilarityService
from engine.recognition.recogniser import Change, Recogniser
from engine.records import names as allowed
from engine.records.changes import (
    Changed,
    MergePreview,
    Recognition,
    Resemblance,
    SplitProposal,
)
from engine.records.types import Distance, Identity, Ids, Vectors
from engine.review.identity_division import divided, ordinary_height
from engine.store import Store
from engine.utils.distances import prepare

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
        return recognised_when_left_out(
            self.rows, self.owners, which, self.calibration, self.distance
        )

    def without(self, gone: Ids) -> _Scene:
        """The scene without the faces in rows ``(m,)``."""
        return replace(
            self,
            ids=np.delete(self.ids, gone),
            owners=np.delete(self.owners, gone),
            vectors=np.delete(self.vectors, gone, axis=0),
            rows=np.delete(self.rows, gone, axis=0),
        )


class Corrections:
    """What a person corrects in one gallery. Safe to use from several threads.

    A change is on disk when its method returns what it touched; None says that there was nothing
    to change. All of them raise UnknownIdentityError for a name or a face that is not enrolled,
    GalleryReadOnlyError where the gallery is open for reading only and GalleryWriteError where
    the disk refuses. Whatever is raised, nothing was changed.
    """

    def __init__(self, store: Store, recogniser: Recogniser, comparison: SimilarityService) -> None:
        self._store = store
        self._recogniser = recogniser
        self._comparison = comparison

    # -- identities --------------------------------------------------------------------------

    def rename(self, name: str, new: str) -> Changed | None:
        """Give an identity another name.

        Raises:
            NameTakenError: somebody else has it: merge them. IdentityNameError: no name.
        """
        new = allowed.check_name(new)
        return self._apply(lambda: self._store.people.rename(name, new))

    def merge(self, names: Sequence[str], into: str) -> Changed | None:
        """Put all faces of identities under ``into``; the others go.

        Faces with the same vector become one, notes are joined, decisions follow.
        """
        self._keep_safe("merge", names)
        return self._apply(lambda: self._store.people.merge(names, into))

    def delete(self, names: Sequence[str]) -> Changed | None:
        """Take identities out with all their faces and the decisions about them."""
        self._keep_safe("delete", names)
        return self._apply(lambda: self._store.people.delete(names))

    def set_note(self, name: str, text: str) -> Changed | None:
        """Keep a person's words about an identity; "" removes them.

        Raises:
            IdentityNameError: too long, or no sound text.
        """
        text = allowed.check_note(text)
        return self._apply(lambda: self._store.people.set_note(name, text))

    def choose_portrait(self, name: str, face: int | None) -> Changed | None:
        """Let one of its faces stand for an identity; None leaves it to the gallery again.

        The choice lasts until that face is no longer one of the identity's.
        """
        return self._apply(lambda: self._store.people.choose_portrait(name, face))

    # -- faces -------------------------------------------------------------------------------

    def move(self, faces: Sequence[int], name: str) -> Changed | None:
        """Put faces under another identity, known or new; identities without faces go.

        Raises:
            IdentityNameError: no name for a new identity.
        """
        name = self._target(name)
        return self._apply(lambda: self._store.faces.move(faces, name))

    def split(self, name: str, parts: Mapping[str, Sequence[int]]) -> Changed | None:
        """Move groups of an identity's faces, as :meth:`propose_split` gives them, to others.

        Args:
            parts: face ids by the name of the identity they go to, known or new; faces in no
                group stay.

        Raises:
            UnknownIdentityError: also for a face that is not theirs.
            IdentityNameError: no name for a new identity.
        """
        parts = {self._target(new): faces for new, faces in parts.items()}
        return self._apply(lambda: self._store.people.split(name, parts))

    def expel(self, faces: Sequence[int]) -> Changed | None:
        """Take faces out and remember for good that they are not whom they were enrolled as."""
        return self._apply(lambda: self._store.faces.expel(faces))

    def remove(self, faces: Sequence[int]) -> Changed | None:
        """Take faces out; those that are not enrolled are passed over."""
        self._store.backups.before_large_change("delete", len(faces))
        return self._apply(lambda: self._store.faces.remove(faces))

    # -- decisions ---------------------------------------------------------------------------

    def confirm(self, faces: Sequence[int]) -> Changed | None:
        """Remember for good that faces are whom they are enrolled as."""
        return self._apply(lambda: self._store.decisions.confirm(faces))

    def unconfirm(self, faces: Sequence[int]) -> Changed | None:
        """Forget what :meth:`confirm` remembered."""
        return self._apply(lambda: self._store.decisions.unconfirm(faces))

    def confirmed(self) -> Ids:
        """Ids ``(n,)`` of the faces that are confirmed, ascending."""
        return self._store.decisions.confirmed()

    def ignore(self, faces: Sequence[int]) -> Changed | None:
        """Remember for good that faces are not to be asked about. They stay enrolled, are found
        and learned from; a review leaves them out.
        """
        return self._apply(lambda: self._store.decisions.ignore(faces))

    def unignore(self, faces: Sequence[int]) -> Changed | None:
        """Forget what :meth:`ignore` remembered."""
        return self._apply(lambda: self._store.decisions.unignore(faces))

    def ignored(self) -> Ids:
        """Ids ``(n,)`` of the faces that are ignored, ascending."""
        return self._store.decisions.ignored()

    def mark_distinct(self, name: str, other: str) -> Changed | None:
        """Remember for good that two identities are two people: a review does not propose to
        merge them. Merging them all the same overrules it; another merge takes it along.

        Raises:
            InputError: they are one identity.
        """
        return self._apply(lambda: self._store.decisions.mark_distinct(name, other))

    def unmark_distinct(self, name: str, other: str) -> Changed | None:
        """Forget what :meth:`mark_distinct` remembered; the errors are the same."""
        return self._apply(lambda: self._store.decisions.unmark_distinct(name, other))

    def cannot_link(self) -> frozenset[tuple[int, int]]:
        """Pairs of ids of identities that are two people, the smaller id first."""
        return self._store.decisions.cannot_link()

    def reject(self, vector: Vectors, identity_id: int) -> Changed | None:
        """Remember for good that a vector ``(d,)`` is not this identity.

        Raises:
            MismatchError, EmbeddingError: not a vector of this gallery.
        """
        return self._apply(lambda: self._store.decisions.reject(vector, identity_id))

    def unreject(self, vector: Vectors, identity_id: int) -> Changed | None:
        """Forget what :meth:`reject` remembered of a vector ``(d,)``; the errors are the same."""
        return self._apply(lambda: self._store.decisions.unreject(vector, identity_id))

    # -- previews -------------------------------------------------------------------------------

    def preview_merge(self, names: Sequence[str], into: str) -> MergePreview:
        """How well the faces of these identities are recognised, and would be after a merge.

        Raises:
            UnknownIdentityError: nobody of such a name.
        """
        target = self._store.people.require(into)
        others = [self._store.people.require(name) for name in dict.fromkeys(names)]
        concerned = np.array(sorted({target.id, *(other.id for other in others)}), dtype=np.int64)
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
            found = self._comparison.people(name, into)
        except InputError:
            return Resemblance(name, None, None, None)  # one of them has no face
        limit = found.usual.threshold if found.same is not None else None
        return Resemblance(name, found.median, limit, found.same)

    def propose_split(self, name: str, count: int | None = None) -> SplitProposal:
        """Divide the faces of an identity by how alike they are.

        Args:
            count: so many groups, or fewer where one would have a single face; None as many as
                there seem to be people, which is one in most cases.

        Raises:
            UnknownIdentityError: nobody of that name. InputError: ``count`` below 1.
        """
        if count is not None and count < 1:
            raise InputError(f"{count} groups are not possible", remedy="Choose one or more.")
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
                f"Face {stray[0]} is not one of “{name}”", remedy="Choose faces of this person."
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

    # -- inside ---------------------------------------------------------------------------------

    def _keep_safe(self, action: str, names: Sequence[str]) -> None:
        """A backup, where a change concerns a large part of the gallery."""
        known = {self._store.people.find(name) for name in names}
        self._store.backups.before_large_change(
            action, sum(identity.faces for identity in known if identity)
        )

    def _target(self, name: str) -> str:
        """A name that faces may be put under. Raise IdentityNameError, AmbiguousNameError."""
        known = self._store.people.find(name)
        return allowed.check_name(name) if known is None else known.name

    def _apply(self, change: Change) -> Changed | None:
        return self._recogniser.apply(change)


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
