"""Joins the spaces and models of a gallery into what answers questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from engine.identification import Calibration, Identifier, Knn, Mlp
from engine.in_use import InUse
from engine.space import Space
from engine.types import Ids


def identifier_of(
    original: Space,
    learned: Space | None,
    in_use: InUse,
    calibration: Calibration,
    owners: Mapping[int, int],
    names: Mapping[int, str],
) -> Identifier:
    """All methods of a gallery.

    Args:
        learned: the space of the triplet model in use; None where there is none.
        calibration: of the original space; models bring their own, which is made to fit the
            number of people there are by now.
        owners: identity ids of face ids; followed while it grows.
        names: of identity ids.
    """
    triplet = None
    if learned is not None:
        own = in_use.models["triplet"].calibration
        triplet = _knn(learned, own and own.grown(len(learned.templates)), owners)
    return Identifier(
        _knn(original, calibration, owners, in_use.joint),
        names=partial(_names_of, names),
        triplet=triplet,
        mlp=_mlp(original, in_use),
        auto=in_use.auto.grown(len(original.templates)),
    )


def _knn(
    space: Space,
    calibration: Calibration | None,
    owners: Mapping[int, int],
    joint: Calibration | None = None,
) -> Knn:
    return Knn(
        space.keeper,
        space.templates,
        identity_of=partial(owners_of, owners),
        calibration=calibration,
        distance=space.distance,
        name=space.name,
        transform=space.transform,
        joint=joint,
    )


def _mlp(original: Space, in_use: InUse) -> Mlp | None:
    """It offers nobody who is gone by now."""
    model = in_use.models.get("mlp")
    if model is None:
        return None
    there = original.templates.table().rows(model.identity_ids) >= 0
    return Mlp(model.network, np.where(there, model.identity_ids, -1), model.calibration)


def owners_of(owners: Mapping[int, int], faces: Ids) -> Ids:
    """Identity ids of face ids, of any shape."""
    flat = [owners[face] for face in faces.ravel().tolist()]
    return np.array(flat, dtype=np.int64).reshape(faces.shape)


def _names_of(names: Mapping[int, str], identities: Sequence[int]) -> list[str]:
    return [names[identity] for identity in identities]
