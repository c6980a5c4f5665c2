"""The MLP's outputs as log-odds over identities, calibrated like every other method's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.recognition.calibration.calibration import Calibration
from engine.recognition.logit import Flags, LogOdds
from engine.recognition.scores import MethodScores
from engine.recognition.shortlist import Shortlist
from engine.records.types import Ids, Neighbours, Vectors

FEATURES = ("logit", "level")
BY_SOFTMAX = LogOdds((0.0, 0.0), (1.0, 1.0), (1.0, -1.0), 0.0)
"""Scores where nothing is calibrated: the logarithm of the softmax."""
PLACES = 15
"""Identities looked at for each query: those with the highest logits."""


def mlp_shortlist(logits: Vectors) -> Shortlist:
    """The identities with the highest logits ``(m, C)``, as columns of the logits.

    Features are the logit and its level: the logarithm of the summed exponentials of all logits,
    which is low where nothing known was seen (Liu et al. 2020, "Energy-based out-of-distribution
    detection").
    """
    wanted = min(PLACES, logits.shape[1])
    first = logits.shape[1] - wanted
    rows = np.argpartition(logits, first, axis=1)[:, first:].astype(np.int64)
    chosen = np.take_along_axis(logits, rows, axis=1).astype(np.float64)
    top = chosen.max(axis=1, keepdims=True)
    rest = np.exp(logits - top.astype(np.float32))
    level = top + np.log(rest.sum(axis=1, keepdims=True, dtype=np.float64))
    return Shortlist(rows, np.stack([chosen, np.broadcast_to(level, rows.shape)], axis=2))


class Mlp:
    """Scores queries by a trained classifier, which knows nobody enrolled since."""

    name = "mlp"

    def __init__(
        self,
        network: Callable[[Vectors], Vectors],
        identity_ids: Ids,
        calibration: Calibration | None,
    ) -> None:
        """
        Args:
            network: vectors as they came ``(m, d)`` to logits ``(m, C)``.
            identity_ids: of each output; -1 for an identity that is gone.
        """
        self.calibration = calibration
        self._network = network
        self._identity_ids = identity_ids
        self._learned = np.sort(identity_ids)

    def knows(self, identities: Ids) -> Flags:
        """Whether it learned each of these identities (any shape)."""
        places = np.minimum(self._learned.searchsorted(identities), len(self._learned) - 1)
        return np.asarray(self._learned[places] == identities)

    def scores(self, queries: Vectors, k: int = 5, *, all_templates: bool = False) -> MethodScores:
        """Score the identities in question for queries ``(m, d)``, as they came.

        ``k`` and ``all_templates`` are for methods that search for neighbours.
        """
        found = mlp_shortlist(self._network(queries))
        identities = self._identity_ids[found.rows]
        model = self.calibration.log_odds if self.calibration else BY_SOFTMAX
        odds = model(found.features, identities >= 0)
        nothing = np.empty((len(queries), 0))
        return MethodScores(
            identities,
            odds,
            odds,
            np.full(identities.shape, np.nan, dtype=np.float32),
            Neighbours(nothing.astype(np.int64), nothing.astype(np.float32)),
            nothing.astype(np.int64),
        )

    def scores_left_out(
        self, faces: Ids, owners: Ids, vectors: Vectors, k: int = 5
    ) -> MethodScores:
        """Scores with the face itself in the model: what was learned from it cannot be left out."""
        return self.scores(vectors)
