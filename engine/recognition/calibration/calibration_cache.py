"""Calibration kept with a gallery, and the packed rows of numbers that it is written with."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from engine.cohorts.cohort import Cohort
from engine.cohorts.cohort_library import CohortLibrary, CohortMatch
from engine.progress import SILENT, Reporter
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.fitting import CohortFaces
from engine.recognition.calibration.gallery_calibration import calibrate_from
from engine.recognition.calibration.leave_one_out import PROBES
from engine.recognition.probabilistic_lda import ProbabilisticLda
from engine.recognition.shortlist import Shortlist
from engine.recognition.templates import TemplateTable
from engine.records.domains import checked, parsed
from engine.records.types import Ids
from engine.store import Store
from engine.store.settings_table import CALIBRATION

_MOST = 32_000_000  # bytes unpacked: four million numbers, more than a gallery has identities


def packed(numbers: Ids) -> str:
    """Whole numbers ``(n,)`` as text; what rises evenly, or repeats, becomes very short."""
    steps = np.diff(numbers, prepend=0).astype("<i8")
    return base64.b64encode(zlib.compress(steps.tobytes())).decode("ascii")


def unpacked(text: str) -> Ids:
    """Read what :func:`packed` wrote. Raises ValueError for any other text."""
    try:
        reading = zlib.decompressobj()
        steps = reading.decompress(base64.b64decode(text, validate=True), _MOST)
    except zlib.error as error:
        raise ValueError("not packed numbers") from error
    if not reading.eof:
        raise ValueError("not packed numbers, or too many")
    return np.cumsum(np.frombuffer(steps, dtype="<i8")).astype(np.int64)


_SAMPLE = 2_000
"""Faces of a gallery that cohorts are held against."""
_STALE = 0.02
"""Share of faces that may come to identities or leave them before it is fitted anew; one that
moves from one to another does both."""


@dataclass(frozen=True)
class _Kept:
    """What the file holds: a calibration, the change that it stands for, and how many faces each
    identity had then (its ids, ascending, and their numbers of faces, both packed).

    Attributes:
        cohorts: stamp of the library that was looked through.
        cohort: id of the cohort that it was fitted with, "" for none.
    """

    change: int
    cohorts: str
    cohort: str
    identities: str
    faces: str
    calibration: str


SearchCohort = Callable[[Cohort, ProbabilisticLda | None], Shortlist]
"""What comes up for the faces of a cohort, judged by a discriminant analysis too or not; rows are
identity ids."""


def _searched(cohort: Cohort, search: SearchCohort, lda: ProbabilisticLda | None) -> CohortFaces:
    return CohortFaces(search(cohort, lda), cohort.people)


class CalibrationCache:
    """Fits, loads and saves one gallery's calibration; derived, so losing it costs a fit.

    Attributes:
        latest: the calibration of the last call of :meth:`current`.
        cohort: that it was fitted with; None where none belongs to the gallery's network.
        unsaved: whether it could not be saved when it was fitted last.
    """

    latest: Calibration

    def __init__(self, store: Store, library: CohortLibrary | None) -> None:
        """
        Args:
            library: of cohorts; None uses none.
        """
        self._store = store
        self._library = library
        self.cohort: Cohort | None = None
        self._faces: tuple[Ids, Ids] | None = None
        self._checked = -1
        self._matched: CohortMatch | None = None
        self.unsaved = False

    def current(
        self,
        templates: Callable[[], TemplateTable],
        change: int,
        search: SearchCohort,
        *,
        reporter: Reporter = SILENT,
    ) -> Calibration:
        """The calibration for the gallery at this change.

        Args:
            templates: gives those of all identities; asked only after a change.
            search: finds what comes up for the faces of a cohort.
            reporter: is told how far a fit is that takes long enough to be waited for.

        Raises:
            CancelledError: stopped by the reporter.
        """
        if change == self._checked:
            return self.latest
        table = templates()
        order = np.argsort(table.ids)
        faces = table.ids[order], table.counts[order].astype(np.int64)
        if not self._speaks_for(faces):
            self._load(change)
        if not self._speaks_for(faces):
            ids, owners = self._store.faces.membership()
            heard = reporter if len(ids) > PROBES else SILENT
            self._matched = self._match(ids)
            self.cohort = cohort = self._matched.cohort
            self.latest = calibrate_from(
                ids,
                owners,
                self._store.faces.vector_batches,
                table,
                cohort=partial(_searched, cohort, search) if cohort else None,
                reporter=heard,
            )
            self._faces = faces
            self._save(change)
        self._checked = change
        return self.latest

    def match(self) -> CohortMatch:
        """Which cohorts belong to the gallery's faces, as they were when it was fitted last."""
        matched = self._matched
        if matched is None:
            self._matched = matched = self._match(self._store.faces.membership()[0])
        return matched

    def look_again(self) -> None:
        """Let the next call of :meth:`current` look through the library again."""
        self._faces, self._checked, self._matched = None, -1, None

    def _match(self, faces: Ids) -> CohortMatch:
        if self._library is None or not len(faces):
            return CohortMatch(None, ())
        sample = faces[:: max(1, len(faces) // _SAMPLE)]
        _, owners, vectors = self._store.faces.vectors(sample)
        return self._library.match(vectors, owners, self._store.distance)

    def _stamp(self) -> str:
        return "" if self._library is None else self._library.stamp()

    def _speaks_for(self, faces: tuple[Ids, Ids]) -> bool:
        """Whether it is told of about as many faces of each identity."""
        if self._faces is None:
            return False
        return _difference(self._faces, faces) <= _STALE * int(self._faces[1].sum())

    def _load(self, change: int) -> None:
        try:
            kept = checked(_Kept(**parsed(self._store.derived.read(CALIBRATION) or "")))
            if kept.change <= change and kept.cohorts == self._stamp():
                # else the gallery was put back to an older state, or other cohorts are at hand
                cohort = kept.cohort and self._library and self._library.find(kept.cohort)
                if kept.cohort and not cohort:
                    return
                calibration = Calibration.from_json(kept.calibration)
                identities, faces = unpacked(kept.identities), unpacked(kept.faces)
                if len(identities) != len(faces):
                    raise ValueError("its parts do not fit")
                self._faces = identities, faces
                self.latest, self.cohort = calibration, cohort or None
        except (ValueError, TypeError):
            return  # absent or damaged: it is fitted anew

    def _save(self, change: int) -> None:
        """A reader saves it too, where it can: it is derived, stamped with the change, and written
        whole.
        """
        assert self._faces is not None, "it was fitted just now"
        ids, faces = self._faces
        kept = _Kept(
            change,
            self._stamp(),
            self.cohort.id if self.cohort else "",
            packed(ids),
            packed(faces),
            self.latest.to_json(),
        )
        self.unsaved = not self._store.derived.write(CALIBRATION, json.dumps(asdict(kept)))


def _difference(before: tuple[Ids, Ids], after: tuple[Ids, Ids]) -> int:
    """How many faces came to identities or left them, of ids (ascending) and numbers of faces.

    Nearly always the same identities stand first, and new ones follow: 0.1 ms for 100,000.
    """
    common = min(len(before[0]), len(after[0]))
    if not np.array_equal(before[0][:common], after[0][:common]):
        return _difference_of_any(before, after)
    moved = np.abs(before[1][:common] - after[1][:common]).sum()
    return int(moved + before[1][common:].sum() + after[1][common:].sum())


def _difference_of_any(before: tuple[Ids, Ids], after: tuple[Ids, Ids]) -> int:
    ids = np.concatenate([before[0], after[0]])
    _, place = np.unique(ids, return_inverse=True)
    return int(np.abs(np.bincount(place, np.concatenate([before[1], -after[1]]))).sum())
