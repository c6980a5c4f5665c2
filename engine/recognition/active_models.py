"""The trained models that a gallery has in use, read from their version folders."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.errors import GalleryDamagedError, ModelError
from engine.models.network import Network
from engine.models.version_files import (
    CALIBRATION,
    KNN_CALIBRATION,
    KNN_TRIALS,
    TRIALS,
    load_network,
    load_text,
    load_version,
)
from engine.progress import Listener, Message
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.cross_validation import Trials, same_gallery
from engine.recognition.calibration.method_selection import KNN_ALONE, MethodChoice, select_methods
from engine.recognition.mlp import FEATURES as MLP_FEATURES
from engine.recognition.shortlist import FEATURES
from engine.records.domains import parsed
from engine.records.jobs import ModelVersion
from engine.records.training_parameters import Kind
from engine.records.types import Ids
from engine.store import Store
from engine.utils.files import read_text, write_atomically
from engine.utils.gallery_folder import MODELS
from engine.utils.ignoring import ignored

_log = logging.getLogger(__name__)

_AUTO = "auto.json"
_FORMAT = 1
_UNKNOWN = "The results of the trained models cannot be read, so auto is k-NN."


@dataclass(frozen=True, eq=False)
class ActiveModel:
    """A version in use.

    Attributes:
        calibration: None for one that could not be tried: it never names anybody.
        identity_ids: of an MLP, the identity of each output.
    """

    id: str
    network: Network
    calibration: Calibration | None
    identity_ids: Ids


@dataclass(frozen=True, eq=False)
class ActiveModels:
    """The models in use by kind, and what ``auto`` stands for with them.

    Attributes:
        joint: of k-NN, as fusions have learned with it; None where nothing is fused.
    """

    models: dict[Kind, ActiveModel] = field(default_factory=dict)
    auto: MethodChoice = KNN_ALONE
    joint: Calibration | None = None

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(model.id for model in self.models.values())

    @property
    def networks(self) -> dict[Kind, tuple[str, Network]]:
        """Version id and network by kind."""
        return {kind: (model.id, model.network) for kind, model in self.models.items()}


def load_active_models(store: Store, listener: Listener | None) -> ActiveModels:
    """Read the models in use. A damaged one is reported and left out."""

    def tell(text: str) -> None:
        if listener is not None:
            listener(Message(text, alarm=True))

    models: dict[Kind, ActiveModel] = {}
    try:
        versions = store.models.all()
    except GalleryDamagedError as error:
        tell(f"No trained model is used: {error}")
        return ActiveModels()
    for version in versions:
        if not version.active:
            continue
        try:
            models[version.kind] = load_model(store, version)
        except ModelError as error:
            tell(f"The {version.kind} model is not used: {error}")
    folder = store.models.folder if models else store.folder / MODELS
    auto = _auto(folder, models, tell)
    fuses = any(len(choice.members) > 1 for choice in (auto, auto.otherwise) if choice is not None)
    try:
        return ActiveModels(models, auto, _joint(folder, models) if fuses else None)
    except ModelError as error:
        tell(f"auto is k-NN: {error}")
        return ActiveModels(models, replace(KNN_ALONE, reason=_UNKNOWN))


def load_model(store: Store, version: ModelVersion) -> ActiveModel:
    """A version, ready for use. Raises ModelError: absent, damaged, or of another gallery."""
    folder = store.models.version_folder(version.id)
    text = load_text(folder, CALIBRATION)
    features = MLP_FEATURES if version.kind == "mlp" else FEATURES
    try:
        calibration = None if text is None else Calibration.from_json(text, features)
    except ValueError as error:
        raise ModelError(
            f"The calibration cannot be read ({error})",
            file=folder / CALIBRATION,
            remedy="Train it again.",
        ) from error
    identity_ids = load_version(folder).identity_ids
    network = load_network(folder)
    fits = (network.dimension, network.distance) == (store.dimension, store.distance)
    if not fits or (version.kind == "mlp" and network.outputs != len(identity_ids)):
        raise ModelError(
            "The weights belong to another model", file=folder, remedy="Train it again."
        )
    return ActiveModel(folder.name, network, calibration, identity_ids)


def _auto(
    folder: Path, models: Mapping[Kind, ActiveModel], tell: Callable[[str], None]
) -> MethodChoice:
    """The saved choice of ``auto``, made again where other versions are in use by now."""
    if not models:
        return KNN_ALONE
    ids = sorted(model.id for model in models.values())
    kept = _kept(folder / _AUTO, ids, {"knn", *models})
    if kept is None:
        try:
            kept = select_methods(_trials(folder, models))
        except ModelError as error:
            tell(f"auto is k-NN: {error}")
            return replace(KNN_ALONE, reason=_UNKNOWN)
        _keep(folder / _AUTO, ids, kept)
    return kept


def _trials(folder: Path, models: Mapping[Kind, ActiveModel]) -> dict[str, Trials]:
    """Trials of the newest tried model, of others tried on the same gallery, and of k-NN."""
    found: dict[str, Trials] = {}
    for model in _newest_first(models):
        tried = Trials.load(folder / model.id / TRIALS)
        if "knn" not in found:
            found["knn"] = Trials.load(folder / model.id / KNN_TRIALS)
        if same_gallery(tried, found["knn"]):
            found[model.id.split("-", 1)[0]] = tried
    return {name: found[name] for name in ("knn", "triplet", "mlp") if name in found}


def _joint(folder: Path, models: Mapping[Kind, ActiveModel]) -> Calibration:
    """Calibration of k-NN, saved beside the newest model that was tried. Raises ModelError."""
    path = folder / _newest_first(models)[0].id / KNN_CALIBRATION
    try:
        return Calibration.from_json(read_text(path))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"The calibration of k-NN cannot be read ({error})", file=path, remedy="Train again."
        ) from error


def _newest_first(models: Mapping[Kind, ActiveModel]) -> list[ActiveModel]:
    """The models that were tried."""
    tried = [model for model in models.values() if model.calibration is not None]
    return sorted(tried, key=lambda model: model.id.split("-", 1)[1], reverse=True)


def _kept(path: Path, ids: list[str], methods: set[str]) -> MethodChoice | None:
    try:
        record = parsed(read_text(path))
        if record["format"] != _FORMAT or record["versions"] != ids:
            return None
        auto = MethodChoice.from_json(record["auto"])
        return auto if methods.issuperset(auto.all_members) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        _log.debug("The saved choice of methods cannot be used", exc_info=True)
        return None  # absent or damaged: it is chosen anew


def _keep(path: Path, ids: list[str], auto: MethodChoice) -> None:
    record = {"format": _FORMAT, "versions": ids, "auto": auto.to_json()}
    with ignored(OSError):  # it only saves work
        write_atomically(path, json.dumps(record).encode())
