"""How often a gallery errs, by how strict it is: measured on its own faces and on strangers."""

from __future__ import annotations

from collections.abc import Sequence

from engine.progress import SILENT, Reporter
from engine.recognition.calibration.leave_one_out import gain_of_one_more
from engine.recognition.recogniser import Recogniser
from engine.records.error_rates import CohortUse, ErrorRate, ErrorRates
from engine.records.types import Strangers
from engine.store import Store
from engine.utils.distances import prepare

_MOST = 50_000
"""Faces that are held in memory to tell what one more of each person would win."""


class ErrorEstimator:
    """Error rates of one gallery. Safe to use from several threads."""

    def __init__(self, store: Store, recogniser: Recogniser) -> None:
        self._store = store
        self._recogniser = recogniser

    def measure(
        self,
        fpirs: Sequence[float],
        method: str = "auto",
        strangers: Strangers = "at-large",
    ) -> ErrorRates:
        """Both errors of a method at each of these shares of strangers, lenient ones first.

        Raises:
            InputError: there is no such method, or no model of it is in use.
        """
        calibration = self._recogniser.calibration_of(method)
        scores, used = calibration.non_mated_scores(strangers), self._recogniser.cohort
        at_large = calibration.cohort is not None and strangers == "at-large"
        rates = [
            ErrorRate(
                fpir,
                calibration.achievable_fpir(fpir, strangers),
                calibration.fnir_at(fpir, strangers),
                calibration.fpir_alike(fpir) if at_large else None,
            )
            for fpir in sorted(fpirs, reverse=True)
        ]
        cohort = None
        if at_large and used is not None:
            kept = self._recogniser.kept_strangers
            enrolled = used.count + kept - scores.people
            cohort = CohortUse(used.name, len(used), used.count, enrolled, kept)
        strictest = scores.strictest if len(scores) else 1.0
        refused = self._recogniser.match_cohorts().refused
        return ErrorRates(tuple(rates), strictest, scores.people, cohort, refused)

    def fnir(
        self, fpir: float, method: str = "auto", strangers: Strangers = "at-large"
    ) -> float | None:
        """FNIR on the gallery's own faces, each left out in turn, where this share of strangers may
        be named; None if it cannot be told.
        """
        return self._recogniser.calibration_of(method).fnir_at(fpir, strangers)

    def fnir_with_one_more(
        self, fpir: float, strangers: Strangers = "at-large", reporter: Reporter = SILENT
    ) -> float | None:
        """What :meth:`fnir` would say of k-NN once each person had one more face.

        Returns:
            None where the gallery is too small or too large to tell (over 50,000 faces).

        Raises:
            CancelledError: stopped by the reporter.
        """
        calibration = self._recogniser.calibration_of("knn")
        ids, fnir = self._store.faces.membership()[0], calibration.fnir_at(fpir, strangers)
        if fnir is None or len(ids) > _MOST:
            return None
        _, owners, vectors = self._store.faces.vectors(ids)
        distance, threshold = self._store.distance, calibration.threshold(fpir, strangers)
        rows = prepare(vectors, distance)
        gain = gain_of_one_more(rows, owners, calibration, threshold, distance, reporter)
        return None if gain is None else gain * fnir
