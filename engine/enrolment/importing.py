"""How a person brings faces into a gallery: with a look at what would happen, or at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from engine.enrolment.enroller import Enroller, as_batch
from engine.formats.sources import SourcesRead, read_file, read_sources
from engine.progress import SILENT, Reporter
from engine.records.advice import Advice
from engine.records.plans import ImportPlan
from engine.records.types import EnrolmentReport, FaceBatch, ImportReport, Vectors
from engine.utils.eta import EtaReporter, Step

# Microseconds a face on one of our machines, of 100,000 from an .npz; only their ratios matter.
_READING = (
    Step("Reading files", 100.0),
    Step("Reading", 1.0),
    Step("Checking the vectors", 1.0),
)
_SAVING = (
    Step("Telling faces apart", 2.5),
    Step("Looking for faces that are enrolled", 1.0),
    Step("Saving faces", 15.0),
    Step("Indexing faces", 350.0, growth=1.2),  # the more are there, the longer the next takes
)
_ADVISING = (
    Step("Looking for faces that are enrolled", 20.0),
    Step("Comparing with the gallery", 300.0),
    Step("Comparing the faces of each name", 30.0),
    Step("Looking for odd ones out", 80.0),
)


def import_forecast(reporter: Reporter) -> Reporter:
    """Tells how long an import from its sources to the index will still take."""
    return EtaReporter(reporter, (*_READING, *_SAVING))


class Importing:
    """The imports and enrolments of a :class:`engine.gallery.Gallery`, planned and done."""

    _enroller: Enroller
    dimension: int

    def import_(
        self,
        sources: Iterable[str | Path],
        *,
        name_column: str | None = None,
        dry_run: bool = False,
        reporter: Reporter = SILENT,
    ) -> ImportReport:
        """Enrols everything in folder trees, ``.npz`` and ``.csv`` files, in one transaction.

        Args:
            name_column: column or array of the names, None to recognise it.
            dry_run: change nothing and tell what would be; :meth:`plan_import` tells it face by
                face.

        Raises:
            EmbeddingError: a source has no vectors at all. MismatchError: another network made
            them. GalleryReadOnlyError. CancelledError.
        """
        if dry_run:
            plan = self.plan_import(sources, name_column=name_column, reporter=reporter)
            return plan.report()
        started = time.monotonic()
        reporter = import_forecast(reporter)
        reading = self._read(sources, name_column, reporter)
        return self._enroller.import_reading(reading, started=started, reporter=reporter)

    def plan_import(
        self,
        sources: Iterable[str | Path],
        *,
        name_column: str | None = None,
        reporter: Reporter = SILENT,
    ) -> ImportPlan:
        """What :meth:`import_` would do with every face, and what to know of it before.

        Raises as it does, but for GalleryReadOnlyError: nothing is changed.
        """
        started = time.monotonic()
        reporter = EtaReporter(reporter, (*_READING, *_ADVISING))
        reading = self._read(sources, name_column, reporter)
        return self._enroller.plan(reading, started=started, reporter=reporter)

    def import_plan(self, plan: ImportPlan, *, reporter: Reporter = SILENT) -> ImportReport:
        """Enrols exactly the faces that come in by a plan, in one transaction.

        Raises:
            MismatchError, GalleryReadOnlyError, CancelledError.
        """
        return self._enroller.import_planned(plan, EtaReporter(reporter, _SAVING))

    def read_queries(self, path: str | Path, *, name_column: str | None = None) -> FaceBatch:
        """Embeddings of a file, checked against this gallery's dimension and network.

        Args:
            name_column: column or array of the names, None to recognise it.

        Raises:
            EmbeddingError, MismatchError: naming the file, what is wrong and what to do.
        """
        file = Path(path)
        batch = read_file(file, dimension=self.dimension, name_column=name_column)
        self._enroller.network.check_network(batch)
        return batch

    def enroll(
        self,
        name: str,
        faces: FaceBatch | Vectors,
        *,
        elsewhere: Mapping[int, str] = MappingProxyType({}),
        reporter: Reporter = SILENT,
    ) -> EnrolmentReport:
        """Adds faces to a new or known identity; they are found from this moment on.

        Args:
            elsewhere: names of other identities for some of the rows, in the same transaction.

        Raises:
            IdentityNameError, AmbiguousNameError, EmbeddingError, MismatchError,
            GalleryReadOnlyError.
        """
        return self._enroller.enroll(name, as_batch(faces), elsewhere, reporter)

    def check_enrolment(
        self,
        name: str,
        faces: FaceBatch | Vectors,
        *,
        elsewhere: Mapping[int, str] = MappingProxyType({}),
        reporter: Reporter = SILENT,
    ) -> tuple[Advice, ...]:
        """What a person should know before enrolling these faces as :meth:`enroll` would, face by
        face; :func:`engine.records.advice.grouped` sums it up.

        Raises:
            MismatchError, EmbeddingError: they cannot be enrolled at all. CancelledError.
        """
        return tuple(self._enroller.check(name, as_batch(faces), elsewhere, reporter))

    def plan_enrolment(
        self, name: str, faces: FaceBatch | Vectors, *, reporter: Reporter = SILENT
    ) -> ImportPlan:
        """What :meth:`enroll` would do with each face. Raises as it does; nothing is changed."""
        return self._enroller.plan_enrolment(name, as_batch(faces), reporter)

    def _read(
        self, sources: Iterable[str | Path], name_column: str | None, reporter: Reporter
    ) -> SourcesRead:
        return read_sources(
            [Path(source) for source in sources],
            dimension=self.dimension,
            name_column=name_column,
            reporter=reporter,
        )
