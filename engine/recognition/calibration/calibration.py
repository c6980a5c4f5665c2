"""What a gallery teaches about its own scores: probabilities, and thresholds for a chosen FPIR."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from engine.recognition.calibration.non_mated_scores import NonMatedScores
from engine.recognition.logit import Flags, LogOdds
from engine.recognition.probabilistic_lda import ProbabilisticLda
from engine.recognition.shortlist import FEATURES, WITH_LIKELIHOOD, Shortlist
from engine.records.domains import checked, parsed
from engine.records.types import Ids, Strangers

_FORMAT = 2
_TELLING = 0.1
"""FPIR of people like the enrolled that a gallery must be able to tell, to be asked about them."""


@dataclass(frozen=True)
class Claim:
    """Tells which faces of a cohort belong to enrolled people.

    Attributes:
        log_odds: a score that has not learned from the cohort that everybody in it is a stranger.
        least: score that a claim needs.
    """

    log_odds: LogOdds
    least: float

    def __call__(self, found: Shortlist, people: Ids) -> Flags:
        """Faces of people of whom a face is claimed, ``(n,)``.

        Args:
            found: what comes up for the faces of a cohort.
            people: a number for the person of each, ``(n,)``.
        """
        scores = self.log_odds(found.features, found.filled).max(axis=1, initial=-math.inf)
        return np.isin(people, people[scores > self.least])


@dataclass(frozen=True)
class Calibration:
    """Learned from the gallery's own faces; see :func:`calibrate`.

    Thresholds come from the non-mated scores. Those of a gallery's own faces are scores of people
    who are like the enrolled. A stranger meets all K identities where a face of the gallery met
    fewer (K - 1 when only its own was left out), so that the expected FPIR is higher by as much.
    And two identities with one face each are as near one way as the other: where they pass for
    one another, both of them do. (The strictest promise is then 2 / (K + 1); it is never weaker
    than that.) Those of a cohort are scores of people at large.

    Attributes:
        identities: how many there were.
        log_odds: score of a candidate.
        fitted: False where no identity has two faces or there is no second identity; the score
            is then minus the distance to the template and there are no probabilities.
        non_mated: best score of each sampled face searched without its own identity, highest
            first, by a model that did not see that identity or the final one, whichever gives
            more.
        shared: how many sampled faces belong to the same identity as each of ``non_mated``.
        mated: score of each sampled face searched without itself; minus infinity where another
            identity came first. Ascending.
        agreement: distance that 99.5 % of the pairs of faces of one identity stay within, None
            where there are too few pairs to say.
        features: what the score is made of.
        unmet: how many identities each of ``non_mated`` did not meet, its own among them.
        faces: how many there were where only a sample of them was searched, else 0.
        claim: tells which cohort faces are of enrolled people; None where nothing can.
        lda: where templates are also judged by a discriminant analysis, for the features
            WITH_LIKELIHOOD.
        cohort: scores of the cohort in the gallery as it is, None without one; not in the file.
    """

    identities: int
    log_odds: LogOdds
    fitted: bool
    non_mated: tuple[float, ...]
    shared: tuple[int, ...]
    mated: tuple[float, ...]
    agreement: float | None
    features: tuple[str, ...] = FEATURES
    unmet: int = 1
    faces: int = 0
    claim: Claim | None = None
    lda: ProbabilisticLda | None = None
    cohort: NonMatedScores | None = None

    def grown(self, identities: int) -> Calibration:
        """This calibration in a larger gallery, where a stranger meets more identities."""
        more = identities - self.identities
        if more <= 0 or not self.non_mated:
            return self
        return replace(self, identities=identities, unmet=self.unmet + more)

    def non_mated_scores(self, strangers: Strangers = "at-large") -> NonMatedScores:
        """Scores of strangers of one kind; without a cohort of those who are like the enrolled."""
        if self.cohort is not None and strangers == "at-large":
            return self.cohort
        return self._left_out

    def achievable_fpir(self, fpir: float, strangers: Strangers = "at-large") -> float:
        """The asked FPIR, or the smallest that can be promised where that is larger.

        1 means that nothing can be promised. With one identity and no cohort nobody is ever
        named, and any FPIR is kept.
        """
        scores = self.non_mated_scores(strangers)
        return max(fpir, scores.strictest) if len(scores) else fpir

    def threshold(self, fpir: float, strangers: Strangers = "at-large") -> float:
        """Score that the first candidate must exceed to be named, at
        :meth:`achievable_fpir`.
        """
        scores = self.non_mated_scores(strangers)
        if not len(scores):
            return math.inf
        return scores.threshold(self.achievable_fpir(fpir, strangers))

    def fnir_at(self, fpir: float, strangers: Strangers = "at-large") -> float | None:
        """FNIR on the gallery's own faces, each left out in turn, at this FPIR; None if unknown."""
        if not self.mated:
            return None
        threshold = self.threshold(fpir, strangers)
        passed = np.searchsorted(np.array(self.mated), threshold, side="right")
        return float(passed) / len(self.mated)

    def fpir_alike(self, fpir: float) -> float | None:
        """FPIR of people who are like the enrolled at the threshold for this FPIR of people at
        large; None where it is no other, or the gallery is too small to tell.
        """
        if self.cohort is None or not len(self._left_out) or self._left_out.strictest > _TELLING:
            return None
        return self._left_out.fpir_at(self.threshold(fpir))

    def note(self, fpir: float, strangers: Strangers = "at-large") -> str:
        """One sentence on what cannot be promised at this FPIR, else ""."""
        promised = self.achievable_fpir(fpir, strangers)
        if not len(self.non_mated_scores(strangers)):
            return _NOBODY_ELSE if self.identities else _EMPTY
        if promised <= fpir:
            return ""
        if promised > 0.5:
            return "This gallery is too small to limit how many strangers are wrongly named."
        subject = "The strangers compared are" if self.cohort and strangers == "at-large" else ""
        few = f"{subject} too few" if subject else "This gallery is too small"
        return (
            f"{few} for a limit of 1 in {round(1 / fpir)}; up to 1 in "
            f"{int(1 / promised)} strangers may be wrongly named."
        )

    @property
    def basis(self) -> str:
        """One sentence where it was learned from a sample of the faces, else ""."""
        if not self.faces or not self.non_mated:
            return ""
        return (
            f"Confidence and threshold were calibrated on {len(self.non_mated):,} of "
            f"{self.faces:,} faces, each searched among all."
        )

    def to_json(self) -> str:
        """This calibration as text for a file; minus infinity is written as null."""
        record = asdict(replace(self, cohort=None, lda=None))
        record |= {"format": _FORMAT, "strangers": self.non_mated}
        record["lda"] = self.lda and self.lda.to_text()
        del record["non_mated"], record["cohort"]  # the file's word for the first is an older one
        record["mated"] = [None if math.isinf(score) else score for score in self.mated]
        return json.dumps(record, allow_nan=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str, features: tuple[str, ...] = FEATURES) -> Calibration:
        """Read what :meth:`to_json` wrote.

        Args:
            features: that it must be for; with FEATURES also WITH_LIKELIHOOD is welcome.

        Raises:
            ValueError: damaged, or written by another version or for other features.
        """
        try:
            record = parsed(text)
            if features == FEATURES and record.get("lda") is not None:
                features = WITH_LIKELIHOOD
            if record["format"] != _FORMAT or record["features"] != list(features):
                raise ValueError("another version")
            lda = _lda(record.get("lda"))  # older versions did not note it
            calibration = replace(checked(cls(**_fields(record))), lda=lda)
        except (KeyError, TypeError, AttributeError, OverflowError, ValueError) as error:
            raise ValueError(f"Not a calibration of this version: {error}") from error
        calibration._check()
        return calibration

    def _check(self) -> None:
        """Raises ValueError where the parts do not fit one another."""
        models = [self.log_odds, *([self.claim.log_odds] if self.claim else [])]
        sound = (
            all(model.is_sound(len(self.features)) for model in models)
            and all(math.isfinite(score) for score in self.non_mated)
            and (self.claim is None or not math.isnan(self.claim.least))
            and (self.lda is not None) == (self.features == WITH_LIKELIHOOD)
            and len(self.non_mated) == len(self.shared)
            and min(self.shared, default=1) > 0
            and self.identities >= (2 if self.non_mated else 0)
            and (0 < self.unmet < self.identities or not self.non_mated)
            and list(self.non_mated) == sorted(self.non_mated, reverse=True)
            and list(self.mated) == sorted(self.mated)
            and not any(math.isnan(score) for score in self.mated)
        )
        if not sound:
            raise ValueError("Not a calibration of this version: its parts do not fit")

    @cached_property
    def _left_out(self) -> NonMatedScores:
        scores, shared = np.array(self.non_mated), np.array(self.shared, dtype=np.float64)
        met = max(self.identities - self.unmet, 1)
        bound = 2 / (self.identities + 1)
        return NonMatedScores(scores, shared, self.identities / met, True, bound)


