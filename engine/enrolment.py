"""How faces come into a gallery: checked, stored in one transaction, findable at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

import numpy as np

from engine import embeddings, names
from engine.backups import before_large_change
from engine.errors import EmbeddingError, MismatchError, PhotoError
from engine.fingerprint import Fingerprint
from engine.progress import SILENT, Reporter
from engine.recogniser import Recogniser
from engine.store import Store
from engine.types import (
    Added,
    EnrolmentReport,
    FaceBatch,
    ImportReport,
    Rejection,
    Vectors,
)

_REMEASURE_BELOW = 500  # a fingerprint of fewer faces is measured anew when faces come in
_FEW_PEOPLE = 20  # likewise one of fewer people
_CLOSE = 3  # warnings about single faces before they are summed up


class Enroller:
    """Imports and enrolments of one gallery."""

    def __init__(self, store: Store, recogniser: Recogniser) -> None:
        self._store = store
        self._recogniser = recogniser

    def import_reading(
        self, reading: embeddings.Reading, *, started: float, dry_run: bool, reporter: Reporter
    ) -> ImportReport:
        """Enrols what was read; with ``dry_run`` only says what would happen.

        Raises:
            MismatchError: made by another embedding network. GalleryReadOnlyError.
            CancelledError: nothing was enrolled.
        """
        self._check_network(reading.batch)
        thumbnails, refused = _thumbnails(reading.batch, reporter)
        added = self._add(reading.batch, thumbnails, "import", reporter, dry_run=dry_run)
        return ImportReport(
            faces_added=len(added.face_ids),
            identities_added=len(added.new_identities),
            duplicates=len(added.duplicates),
            rejected=reading.rejected + refused,
            notices=reading.notices + self._notices(added, reading.notices),
            seconds=time.monotonic() - started,
            dry_run=dry_run,
        )

    def enroll(self, name: str, faces: FaceBatch, reporter: Reporter = SILENT) -> EnrolmentReport:
        """Adds faces to a new or known identity.

        Raises:
            IdentityNameError, EmbeddingError, MismatchError, GalleryReadOnlyError, CancelledError.
        """
        batch = named(faces, names.check_name(name))
        said = self.warnings(name, batch)
        thumbnails, refused = _thumbnails(batch, reporter)
        added = self._add(batch, thumbnails, "enroll", reporter)
        said += tuple(f"{photo.file}: {photo.reason}" for photo in refused)
        return EnrolmentReport(
            name=name,
            faces_added=len(added.face_ids),
            duplicates=len(added.duplicates),
            warnings=said,
            face_ids=tuple(int(face) for face in added.face_ids),
        )

    def warnings(self, name: str, faces: FaceBatch) -> tuple[str, ...]:
        """What a person should know before enrolling these faces under this name.

        Raises:
            MismatchError, EmbeddingError: they cannot be enrolled at all.
        """
        embeddings.check_vectors(faces.vectors, dimension=self._store.dimension)
        self._check_network(faces)
        said = self._about_name(name)
        said += self._about_copies(name, faces)
        said += self._about_likeness(name, faces)
        said += self._about_agreement(faces)
        return tuple(said)

    # -- storing -----------------------------------------------------------------------------

    def _add(
        self,
        batch: FaceBatch,
        thumbnails: dict[int, bytes],
        action: str,
        reporter: Reporter,
        *,
        dry_run: bool = False,
    ) -> Added:
        if action == "import" and not dry_run and self._store.counts()[1]:
            before_large_change(self._store, action, self._count_new(batch), reporter=reporter)
        added = self._store.add(
            batch,
            keys=names.name_key,
            thumbnails=thumbnails,
            action=action,
            overrule=action == "enroll",
            reporter=reporter,
            dry_run=dry_run,
        )
        if len(added.face_ids) and not dry_run:
            self._recogniser.added(added, batch.vectors[added.rows])
            self._remember_network()
        return added

    def _count_new(self, batch: FaceBatch) -> int:
        """Faces of a batch that are not enrolled yet."""
        return len(self._store.add(batch, keys=names.name_key, dry_run=True).face_ids)

    # -- one network a gallery ---------------------------------------------------------------

    def _check_network(self, batch: FaceBatch) -> None:
        known = self._known_network()
        if known is None or not len(batch):
            return
        try:
            known.check(Fingerprint.of(batch.vectors))
        except MismatchError as error:
            raise MismatchError(error.problem, file=batch.files[0], remedy=error.remedy) from None

    def _remember_network(self) -> None:
        kept = self._store.setting("fingerprint")
        known = None if kept is None else Fingerprint.from_json(kept)
        if known is None or known.count < _REMEASURE_BELOW or known.people < _FEW_PEOPLE:
            _, owners, vectors = self._store.vectors()
            self._store.set_setting("fingerprint", Fingerprint.of(vectors, owners).to_json())

    def _known_network(self) -> Fingerprint | None:
        kept = self._store.setting("fingerprint")
        if kept is not None:
            return Fingerprint.from_json(kept)
        _, owners, vectors = self._store.vectors()  # somebody was erased, and it with them
        return Fingerprint.of(vectors, owners) if len(vectors) else None

    # -- warnings ----------------------------------------------------------------------------

    def _notices(self, added: Added, said: tuple[str, ...]) -> tuple[str, ...]:
        """Same vectors under two names, and new names that look like enrolled ones."""
        notices = [
            f"{conflict.file}: the same vector is enrolled as {conflict.other_name}"
            for conflict in added.conflicts
        ]
        for name in added.new_identities:
            for sentence in self._about_name(name):
                if not any(name in earlier for earlier in said):
                    notices.append(sentence)
        return tuple(notices)

    def _about_name(self, name: str) -> list[str]:
        others = [other for other in self._store.names_like(names.name_key(name)) if other != name]
        return [f"“{name}” differs from “{other}” only in case or Unicode form" for other in others]

    def _about_copies(self, name: str, faces: FaceBatch) -> list[str]:
        said = []
        for file, holders in zip(faces.files, self._store.find(faces.vectors), strict=True):
            for other in sorted({holder for _, holder in holders}):
                where = "this name" if other == name else other
                said.append(f"{PurePath(file).name} is enrolled already under {where}")
        return _summed_up(said, "faces are enrolled already")

    def _about_likeness(self, name: str, faces: FaceBatch) -> list[str]:
        answers = self._recogniser.identify(faces.vectors)
        others = Counter(answer.name for answer in answers if answer.verdict == "known")
        del others[name]
        return [
            f"{count} of {len(faces)} faces look like {other}" if len(faces) > 1
            else f"This face looks like {other}"
            for other, count in others.most_common(_CLOSE)
        ]  # fmt: skip

    def _about_agreement(self, faces: FaceBatch) -> list[str]:
        odd = self._recogniser.disagreeing(faces.vectors)
        names_of_odd = [PurePath(faces.files[row]).name for row in odd]
        said = [f"{file} does not look like the others of this group" for file in names_of_odd]
        return _summed_up(said, "faces do not look like the others of this group")


def named(faces: FaceBatch, name: str) -> FaceBatch:
    """The batch with this name on every row."""
    return FaceBatch(faces.vectors, [name] * len(faces), faces.files, faces.rows, faces.photos)


def as_batch(faces: FaceBatch | Vectors) -> FaceBatch:
    """Bare vectors ``(d,)`` or ``(n, d)`` as a batch whose rows come from nowhere.

    Raises:
        EmbeddingError: no row at all.
    """
    if not isinstance(faces, FaceBatch):
        rows = as_rows(faces)
        count = len(rows)
        faces = FaceBatch(rows, [None] * count, ["vector"] * count, range(count), [None] * count)
    if not len(faces):
        raise EmbeddingError("No faces were given", remedy="Give at least one embedding.")
    return faces


def as_rows(vectors: Vectors) -> Vectors:
    """Vectors ``(d,)`` or ``(n, d)`` of any float or integer type as float32 ``(n, d)``.

    Raises:
        EmbeddingError: they are no such array.
    """
    try:
        rows = np.atleast_2d(np.asarray(vectors))
        if rows.dtype.kind in "fiu" and rows.ndim == 2:
            with np.errstate(over="ignore"):  # what overflows is refused as not finite
                return rows.astype(np.float32, copy=False)
    except ValueError:
        pass  # a ragged list
    raise EmbeddingError(
        "These are no vectors of numbers", remedy="Give an array of shape (d,) or (n, d)."
    )


def _thumbnails(
    batch: FaceBatch, reporter: Reporter
) -> tuple[dict[int, bytes], tuple[Rejection, ...]]:
    """Thumbnails by row, and the photographs that could not be used: their faces are kept."""
    thumbnails: dict[int, bytes] = {}
    refused = []
    with_photo = [row for row, photo in enumerate(batch.photos) if photo is not None]
    for done, row in enumerate(with_photo):
        photo = batch.photos[row]
        assert photo is not None
        if done % 50 == 0:
            reporter.progress("Reading photographs", done, len(with_photo))
        try:
            thumbnails[row] = embeddings.read_photo(photo)
        except PhotoError as error:
            refused.append(Rejection(str(photo), f"{error.reason} The face was kept."))
    return thumbnails, tuple(refused)


def _summed_up(sentences: Sequence[str], words: str) -> list[str]:
    if len(sentences) <= _CLOSE:
        return list(sentences)
    return [f"{len(sentences)} {words}, the first: {sentences[0]}"]
