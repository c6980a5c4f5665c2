"""From a gallery's faces to a model that can be used: the network, its meaning, and its trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.errors import TrainingError
from engine.models.network import Network
from engine.progress import SILENT, Reporter
from engine.recognition import mlp
from engine.recognition.calibration.calibration import BY_LIKELIHOOD, BY_TEMPLATE, Calibration
from engine.recognition.calibration.cross_validation import (
    Fold,
    Searcher,
    Trials,
    cross_validate,
    make_folds,
    space_searcher,
)
from engine.recognition.calibration.fitting import BALANCE
from engine.recognition.calibration.gains import beats
from engine.recognition.calibration.method_selection import trial_figures
from engine.recognition.probabilistic_lda import ProbabilisticLda, can_learn
from engine.recognition.shortlist import FEATURES, WITH_LIKELIHOOD, Shortlist
from engine.records.training_parameters import KIND_NAMES, Kind, MlpParameters, Parameters
from engine.records.types import Distance, Ids, Vectors
from engine.training.worker.mlp_trainer import train_mlp
from engine.training.worker.stages import Stages
from engine.training.worker.trained import Trained
from engine.training.worker.triplet_trainer import train_triplet
from engine.utils.distances import prepare

_IN_A_SPACE = (FEATURES, BY_TEMPLATE)
_LOOKED_AT_ONCE = 4_096
"""Queries between two words on how far the judgement is."""
_LOGITS = 4_000_000
"""Outputs of a classifier held in memory at once (16 MB)."""


@dataclass(frozen=True, eq=False)
class TrainingFaces:
    """What is learned from: ids, identity ids ``(n,)`` and embeddings ``(n, d)``, as they came.

    Attributes:
        rejected, rejected_owners: vectors ``(r, d)`` and the identity that each is not.
    """

    ids: Ids
    owners: Ids
    vectors: Vectors
    distance: Distance
    rejected: Vectors
    rejected_owners: Ids

    def part(self, rows: Ids) -> TrainingFaces:
        """The faces in rows ``(m,)``, with what was rejected, but no face not among them."""
        others = np.delete(self.vectors, rows, axis=0)
        hidden = {row.tobytes() for row in others} if len(self.rejected) else set()
        kept = [row.tobytes() not in hidden for row in self.rejected]
        return TrainingFaces(
            self.ids[rows],
            self.owners[rows],
            self.vectors[rows],
            self.distance,
            self.rejected[kept],
            self.rejected_owners[kept],
        )

    @property
    def identities(self) -> Ids:
        """Ids ``(c,)``, ascending: an MLP's outputs stand for them in this order."""
        return np.unique(self.owners)


def train(faces: TrainingFaces, parameters: Parameters, seed: int, reporter: Reporter) -> Trained:
    """One network from all of these faces. Raise TrainingError where they are too few."""
    identities = faces.identities
    labels = np.searchsorted(identities, faces.owners)
    known = np.isin(faces.rejected_owners, identities)
    rejected = None
    if known.any():
        owners = faces.rejected_owners[known]
        rejected = faces.rejected[known], np.searchsorted(identities, owners)
    if isinstance(parameters, MlpParameters):
        return train_mlp(
            faces.vectors,
            labels,
            parameters,
            faces.distance,
            seed=seed,
            reporter=reporter,
            rejected=rejected,
        )
    return train_triplet(
        faces.vectors,
        labels,
        parameters,
        faces.distance,
        seed=seed,
        reporter=reporter,
        rejected=rejected,
    )


