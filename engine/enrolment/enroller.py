"""Enrolment of faces and imports of files: planned face by face, or at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from engine.enrolment.advisor import EnrolmentAdvisor
from engine.enrolment.embedding_check import EmbeddingCheck, mixed_files
from engine.errors import EmbeddingError
from engine.formats.checks import as_rows, check_vectors
from engine.formats.lazy_rows import chosen_faces, chosen_rows
from engine.formats.photo_files import read_photos
from engine.formats.sources import SourcesRead, read_sources
from engine.photos.photo_workers import PhotoWorkers
from engine.photos.photograph_rows import MainFaceEmbedder
from engine.progress import SILENT, EtaReporter, Reporter, Step
from engine.recognition.recogniser import Recogniser
from engine.records import names
from engine.records.advice import Advice, by_row, grouped, joined_words, lookalike_words
from engine.records.plans import ImportPlan, PlannedFace, held_words
from engine.records.types import (
    Added,
    EnrolmentReport,
    FaceBatch,
    ImportReport,
    Rejection,
    Vectors,
)
from engine.store import Store
from engine.store.enrolled_rows import ambiguous_words
from engine.utils.packed_columns import Coded
from engine.utils.trim_heap import give_back

_TWICE = "The same face appears earlier"
# Microseconds a face on one of our machines, of 100,000 from an .npz; only their ratios matter.
_READING = (
    Step("Reading files", 100.0),
    Step("Reading", 1.0),
    Step("Checking embeddings", 1.0),
)
_SAVING = (
    Step("Comparing faces", 2.5),
    Step("Looking for enrolled faces", 1.0),
    Step("Saving faces", 15.0),
    Step("Indexing faces", 350.0, growth=1.2),  # the more are there, the longer the next takes
)
_ADVISING = (
    Step("Looking for enrolled faces", 20.0),
    Step("Comparing with the gallery", 300.0),
    Step("Comparing the faces of each name", 30.0),
    Step("Looking for outliers", 80.0),
)
_MANY = 10_000  # faces, after which memory is worth giving back


def import_forecast(reporter: Reporter) -> Reporter:
    """Tell how long an import from its sources to the index will still take."""
    return EtaReporter(reporter, (*_READING, *_SAVING))


class Enroller:
    """Enrolments and imports of one gallery.

    Attributes:
        network: sees that all of its faces come from one.
    """

    def __init__(self, store: Store, recogniser: Recogniser, workers: PhotoWorkers) -> None:
        self._store = store
        self._recogniser = recogniser
        self._workers = workers
        self._advisor = EnrolmentAdvisor(store, recogniser)
        self.network = EmbeddingCheck(store)

    def prepare(self) -> None:
        """Learn what enrolments are held against, so that the first one need not."""
        self._advisor.prepare()

    # -- one person --------------------------------------------------------------------------

    def enroll(
        self,
        name: str,
        faces: FaceBatch | Vectors,
        *,
        elsewhere: Mapping[int, str] = MappingProxyType({}),
        reporter: Reporter = SILENT,
    ) -> EnrolmentReport:
        """Add faces to a new or known identity: see :meth:`engine.gallery.Gallery.enroll`."""
        name, joined = self._enrolled_name(name)
        batch = self._named(as_batch(faces), name, elsewhere)
        advice = grouped(self._advice(batch, reporter), batch.files)
        thumbnails, refused = read_photos(batch.photos, reporter)
        added = self._add(batch, thumbnails, "enroll", reporter)
        return EnrolmentReport(
            name=name,
            faces_added=len(added.face_ids),
            duplicates=len(added.duplicates),
            warnings=(*joined, *(f"{photo.file}: {photo.reason}" for photo in refused)),
            face_ids=tuple(int(face) for face in added.face_ids),
            advice=advice,
        )

    def check(
        self,
        name: str,
        faces: FaceBatch | Vectors,
        *,
        elsewhere: Mapping[int, str] = MappingProxyType({}),
        reporter: Reporter = SILENT,
    ) -> tuple[Advice, ...]:
        """Return what a person should know before enrolling these faces under a name, face by
        face; :func:`engine.records.advice.grouped` sums it up.

        Args:
            faces: a batch, or vectors ``(n, d)``.
            elsewhere: names of other identities for some of the rows.

        Raises:
            MismatchError, EmbeddingError: they cannot be enrolled at all. CancelledError.
        """
        batch = self._named(as_batch(faces), self._enrolled_name(name)[0], elsewhere)
        return tuple(self._advice(batch, reporter))

    def plan(
        self, name: str, faces: FaceBatch | Vectors, *, reporter: Reporter = SILENT
    ) -> ImportPlan:
        """Return what :meth:`enroll` would do with each face, ``(n, d)``; nothing is changed.

        Raises:
            IdentityNameError, AmbiguousNameError, EmbeddingError, MismatchError.
        """
        started = time.monotonic()
        name, joined = self._enrolled_name(name)
        batch = self._named(as_batch(faces), name)
        check_vectors(batch.vectors[:], dimension=self._store.dimension)
        plan = self._plan(SourcesRead(batch, (), joined), started, reporter)
        return replace(plan, action="enroll")

    # -- files -------------------------------------------------------------------------------

    def import_(
        self, sources: Iterable[str | Path], *, name_column: str | None, reporter: Reporter
    ) -> ImportReport:
        """Enrol everything in files: see :meth:`engine.gallery.Gallery.import_`."""
        started = time.monotonic()
        reporter = import_forecast(reporter)
        return self.import_reading(self._read(sources, name_column, reporter), started, reporter)

    def import_reading(
        self, reading: SourcesRead, started: float, reporter: Reporter
    ) -> ImportReport:
        """Enrol all that was read.

        Args:
            started: when the reading began, by ``time.monotonic``.

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

    def plan_import(
        self,
        sources: Iterable[str | Path],
        *,
        name_column: str | None = None,
        reporter: Reporter = SILENT,
    ) -> ImportPlan:
        """Return what an import would do with every face, and what to know of it before.

        Args:
            name_column: column or array of the names, None to recognise it.

        Raises:
            EmbeddingError: a source has no vectors at all. MismatchError: another network made
            them. CancelledError.
        """
        started = time.monotonic()
        reporter = EtaReporter(reporter, (*_READING, *_ADVISING))
        return self._plan(self._read(sources, name_column, reporter), started, reporter)

    def import_plan(self, plan: ImportPlan, *, reporter: Reporter = SILENT) -> ImportReport:
        """Enrol exactly the faces that come in by a plan, in one transaction.

        Raises:
            MismatchError, GalleryReadOnlyError, CancelledError.
        """
        started = time.monotonic()
        reporter = EtaReporter(reporter, _SAVING)
        rows = plan.rows()
        faces = replace(
            chosen_faces(plan.batch, np.array(rows, dtype=np.int64)),
            names=[plan.faces[row].name for row in rows],
        )
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

    def _read(
        self, sources: Iterable[str | Path], name_column: str | None, reporter: Reporter
    ) -> SourcesRead:
        embedder = MainFaceEmbedder(self._workers, beforehand=self.network.check_photographs)
        reading = read_sources(
            [Path(source) for source in sources],
            dimension=self._store.dimension,
            name_column=name_column,
            reporter=reporter,
            embed=embedder,
        )
        return replace(reading, notices=reading.notices + embedder.notices())

    # -- what would happen ---------------------------------------------------------------------

    def _advice(self, batch: FaceBatch, reporter: Reporter) -> list[Advice]:
        self.network.check(batch)
        holders = self._advisor.holders(batch.vectors)
        return self._advisor.advise(batch, holders, reporter)

    def _plan(self, reading: SourcesRead, started: float, reporter: Reporter) -> ImportPlan:
        """What would become of each face; photographs are read only when it is done."""
        reading = self._with_enrolled_names(reading)
        batch = reading.batch
        self.network.check_network(batch)
        mixed = mixed_files(self._store, reading.one_person)
        holders = self._advisor.holders(batch.vectors, reporter)
        advice = by_row(self._advisor.advise(batch, holders, reporter))
        foreseen = self._store.faces.add(batch, dry_run=True)
        entering = frozenset(foreseen.rows.tolist())
        known = frozenset(identity.name for identity in self._store.people.all())

        def planned(row: int, name: str | None, file: str) -> PlannedFace:
            assert name is not None
            if row in entering:
                outcome, reason = "added" if name in known else "new", ""
            else:
                outcome = "duplicate"
                reason = held_words(name) if name in holders[row] else _TWICE
            return PlannedFace(
                file=file,
                row=batch.rows[row],
                name=name,
                outcome=outcome,  # type: ignore[arg-type]
                reason=reason,
                advice=advice.get(row, ()),
            )

        faces = tuple(map(planned, range(len(batch)), batch.names, batch.files))
        return ImportPlan(
            batch=batch,
            first=faces,
            faces=faces,
            rejected=tuple(
                PlannedFace(item.file, 0, None, "rejected", item.reason)
                for item in reading.rejected
            ),
            notices=reading.notices + mixed,
            known=known,
            holders=holders,
            seconds=time.monotonic() - started,
            columns=reading.columns,
            column=reading.column,
        )

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
        joined = {
            name: known[0] for name, known in found.items() if known != [name] and len(known) == 1
        }
        several = {
            name: ambiguous_words(name, known) for name, known in found.items() if len(known) > 1
        }
        rejected: tuple[Rejection, ...] = ()
        if several:
            unclear = np.array([name in several for name in coded.values])[coded.codes]
            rejected = tuple(
                Rejection(batch.files[row], several[coded[row] or ""])
                for row in np.flatnonzero(unclear).tolist()
            )
            batch = chosen_faces(batch, np.flatnonzero(~unclear))
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
        thumbnails, refused = read_photos(batch.photos, reporter)
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
        f"{conflict.file}: the same embedding is already enrolled as {conflict.other_name}"
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
        raise EmbeddingError("No faces were given", remedy="Provide at least one embedding.")
    return faces