BY_TEMPLATE = LogOdds(
    means=(0.0,) * len(FEATURES),
    scales=(1.0,) * len(FEATURES),
    weights=tuple(float(name == "template") for name in FEATURES),
    intercept=0.0,
)
"""Scores where nothing can be learned: minus the distance to the template."""

BY_LIKELIHOOD = LogOdds(
    means=(0.0,) * len(WITH_LIKELIHOOD),
    scales=(1.0,) * len(WITH_LIKELIHOOD),
    weights=tuple(float(name == "likelihood") for name in WITH_LIKELIHOOD),
    intercept=0.0,
)
"""The same with a discriminant analysis: its own log-odds."""

UNCALIBRATED = Calibration(0, BY_TEMPLATE, False, (), (), (), None)
"""Names nobody."""

_EMPTY = "No one is enrolled yet. Enroll someone first."
_NOBODY_ELSE = (
    "Only one person is enrolled, so strangers cannot be recognised as such. Enroll at least one "
    "more person to get a verdict."
)


def _fields(record: dict[str, Any]) -> dict[str, Any]:
    """The fields of a calibration from its JSON record."""
    agreement = record["agreement"]
    return {
        "identities": int(record["identities"]),
        "log_odds": _log_odds(record["log_odds"]),
        "fitted": bool(record["fitted"]),
        "non_mated": tuple(map(float, record["strangers"])),
        "shared": tuple(map(int, record["shared"])),
        "mated": tuple(-math.inf if score is None else float(score) for score in record["mated"]),
        "agreement": None if agreement is None else float(agreement),
        "features": tuple(map(str, record["features"])),
        "unmet": int(record["unmet"]),
        "faces": int(record.get("faces", 0)),  # older versions did not note it
        "claim": _claim(record.get("claim")),  # nor this
    }


def _log_odds(record: dict[str, Any]) -> LogOdds:
    parts = {name: tuple(map(float, record[name])) for name in ("means", "scales", "weights")}
    return LogOdds(**parts, intercept=float(record["intercept"]))


def _lda(text: str | None) -> ProbabilisticLda | None:
    return None if text is None else ProbabilisticLda.from_text(text)


def _claim(record: dict[str, Any] | None) -> Claim | None:
    if record is None:
        return None
    return Claim(_log_odds(record["log_odds"]), float(record["least"]))
