"""Evaluate our methods, as a gallery would use them, beside the references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.errors import TrainingError
from engine.evaluation import runner
from engine.evaluation.contract import CalibrationSet, Fitted, Method, Numbers, Ranked, best_of
from engine.evaluation.references import NearestFaces, references
from engine.models.network import Network
from engine.progress import SILENT, Reporter
from engine.recognition.active_models import ActiveModel, ActiveModels
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.cross_validation import Trials
from engine.recognition.calibration.gallery_calibration import calibrate
from engine.recognition.calibration.method_selection import select_methods
from engine.recognition.identifier import Identifier, build_identifier
from engine.recognition.logit import probabilities
from engine.recognition.spaces import searched_spaces, vector_spaces
from engine.records.figures import Evaluation, MlpLimits
from engine.records.jobs import KINDS
from engine.records.training_parameters import KIND_NAMES, Kind, parameters
from engine.records.types import Distance, Ids, Vectors
from engine.training.job import Job
from engine.training.worker.partial_softmax import BLOCK, EPOCHS, WHOLE
from engine.training.worker.stages import TRAININGS, Stages, steps_of
from engine.training.worker.train_model import TrainingFaces, train, try_knn, try_model
from engine.utils.id_map import IdMap


def evaluate(job: Job, reporter: Reporter) -> Mapping[str, Any]:
    """Do an evaluation job.

    Returns:
        an :class:`engine.records.figures.Evaluation` as plain values.

    Raises:
        TrainingError: the gallery is too small for what is asked.
    """
    asked = job.asked
    people = len(np.unique(job.owners))
    ours, left_out = our_methods(job.distance, asked["methods"], people=people)
    done: Evaluation = runner.evaluate(
        job.vectors,
        job.owners,
        [*references(job.distance), *ours],
        protocol=asked["protocol"],
        repeats=asked["repeats"],
        seed=asked["seed"],
        gallery_name=job.gallery,
        left_out=left_out,
        mlp_limits=mlp_limits(asked["methods"], people),
        reporter=reporter,
    )
    return done.to_json()


OURS = ("knn", "mlp", "triplet", "auto")


def our_methods(
    distance: Distance, names: Sequence[str] = OURS, *, people: int = 0
) -> tuple[list[Method], dict[str, str]]:
    """Those of these names, and the notebooks' model of each kind asked for.

    What one of them learns from a split serves the others too, so they are to be evaluated in
    one run. Where all are asked for in a gallery of very many people, the notebooks' models are
    left out: nothing shortens their training.

    Args:
        people: in the gallery.

    Returns:
        the methods, and those left out, as :class:`Evaluation` says it.
    """
    workshop = _Workshop(distance)
    made: list[Method] = [_Ours(name, workshop) for name in names]
    notebooks = [_Notebook(kind, distance) for kind in KINDS if kind in names]
    if people <= WHOLE or set(names) != set(OURS):
        return made + notebooks, {}
    return made, {notebook.name: "" for notebook in notebooks}


def mlp_limits(names: Sequence[str], people: int) -> MlpLimits | None:
    """What the MLP does with less than all in so large a gallery; None where it learns from all."""
    if people <= WHOLE or not {"mlp", "auto"} & set(names):
        return None
    return MlpLimits(WHOLE, BLOCK, EPOCHS)


@dataclass
class _Workshop:
    """Learns from the enrolled part of a split once, for all methods."""

    distance: Distance
    _split: tuple[int, int] = (-1, -1)
    _learned: dict[str, tuple[Network, Calibration, Trials]] = field(default_factory=dict)
    _calibration: Calibration | None = None
    _knn: tuple[Calibration, Trials] | None = None

    def identifier(
        self, vectors: Vectors, labels: Ids, kinds: Sequence[Kind], seed: int, reporter: Reporter
    ) -> Identifier:
        """k-NN, and with it the models of these kinds; auto chosen among them."""
        faces = _faces(vectors, labels, self.distance)
        split = seed, hash(vectors.tobytes())
        if self._split != split:
            self._split, self._learned, self._knn = split, {}, None
            self._calibration = calibrate(
                faces.ids, faces.owners, faces.vectors, faces.distance, reporter=reporter
            )
        missing = [kind for kind in kinds if kind not in self._learned]
        steps = steps_of(missing, knn=1) if self._knn is None else steps_of(missing, knn=0)
        stages = Stages(reporter, TRAININGS * len(missing), steps=steps)
        for kind in missing:
            self._learned[kind] = _learn(faces, kind, seed, stages)
        assert self._calibration is not None, "it was learned with the split"
        if not kinds:
            return _identifier(faces, ActiveModels(), self._calibration)
        self._knn = self._knn or try_knn(faces, stages.between("Evaluating k-NN"))
        joint, trials = self._knn
        auto = select_methods({"knn": trials, **{kind: self._learned[kind][2] for kind in kinds}})
        models = {
            kind: ActiveModel(kind, network, calibration, faces.identities)
            for kind in kinds
            for network, calibration, _ in [self._learned[kind]]
        }
        return _identifier(faces, ActiveModels(models, auto, joint), self._calibration)


def _learn(
    faces: TrainingFaces, kind: Kind, seed: int, stages: Stages
) -> tuple[Network, Calibration, Trials]:
    settings = parameters(kind)
    trained = train(faces, settings, seed, stages.next(f"Training the {KIND_NAMES[kind]}"))
    if trained.collapsed:
        raise TrainingError(
            f"The {KIND_NAMES[kind]} collapsed", remedy="Report this gallery's figures."
        )
    return trained.network, *try_model(faces, kind, settings, seed, stages)


def _identifier(faces: TrainingFaces, models: ActiveModels, calibration: Calibration) -> Identifier:
    """What would answer in a gallery of these faces with these models in use."""
    spaces = searched_spaces(
        vector_spaces(faces.vectors.shape[1], faces.distance, models.networks), None
    )
    for searched in spaces:
        searched.fill(faces.ids, faces.owners, faces.vectors)
    owners = IdMap(faces.ids, faces.owners)
    return build_identifier(spaces, models, calibration, owners, _names)


def _names(labels: AbstractSet[int]) -> dict[int, str]:
    return {label: str(label) for label in labels}


def _faces(vectors: Vectors, labels: Ids, distance: Distance) -> TrainingFaces:
    """A face's id is its row, an identity's its label."""
    nothing = np.empty((0, vectors.shape[1]), dtype=np.float32)
    ids = np.arange(len(vectors), dtype=np.int64)
    return TrainingFaces(ids, labels, vectors, distance, nothing, np.empty(0, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class _Ours:
    """A method as the gallery itself uses it, its calibration learned from the enrolled part."""

    name: str
    workshop: _Workshop
    reference: bool = False

    def fit(
        self,
        vectors: Vectors,
        labels: Ids,
        calibration: CalibrationSet | None,
        *,
        seed: int,
        reporter: Reporter,
    ) -> Fitted:
        kinds = [kind for kind in KINDS if self.name in (kind, "auto")]
        identifier = self.workshop.identifier(vectors, labels, kinds, seed, reporter)
        return _Asked(identifier, self.name)


@dataclass(frozen=True, eq=False)
class _Asked:
    identifier: Identifier
    method: str

    def rank(self, queries: Vectors, top: int) -> Ranked:
        found = self.identifier.scores(queries, self.method)
        order = np.argsort(-found.log_odds, axis=1, kind="stable")[:, :top]
        return Ranked(
            np.take_along_axis(found.identities, order, axis=1),
            np.take_along_axis(found.log_odds, order, axis=1),
            probabilities(found.log_odds).max(axis=1),
        )


@dataclass(frozen=True)
class _Notebook:
    """A model of the notebooks' settings, used as they used it: softmax, or 5-NN on its output."""

    kind: Kind
    distance: Distance
    reference: bool = False

    @property
    def name(self) -> str:
        return f"{self.kind} (notebook)"

    def fit(
        self,
        vectors: Vectors,
        labels: Ids,
        calibration: CalibrationSet | None,
        *,
        seed: int,
        reporter: Reporter,
    ) -> Fitted:
        faces = _faces(vectors, labels, self.distance)
        reporter.check()
        network = train(faces, parameters(self.kind, "notebook"), seed, SILENT).network
        if self.kind == "mlp":
            return _Softmax(network)
        nearest = NearestFaces("5-NN", "euclidean").fit(
            network(vectors), labels, None, seed=seed, reporter=reporter
        )
        return _Mapped(network, nearest)


@dataclass(frozen=True, eq=False)
class _Softmax:
    network: Network

    def rank(self, queries: Vectors, top: int) -> Ranked:
        logits = self.network(queries).astype(np.float64)
        odds = logits - logits.max(axis=1, keepdims=True)
        shares: Numbers = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
        return best_of(np.log(np.maximum(shares, 1e-300)), top, shares)


@dataclass(frozen=True, eq=False)
class _Mapped:
    network: Network
    nearest: Fitted

    def rank(self, queries: Vectors, top: int) -> Ranked:
        return self.nearest.rank(self.network(queries), top)
