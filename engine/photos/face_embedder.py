"""Aligned faces turned into embeddings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.photos.network_files import DIMENSION, NETWORK, RESNET, open_network
from engine.photos.photo_reader import Pixels
from engine.records.types import Vectors

_AT_ONCE = 8  # larger batches are no faster on one thread


class FaceEmbedder:
    """dlib's residual network for faces (King 2017, `dlib_face_recognition_resnet_model_v1`), a
    ResNet-34 with half of the filters.

    Attributes:
        network: fingerprint of weights and alignment; vectors of different ones do not compare.
    """

    network = NETWORK

    def __init__(self) -> None:
        self._session = open_network(RESNET)

    def embed(self, chips: Sequence[Pixels]) -> Vectors:
        """Embed aligned faces, each ``(150, 150, 3)``, as ``(n, 128)``."""
        rows = [np.empty((0, DIMENSION), dtype=np.float32)]
        for start in range(0, len(chips), _AT_ONCE):
            batch = np.stack(chips[start : start + _AT_ONCE]).transpose(0, 3, 1, 2)
            rows += self._session.run(None, {"chips": batch.astype(np.float32)})
        return np.concatenate(rows)
