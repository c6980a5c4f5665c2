"""Models that are in use in a gallery without a training: made by hand, tried as trained ones are.

The triplet model standardises its input and no more; the MLP takes whose mean is nearest.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from engine.models.network import Layer, Network, fit_scaler
from engine.models.version_files import CALIBRATION, KNN_CALIBRATION, KNN_TRIALS, TRIALS
from engine.models.versions import VersionContent, version_id, write_version
from engine.recognition import mlp
from engine.recognition.active_models import _keep
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.cross_validation import (
    Searcher,
    Trials,
    cross_validate,
    make_folds,
    space_searcher,
)
from engine.recognition.calibration.method_selection import MethodChoice, trial_figures
from engine.recognition.shortlist import Shortlist
from engine.records.jobs import ModelVersion
from engine.records.training_parameters import Kind, as_json, parameters
from engine.records.types import Distance, Ids, Vectors
from engine.store import Store
from engine.utils.gallery_folder import MODELS

REASON = "On these faces k-NN + triplet misses fewer of the known people than k-NN."


def put_to_use(
    folder: Path,
    *kinds: Kind,
    fused: bool = False,
    mistaken: Mapping[str, str] | None = None,
) -> dict[Kind, str]:
    """Puts models of these kinds to use in a gallery that is closed; returns their ids.

    Args:
        fused: ``auto`` stands for k-NN with the triplet model, whichever is better.
        mistaken: for whom the MLP takes somebody, by name.
    """
    store = Store.open(folder)
    try:
        faces, owners, vectors = store.faces.vectors()
        distance = store.distance
        networks = {kind: _network(kind, vectors, owners, distance) for kind in kinds}
        knn = _tried(None, faces, owners, vectors, distance)
        tried = {kind: _tried(kind, faces, owners, vectors, distance) for kind in kinds}
        ids = {one.name: one.id for one in store.people.all()}
        swapped = {ids[name]: ids[other] for name, other in (mistaken or {}).items()}
        outputs = [swapped.get(int(one), int(one)) for one in np.unique(owners)]
        made: dict[Kind, str] = {}
        for kind in kinds:
            version = _version(kind, len(np.unique(owners)), len(faces))
            calibration, trials = tried[kind]
            content = VersionContent(
                version,
                networks[kind],
                faces,
                owners,
                curves=[],
                identity_ids=outputs if kind == "mlp" else (),
                texts={CALIBRATION: calibration.to_json(), KNN_CALIBRATION: knn[0].to_json()},
                files={TRIALS: trials.save, KNN_TRIALS: knn[1].save},
            )
            write_version(folder / MODELS / version.id, content)
            store.models.add(version, activate=True)
            made[kind] = version.id
        if fused:
            together = trial_figures([knn[1], tried["triplet"][1]]).calibration
            auto = MethodChoice(("knn", "triplet"), together, REASON)
            _keep(folder / MODELS / "auto.json", sorted(made.values()), auto)
        return made
    finally:
        store.close()


def _version(kind: Kind, identities: int, faces: int) -> ModelVersion:
    now = time.time()
    return ModelVersion(
        id=version_id(kind, now),
        kind=kind,
        preset="default",
        seed=0,
        created=now,
        seconds=0.1,
        active=False,
        collapsed=False,
        sentence="Made by hand.",
        metrics={},
        parameters=as_json(parameters(kind, "default")),
        identities=identities,
        faces=faces,
    )


def _network(kind: Kind, vectors: Vectors, owners: Ids, distance: Distance) -> Network:
    scaler = fit_scaler(vectors, distance, "standardised")
    if kind == "triplet":
        return Network(distance, *scaler, (), unit=True)
    plain = Network(distance, *scaler, ())
    rows = plain(vectors)
    means = np.stack([rows[owners == one].mean(axis=0) for one in np.unique(owners)])
    kernel = (means.T / rows.shape[1]).astype(np.float32)
    bias = -(means**2).sum(axis=1).astype(np.float32) / (2 * rows.shape[1])
    return Network(distance, plain.mean, plain.scale, (Layer(kernel, bias, relu=False),))


def _tried(
    kind: Kind | None, faces: Ids, owners: Ids, vectors: Vectors, distance: Distance
) -> tuple[Calibration, Trials]:
    dealt = make_folds(faces, owners)
    lookers = [
        _looker(kind, vectors[fold.enrolled], owners[fold.enrolled], distance) for fold in dealt
    ]
    if kind == "mlp":
        return cross_validate(
            faces, owners, vectors, dealt, lookers, features=mlp.FEATURES, unfitted=mlp.BY_SOFTMAX
        )
    return cross_validate(faces, owners, vectors, dealt, lookers)


def _looker(kind: Kind | None, vectors: Vectors, owners: Ids, distance: Distance) -> Searcher:
    if kind is None:
        return space_searcher(vectors, owners, distance, lambda rows: rows)
    network = _network(kind, vectors, owners, distance)
    if kind == "triplet":
        return space_searcher(vectors, owners, "cosine", network)
    identities = np.unique(owners)

    def look(queries: Vectors) -> Shortlist:
        found = mlp.mlp_shortlist(network(queries))
        return Shortlist(identities[found.rows], found.features)

    return look