def try_model(
    faces: TrainingFaces, kind: Kind, parameters: Parameters, seed: int, stages: Stages
) -> tuple[Calibration, Trials]:
    """Train it anew in each fold, without what is asked for there.

    Raises:
        TrainingError: a fold has too few faces to learn from, or its model collapses.
    """
    dealt = dealt_out(faces)
    lookers = []
    for number, fold in enumerate(dealt, 1):
        title = f"Testing the {KIND_NAMES[kind]} on unseen people, {number} of {len(dealt)}"
        part = faces.part(fold.enrolled)
        trained = train(part, parameters, seed + number, stages.next(title))
        if trained.collapsed:
            raise TrainingError("It collapsed during testing", remedy="Use the default preset.")
        lookers.append(looker(part, kind, trained.network))
    features, unfitted = (mlp.FEATURES, mlp.BY_SOFTMAX) if kind == "mlp" else _IN_A_SPACE
    reporter = stages.between(f"Evaluating the {KIND_NAMES[kind]}")
    return cross_validate(
        faces.ids,
        faces.owners,
        faces.vectors,
        dealt,
        _told(lookers, dealt, reporter),
        features=features,
        unfitted=unfitted,
    )


def try_knn(faces: TrainingFaces, reporter: Reporter = SILENT) -> tuple[Calibration, Trials]:
    """Try k-NN on the vectors as they came, which trained models start from: as it is, or with a
    discriminant analysis where that is better beyond noise.
    """
    plain = _tried_knn(faces, reporter, likely=False)
    figures = trial_figures([plain[1]])
    if not figures.is_hard or not can_learn(faces.owners, len(faces.identities)):
        return plain
    calibration, trials = _tried_knn(faces, reporter, likely=True)
    if not beats(trial_figures([trials]), figures):
        return plain
    lda = ProbabilisticLda.learned(prepare(faces.vectors, faces.distance), faces.owners)
    return replace(calibration, lda=lda), trials


def _tried_knn(
    faces: TrainingFaces, reporter: Reporter, *, likely: bool
) -> tuple[Calibration, Trials]:
    dealt = dealt_out(faces)
    lookers = []
    for fold in dealt:
        part = faces.part(fold.enrolled)
        kept = part.vectors, part.owners, part.distance
        lookers.append(space_searcher(*kept, lambda rows: rows, likely=likely))
    told = _told(lookers, dealt, reporter)
    return cross_validate(
        faces.ids,
        faces.owners,
        faces.vectors,
        dealt,
        told,
        features=WITH_LIKELIHOOD if likely else FEATURES,
        unfitted=BY_LIKELIHOOD if likely else BY_TEMPLATE,
        balance=BALANCE if likely else 0.0,
    )


def _told(lookers: Sequence[Searcher], dealt: Sequence[Fold], reporter: Reporter) -> list[Searcher]:
    """Searches that also report how many of the folds' queries they have answered."""
    total, done = sum(len(fold.mated) + len(fold.non_mated) for fold in dealt), 0

    def telling(look: Searcher) -> Searcher:
        def looked(queries: Vectors) -> Shortlist:
            nonlocal done
            parts = []
            for start in range(0, max(len(queries), 1), _LOOKED_AT_ONCE):
                reporter.progress("Judging", done, total)
                part = queries[start : start + _LOOKED_AT_ONCE]
                parts.append(look(part))
                done += len(part)
            return Shortlist.joined(parts)

        return looked

    return [telling(looker) for looker in lookers]


def dealt_out(faces: TrainingFaces) -> list[Fold]:
    """The folds. Raise TrainingError where the gallery is too small for them."""
    made = make_folds(faces.ids, faces.owners)
    sizes = [len(np.unique(faces.owners[fold.enrolled])) for fold in made]
    if len(made) < 3 or min(sizes) < 2 or not all(len(fold.mated) for fold in made):
        raise TrainingError(
            "The gallery is too small to test a model on unseen people",
            remedy="Enroll more people, with several faces each.",
        )
    return made


def looker(faces: TrainingFaces, kind: Kind, network: Network) -> Searcher:
    """How a trained network looks at queries, knowing only these faces."""
    if kind == "triplet":
        return space_searcher(faces.vectors, faces.owners, "cosine", network)
    identities = faces.identities

    def look(queries: Vectors) -> Shortlist:
        step = max(1, _LOGITS // len(identities))
        starts = range(0, max(len(queries), 1), step)
        found = Shortlist.joined(
            [mlp.mlp_shortlist(network(queries[start : start + step])) for start in starts]
        )
        return Shortlist(identities[found.rows], found.features)

    return look
