"""Files of many faces that would become one person and look like several."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from engine.enrolment.advisor import EnrolmentAdvisor
from engine.enrolment.embedding_check import EmbeddingCheck
from engine.enrolment.planning import chosen_faces, plan_reading, rows_of
from engine.errors import EmbeddingError, PhotoError
from engine.formats.checks import as_rows, check_vectors, usable
from engine.formats.lazy_rows import chosen_rows
from engine.formats.photographs import read_photo
from engine.formats.sources import SourcesRead
from engine.progress import SILENT, Reporter
from engine.recognition.recogniser import Recogniser
from engine.records import names
from engine.records.advice import Advice, grouped, joined_words, lookalike_words
from engine.records.plans import ImportPlan
from engine.records.types import (
    Added,
    EnrolmentReport,
    FaceBatch,
    ImportReport,
    Rejection,
    Rows,
    Vectors,
)
from engine.review.identity_division import clear_height, divided, ordinary_height
from engine.store import Store
from engine.store.name_lookup import ambiguous_words
from engine.utils.distances import prepare
from engine.utils.packed_columns import Coded
from engine.utils.trim_heap import give_back

_FILES = 20  # of one import that are looked at
_FACES = 500  # of each
_OTHERS = 100  # identities that tell how one person's faces scatter
_THEIR_FACES = 30


def mixed_files(store: Store, files: Sequence[tuple[str, Rows]]) -> tuple[str, ...]:
    """Sentences on those whose faces fall into several groups.

    Args:
        files: path and vectors of each.
    """
    if not files:
        return ()
    ordinary = ordinary_height(_enrolled(store), store.distance)
    said = []
    for path, vectors in files[:_FILES]:
        some = vectors[:: max(1, len(vectors) // _FACES)]
        rows = prepare(some[usable(some)], store.distance)
        height = clear_height(rows, store.distance) if ordinary is None else ordinary
        groups = 1 + int(divided(rows, store.distance, ordinary=height).max(initial=0))
        if groups > 1:
            said.append(
                f"{path}: {len(vectors):,} faces of one file become one person; "
                f"they fall into {groups} groups. If these are several people, put their names "
                "beside them, in a table or an array."
            )
    return tuple(said)


def _enrolled(store: Store) -> list[Vectors]:
    """Prepared faces of the identities that have most."""
    faces, owners = store.faces.membership()
    known, counts = np.unique(owners, return_counts=True)
    chosen = known[np.argsort(-counts, kind="stable")[:_OTHERS]]
    found = []
    for identity in chosen.tolist():
        vectors = store.faces.vectors(faces[owners == identity][:_THEIR_FACES])[2]
        found.append(prepare(vectors, store.distance))
    return found


_MANY = 10_000  # faces, after which memory is worth giving back


class Enroller:
    """Imports and enrolments of one gallery.

    Attributes:
        network: sees that all of its faces come from one.
    """

    def __init__(self, store: Store, recogniser: Recogniser) -> None:
        self._store = store
        self._recogniser = recogniser
        self._coach = EnrolmentAdvisor(store, recogniser)
        self.network = EmbeddingCheck(store)

    def prepare(self) -> None:
        """Learns what enrolments are held against, so that the first one need not."""
        self._coach.prepare()

    def import_reading(
        self, reading: SourcesRead, *, started: float, reporter: Reporter
    ) -> ImportReport:
        """Enrols all that was read.

        Raises:
            MismatchError: made by another embedding network. GalleryReadOnlyError.
            CancelledError: nothing was enrolled.
        """
        mixed = mixed_files(self._store, reading.one_person)
        reading = self._with_enrolled_names(reading)
        alike = self._lookalikes(reading.batch)
        added, refused = self._import(reading.batch, reporter)
        return ImportReport(
            faces_added=len(added.face_ids),
            identities_added=len(added.new_identities),
            duplicates=len(added.duplicates),
            rejected=reading.rejected + refused,
            notices=reading.notices + mixed + _conflicts(added) + alike,
            seconds=time.monotonic() - started,
        )

    def plan(self, reading: SourcesRead, *, started: float, reporter: Reporter) -> ImportPlan:
        """What :meth:`import_reading` would do with each face. Raises as it does."""
        reading = self._with_enrolled_names(reading)
        self.network.check_network(reading.batch)
        mixed = mixed_files(self._store, reading.one_person)
        reading = replace(reading, notices=reading.notices + mixed)
        return plan_reading(reading, self._store, self._coach, started=started, reporter=reporter)

    def import_planned(self, plan: ImportPlan, reporter: Reporter) -> ImportReport:
        """Enrols the faces of a plan that come in, and no others. Raises as import_reading."""
        started = time.monotonic()
        faces = chosen_faces(plan)
        alike = self._lookalikes(faces)
        added, refused = self._import(faces, reporter, plan.action)
        foreseen = plan.report()
        return ImportReport(
            faces_added=len(added.face_ids),
            identities_added=len(added.new_identities),
            duplicates=foreseen.duplicates + len(added.duplicates),
            rejected=foreseen.rejected + refused,
            notices=plan.notices + _conflicts(added) + alike,
            seconds=time.monotonic() - started,
        )

    def enroll(
        self,
        name: str,
        faces: FaceBatch,
        elsewhere: Mapping[int, str],
        reporter: Reporter = SILENT,
    ) -> EnrolmentReport:
        """Add faces to a new or known identity (:meth:`engine.gallery.Gallery.enroll`)."""
        name, joined = self._enrolled_name(name)
        batch = self._named(faces, name, elsewhere)
        said = grouped(self.advice(batch, reporter), batch.files)
        thumbnails, refused = thumbnails_of(batch, reporter)
        added = self._add(batch, thumbnails, "enroll", reporter)
        return EnrolmentReport(
            name=name,
            faces_added=len(added.face_ids),
            duplicates=len(added.duplicates),
            warnings=(
                *joined,
                *(one.sentence for one in said),
                *(f"{photo.file}: {photo.reason}" for photo in refused),
            ),
            face_ids=tuple(int(face) for face in added.face_ids),
        )

    def plan_enrolment(self, name: str, faces: FaceBatch, reporter: Reporter) -> ImportPlan:
        """Say what would become of each face (:meth:`engine.gallery.Gallery.plan_enrolment`)."""
        started = time.monotonic()
        name, joined = self._enrolled_name(name)
        batch = self._named(faces, name)
        check_vectors(batch.vectors[:], dimension=self._store.dimension)
        reading = SourcesRead(batch, (), joined)
        plan = self.plan(reading, started=started, reporter=reporter)
        return replace(plan, action="enroll")

    def advice(self, batch: FaceBatch, reporter: Reporter = SILENT) -> list[Advice]:
        """What a person should know before enrolling these faces under these names.

        Raises:
            MismatchError, EmbeddingError: they cannot be enrolled at all.
        """
        self.network.check(batch)
        return self._coach.advise(batch, self._coach.holders(batch.vectors), reporter)

    def check(
        self, name: str, faces: FaceBatch, elsewhere: Mapping[int, str], reporter: Reporter
    ) -> list[Advice]:
        """What a person should know before these faces are enrolled under a name, face by face.

        Raises:
            MismatchError, EmbeddingError: they cannot be enrolled at all. CancelledError.
        """
        return self.advice(self._named(faces, self._enrolled_name(name)[0], elsewhere), reporter)

    # -- names -------------------------------------------------------------------------------

    def _enrolled_name(self, name: str) -> tuple[str, tuple[str, ...]]:
        """The name of the person who is meant, and a sentence where it is written otherwise.

        Raises:
            IdentityNameError: no name for a new person. AmbiguousNameError.
        """
        known = self._store.people.find(name)
        if known is None:
            return names.check_name(name), ()
        return known.name, (joined_words(name, known.name),) if known.name != name else ()

    def _named(
        self,
        faces: FaceBatch,
        name: str,
        elsewhere: Mapping[int, str] = MappingProxyType({}),
    ) -> FaceBatch:
        """The batch with this name on every row, but for rows with a name of their own.

        Raises:
            IdentityNameError, AmbiguousNameError: one of these.
        """
        own = {row: self._enrolled_name(other)[0] for row, other in elsewhere.items()}
        return replace(faces, names=[own.get(row, name) for row in range(len(faces))])

    def _lookalikes(self, batch: FaceBatch) -> tuple[str, ...]:
        """Sentences on names of new people that look like enrolled ones."""
        distinct = [name for name in Coded.of(batch.names).values if name is not None]
        found = self._store.people.lookalikes(distinct)
        return tuple(lookalike_words(name, other) for name, other in found.items())

    def _with_enrolled_names(self, reading: SourcesRead) -> SourcesRead:
        """Each name as the person who is meant has it; where several may be meant the faces are
        rejected.
        """
        batch = reading.batch
        coded = Coded.of(batch.names)
        found = self._store.people.match_names([name for name in coded.values if name is not None])
        joined = {name: one[0] for name, one in found.items() if one != [name] and len(one) == 1}
        several = {name: ambiguous_words(name, one) for name, one in found.items() if len(one) > 1}
        rejected: tuple[Rejection, ...] = ()
        if several:
            unclear = np.array([name in several for name in coded.values])[coded.codes]
            rejected = tuple(
                Rejection(batch.files[row], several[coded[row] or ""])
                for row in np.flatnonzero(unclear).tolist()
            )
            batch = rows_of(batch, np.flatnonzero(~unclear).tolist())
        if joined:
            own = Coded.of(batch.names).mapped(lambda name: joined.get(name or "", name))
            batch = replace(batch, names=own)
        notices = tuple(joined_words(name, known) for name, known in joined.items())
        return replace(
            reading,
            batch=batch,
            rejected=reading.rejected + rejected,
            notices=reading.notices + notices,
        )

    # -- storing -----------------------------------------------------------------------------

    def _import(
        self, batch: FaceBatch, reporter: Reporter, action: str = "import"
    ) -> tuple[Added, tuple[Rejection, ...]]:
        self.network.check_network(batch)
        thumbnails, refused = thumbnails_of(batch, reporter)
        return self._add(batch, thumbnails, action, reporter), refused

    def _add(
        self, batch: FaceBatch, thumbnails: dict[int, bytes], action: str, reporter: Reporter
    ) -> Added:
        def beforehand(faces: int) -> None:
            if action == "import":
                self._store.backups.before_large_change(action, faces, reporter=reporter)

        added = self._store.faces.add(
            batch,
            thumbnails=thumbnails,
            action=action,
            overrule=action == "enroll",
            reporter=reporter,
            beforehand=beforehand,
        )
        if len(added.face_ids):
            vectors = chosen_rows(batch.vectors, added.rows)
            if len(added.face_ids) > _MANY:
                give_back()  # what reading and saving took, before the index takes more
            with reporter.onlooking() as onlooker:
                self._recogniser.added(added, vectors, onlooker)
            self.network.remember()
        return added


def _conflicts(added: Added) -> tuple[str, ...]:
    """Same vectors under two names."""
    return tuple(
        f"{conflict.file}: the same vector is enrolled as {conflict.other_name}"
        for conflict in added.conflicts
    )


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


def thumbnails_of(
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
            thumbnails[row] = read_photo(photo)
        except PhotoError as error:
            refused.append(Rejection(str(photo), f"{error.reason} The face was kept."))
    return thumbnails, tuple(refused)
