"""Linear discriminant analysis: a map after which faces of one identity scatter alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.records.types import Ids, Vectors

_FLOOR = 1e-6


def discriminant(rows: Vectors, labels: Ids, outputs: int = 0) -> Vectors:
    """A map ``(d, o)`` after which faces of one identity scatter alike in every direction.

    Directions are ordered by how far identities lie apart in them, against their own scatter
    (Fisher 1936; Rao 1948), each identity counting once. The scatter within identities is shrunk
    towards a multiple of the unit matrix (Ledoit and Wolf 2004), so that few faces do no harm.

    Args:
        rows: ``(n, d)``, centred.
        labels: a number for the identity of each, ``(n,)``.
        outputs: o; 0 keeps d. Mapped rows have a mean squared length of o.
    """
    exact = rows.astype(np.float64)
    _, group = np.unique(labels, return_inverse=True)
    means = np.zeros((group.max() + 1, exact.shape[1]))
    np.add.at(means, group, exact)
    means /= np.bincount(group)[:, None]
    values, axes = np.linalg.eigh(shrunk_covariance(exact - means[group])[0])
    whitening = (axes / np.sqrt(np.maximum(values, _FLOOR * values.mean() + 1e-24))) @ axes.T
    apart = (means - means.mean(axis=0)) @ whitening
    _, directions = np.linalg.eigh(apart.T @ apart)  # ascending
    found = whitening @ directions[:, ::-1][:, : outputs or directions.shape[1]]
    length = np.mean(np.sum((exact @ found) ** 2, axis=1))
    return np.ascontiguousarray(
        found * np.sqrt(found.shape[1] / max(length, 1e-24)), dtype=np.float32
    )


def shrunk_covariance(
    rows: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], float]:
    """Ledoit and Wolf's estimate from centred rows ``(n, d)``, and by how much it is shrunk."""
    count, width = rows.shape
    sample = rows.T @ rows / count
    target = np.trace(sample) / width * np.eye(width)
    apart = float(np.sum((sample - target) ** 2))
    lengths = np.einsum("ij,ij->i", rows, rows)
    noise = (float(np.mean(lengths**2)) - float(np.sum(sample**2))) / count
    share = min(max(noise, 0.0) / apart, 1.0) if apart > 0 else 1.0
    return np.asarray((1 - share) * sample + share * target), share
