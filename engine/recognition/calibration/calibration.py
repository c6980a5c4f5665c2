"""What a gallery teaches about its own scores: probabilities, and thresholds for a chosen FPIR."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from engine.recognition.logit import LogOdds, Numbers
from engine.recognition.shortlist import FEATURES
from engine.records.domains import checked, parsed

_FORMAT = 2


@dataclass(frozen=True)
class Calibration:
    """Learned from the gallery's own faces; see :func:`calibrate`.

    The threshold is a conformal quantile of the non-mated scores. The faces of one identity
    are no independent searches: where the share ``r`` of the variance lies between identities,
    ``n`` of them count for ``n / (1 + (n - 1) r)`` (Kish 1965, "Survey Sampling", design effect).
    The likeness of extremes fades the rarer they are; ``r`` is taken as the square root of the
    FPIR, which is above what was measured on real faces. Two more corrections make the promise
    hold in small galleries. A stranger meets all K identities where a face of the gallery met
    fewer (K - 1 when only its own was left out), so that the expected FPIR is higher by as much.
    And two identities with one face
    each are as near one way as the other: where they pass for one another, both of them do. (The
    strictest promise is then 2 / (K + 1); it is never weaker than that.)

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

    def grown(self, identities: int) -> Calibration:
        """This calibration in a larger gallery, where a stranger meets more identities."""
        more = identities - self.identities
        if more <= 0 or not self.non_mated:
            return self
        return replace(self, identities=identities, unmet=self.unmet + more)

    def achievable_fpir(self, fpir: float) -> float:
        """The asked FPIR, or the smallest that this gallery can promise where that is larger.

        1 means that it can promise nothing. With one identity nobody is ever named, and any
        FPIR is kept.
        """
        return max(fpir, self._strictest) if self.non_mated else fpir

    def threshold(self, fpir: float) -> float:
        """Score that the first candidate must exceed to be named, at
        :meth:`achievable_fpir`.
        """
        if not self.non_mated:
            return math.inf
        fpir = self.achievable_fpir(fpir)
        scores, counted = self._non_mated
        weights = 1 / (1 + (counted - 1) * math.sqrt(fpir))
        budget = max(fpir / self._excess * (weights.sum() + 1) - self._last_word, 0.0)
        allowed = int(np.searchsorted(np.cumsum(weights), budget * (1 + 1e-12), side="right"))
        return float(scores[allowed]) if allowed < len(scores) else -math.inf

    def fnir_at(self, fpir: float) -> float | None:
        """FNIR on the gallery's own faces, each left out in turn, at this FPIR; None if unknown."""
        if not self.mated:
            return None
        passed = np.searchsorted(np.array(self.mated), self.threshold(fpir), side="right")
        return float(passed) / len(self.mated)

    def note(self, fpir: float) -> str:
        """One sentence on what cannot be promised at this FPIR, else ""."""
        promised = self.achievable_fpir(fpir)
        if not self.non_mated:
            return _NOBODY_ELSE if self.identities else _EMPTY
        if promised <= fpir:
            return ""
        if promised > 0.5:
            return "This gallery is too small to limit how many strangers are wrongly named."
        return (
            f"This gallery is too small for a limit of 1 in {round(1 / fpir)}; up to 1 in "
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
        record = asdict(self) | {"format": _FORMAT, "strangers": self.non_mated}
        del record["non_mated"]  # the file's word for them is an older one
        record["mated"] = [None if math.isinf(score) else score for score in self.mated]
        return json.dumps(record, allow_nan=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str, features: tuple[str, ...] = FEATURES) -> Calibration:
        """Read what :meth:`to_json` wrote.

        Raises:
            ValueError: damaged, or written by another version or for other features.
        """
        try:
            record = parsed(text)
            if record["format"] != _FORMAT or record["features"] != list(features):
                raise ValueError("another version")
            calibration = checked(cls(**_fields(record)))
        except (KeyError, TypeError, AttributeError, OverflowError, ValueError) as error:
            raise ValueError(f"Not a calibration of this version: {error}") from error
        calibration._check()
        return calibration

    def _check(self) -> None:
        """Raises ValueError where the parts do not fit one another."""
        model = self.log_odds
        sizes = {len(model.means), len(model.scales), len(model.weights)}
        numbers = [*model.means, *model.scales, *model.weights, model.intercept, *self.non_mated]
        sound = (
            sizes == {len(self.features)}
            and all(math.isfinite(number) for number in numbers)
            and min(model.scales) > 0
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

    @property
    def _excess(self) -> float:
        return self.identities / (self.identities - self.unmet)

    @cached_property
    def _last_word(self) -> float:
        """Weight of the next non-mated score: 1, or 2 where they come in pairs."""
        _, counted = self._non_mated
        return 1 + float((1 / counted**2).sum() / (1 / counted).sum())

    @cached_property
    def _non_mated(self) -> tuple[Numbers, Numbers]:
        return np.array(self.non_mated), np.array(self.shared, dtype=np.float64)

    @cached_property
    def _strictest(self) -> float:
        """The FPIR at which the highest stranger's score is just the threshold (a fixed point)."""
        _, counted = self._non_mated
        fpir = 1.0
        for _ in range(100):
            searches = (1 / (1 + (counted - 1) * math.sqrt(fpir))).sum()
            smaller = min(1.0, self._excess * self._last_word / (searches + 1))
            if fpir - smaller < 1e-9:
                break
            fpir = smaller
        return min(fpir, 2 / (self.identities + 1))


BY_TEMPLATE = LogOdds(
    means=(0.0,) * len(FEATURES),
    scales=(1.0,) * len(FEATURES),
    weights=tuple(float(name == "template") for name in FEATURES),
    intercept=0.0,
)
"""Scores where nothing can be learned: minus the distance to the template."""

UNCALIBRATED = Calibration(0, BY_TEMPLATE, False, (), (), (), None)
"""Names nobody."""

_EMPTY = "No one is enrolled yet. Enroll someone first."
_NOBODY_ELSE = (
    "Only one person is enrolled, so strangers cannot be recognised as such. Enroll at least one "
    "more person to get a verdict."
)


def _fields(record: dict[str, Any]) -> dict[str, Any]:
    """The fields of a calibration from its JSON record."""
    model, agreement = record["log_odds"], record["agreement"]
    parts = {name: tuple(map(float, model[name])) for name in ("means", "scales", "weights")}
    return {
        "identities": int(record["identities"]),
        "log_odds": LogOdds(**parts, intercept=float(model["intercept"])),
        "fitted": bool(record["fitted"]),
        "non_mated": tuple(map(float, record["strangers"])),
        "shared": tuple(map(int, record["shared"])),
        "mated": tuple(-math.inf if score is None else float(score) for score in record["mated"]),
        "agreement": None if agreement is None else float(agreement),
        "features": tuple(map(str, record["features"])),
        "unmet": int(record["unmet"]),
        "faces": int(record.get("faces", 0)),  # older versions did not note it
    }
