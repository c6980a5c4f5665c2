"""Joins the spaces and models of a gallery into what answers questions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.identification import Calibration, Identifier, Knn, Mlp
from engine.identification.answers import Names
from engine.recognition.in_use import InUse
from engine.recognition.space import Space
from engine.utils.id_map import IdMap


def identifier_of(
    spaces: Sequence[Space],
    in_use: InUse,
    calibration: Calibration,
    owners: IdMap,
    names: Names,
) -> Identifier:
    """All methods of a gallery.

    Args:
        spaces: the one that faces came in, and that of the triplet model where one is in use.
        calibration: of the original space; models bring their own, which is made to fit the
            number of people there are by now.
        owners: identity ids of face ids; followed while it grows.
        names: of identity ids.
    """
    original, triplet = spaces[0], None
    for learned in spaces[1:]:
        own = in_use.models["triplet"].calibration
        triplet = _knn(learned, own and own.grown(len(learned.templates)), owners)
    return Identifier(
        _knn(original, calibration, owners, in_use.joint),
        names=names,
        triplet=triplet,
        mlp=_mlp(original, in_use),
        auto=in_use.auto.grown(len(original.templates)),
    )


def _knn(
    space: Space,
    calibration: Calibration | None,
    owners: IdMap,
    joint: Calibration | None = None,
) -> Knn:
    return Knn(
        space.keeper,
        space.templates,
        identity_of=owners.find,
        owners_of=owners.few,
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
