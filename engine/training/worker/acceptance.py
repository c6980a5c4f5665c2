"""Whether a new model is better than what is in use, in figures and in one plain sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.recognition.calibration.cross_validation import Trials, same_gallery
from engine.recognition.calibration.method_selection import TrialFigures, beats, trial_figures
from engine.records.training_parameters import Kind
from engine.training.worker.train_model import NOUNS


@dataclass(frozen=True)
class Verdict:
    """What came of a training.

    Attributes:
        better: it is to be put to use.
        metrics: as in :class:`engine.records.jobs.ModelVersion`.
    """

    better: bool
    sentence: str
    metrics: Mapping[str, float]


def collapsed(kind: Kind) -> Verdict:
    """Of a model that takes all faces for the same."""
    return Verdict(
        False,
        f"The {NOUNS[kind]} collapsed: it takes all faces for the same, so it is not put to use.",
        {},
    )


def untried(kind: Kind, reason: str) -> Verdict:
    """Of a model that could not be judged."""
    return Verdict(
        False, f"The {NOUNS[kind]} was trained but not put to use: {_lower(reason)}.", {}
    )


def judged(
    kind: Kind, new: Trials, knn: Trials, old: Trials | None, *, replaces: bool, wanted: bool
) -> Verdict:
    """Of a model that was tried.

    A triplet model must beat the embedding that it started from. Any must beat the version in
    use, where that was tried on the same gallery; where it was not, it knows another gallery
    than there is now, and makes way.

    Args:
        old: of the version in use; None where it was never tried.
        replaces: there is a version in use.
        wanted: False where the person asked not to put it to use.
    """
    shown, start = trial_figures([new]), trial_figures([knn])
    before = (
        trial_figures([old.of(new.faces)]) if old is not None and same_gallery(new, old) else None
    )
    sound = kind == "mlp" or beats(shown, start)
    better = sound and (before is None or beats(shown, before))
    told = _Told(kind, shown, start, before, replaces)
    if not better:
        sentence = told.not_better(sound)
    else:
        sentence = told.better("it is now in use" if wanted else "it was not put to use, as asked")
    return Verdict(
        better and wanted,
        sentence,
        _metrics("", shown) | _metrics("before_", before or start) | _metrics("knn_", start),
    )


def _metrics(prefix: str, shown: TrialFigures) -> dict[str, float]:
    return {
        f"{prefix}rank1": shown.rank1,
        f"{prefix}balanced_rank1": shown.balanced_rank1,
        f"{prefix}fnir": shown.fnir,
    }


@dataclass(frozen=True, eq=False)
class _Told:
    """The figures, and the words for them."""

    kind: Kind
    new: TrialFigures
    start: TrialFigures
    before: TrialFigures | None
    replaces: bool

    def not_better(self, sound: bool) -> str:
        """Args: sound: only the version in use was not beaten."""
        if sound and self.before is not None:
            against = self._against(self.before, "the one in use")
            return f"The new {NOUNS[self.kind]} was not better: {against}. The old one stays."
        stays = "The old one stays" if self.replaces else "k-NN stays"
        against = self._against(self.start, "k-NN")
        return f"The new {NOUNS[self.kind]} was not better: {against}. {stays}."

    def better(self, fate: str) -> str:
        other = "k-NN" if self.before is None else "before"
        compared = self.before or self.start
        figures = f"({_percent(self.new.rank1)}, {other} {_percent(compared.rank1)})"
        points = 100 * (self.new.rank1 - compared.rank1)
        if self.kind == "mlp" and self.before is None:
            instead = " in place of the old one, which knows another gallery" * self.replaces
            right = f"{_percent(self.new.rank1)} of the faces right"
            against = f"k-NN {_percent(self.start.rank1)}"
            return f"The new MLP names {right} ({against}); {fate}{instead}."
        if points >= 0.05:
            more = f"{points:.1f} percentage points more of the faces right"
            return f"The new {NOUNS[self.kind]} names {more} {figures}; {fate}."
        against = self._against(compared, other)
        return f"The new {NOUNS[self.kind]} is better: {against}; {fate}."

    def _against(self, other: TrialFigures, name: str) -> str:
        return (
            f"it names {_percent(self.new.rank1)} of the faces right ({name} "
            f"{_percent(other.rank1)}) and misses {_percent(self.new.fnir)} where 1 stranger in "
            f"100 may get a name ({name} {_percent(other.fnir)})"
        )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
