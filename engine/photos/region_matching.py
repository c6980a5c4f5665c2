"""Which of the faces that a detector found are meant by the named regions of a photograph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.photos.face_regions import FaceRegion
from engine.photos.region_area import Rectangles, area_rows, overlap_matrix

_LEAST_OVERLAP = 0.25  # intersection over union
_LEAST_RATIO = 1 / 16  # of areas, smaller to larger: a region of a whole body is no face's
_HELD = 0.05  # worth of any match beside its overlap


@dataclass(frozen=True)
class RegionMatches:
    """Regions joined to faces.

    Attributes:
        regions: for each face the region that means it, or None.
        unmatched: regions at whose place no face was found.
    """

    regions: tuple[FaceRegion | None, ...]
    unmatched: tuple[FaceRegion, ...]


def match_regions(
    boxes: ArrayLike, size: tuple[int, int], regions: Sequence[FaceRegion]
) -> RegionMatches:
    """Join each region to at most one face, and each face to at most one region.

    Programs draw larger and smaller rectangles than a detector does: a region may mean a face that
    it overlaps by a quarter, or one in whose box its centre lies. Of all ways to join them, the one
    of the largest overlaps is taken.

    Args:
        boxes: (n, 4), x, y, width and height of each face in pixels of the upright picture.
        size: width and height of the upright picture.
    """
    faces = np.asarray(boxes, np.float64).reshape(-1, 4) / [*size, *size]
    places = area_rows(region.area for region in regions)
    if not len(faces) or not len(places):
        return RegionMatches((None,) * len(faces), tuple(regions))
    from scipy.optimize import linear_sum_assignment  # heavy, and few photographs have regions

    worth = _worth(faces, places)
    matched: dict[int, int] = {
        int(face): int(region)
        for face, region in zip(*linear_sum_assignment(worth, maximize=True), strict=True)
        if worth[face, region] > 0
    }
    taken = set(matched.values())
    return RegionMatches(
        tuple(regions[matched[at]] if at in matched else None for at in range(len(faces))),
        tuple(region for at, region in enumerate(regions) if at not in taken),
    )


def _worth(faces: Rectangles, places: Rectangles) -> Rectangles:
    """(n, m) how well each face and region fit; 0 where they cannot mean one another."""
    overlaps = overlap_matrix(faces, places)
    centres = places[None, :, :2] + places[None, :, 2:] / 2 - faces[:, None, :2]
    within = ((centres >= 0) & (centres <= faces[:, None, 2:])).all(axis=-1)
    sizes = faces[:, None, 2:].prod(axis=-1), places[None, :, 2:].prod(axis=-1)
    alike = np.minimum(*sizes) >= _LEAST_RATIO * np.maximum(*sizes)
    possible = alike & (within | (overlaps >= _LEAST_OVERLAP))
    return np.asarray(np.where(possible, overlaps + _HELD, 0.0))
