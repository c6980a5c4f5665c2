"""Where the names beside the faces of a photograph stand, so that all of them can be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from PySide6.QtCore import QRectF, QSizeF

_GAP = 5.0  # pixels between a box and its label


def place_labels(
    boxes: Sequence[QRectF], sizes: Mapping[int, QSizeF], bounds: QRectF, certain: int
) -> dict[int, QRectF]:
    """Return the places of labels; those that would cover a face or another label have none.

    Args:
        boxes: of all faces, in pixels.
        sizes: of the labels, by the place of their face among the boxes; the first comes first.
        bounds: what the labels must not leave.
        certain: how many of them, from the first on, are placed at any price.
    """
    places: dict[int, QRectF] = {}
    for at, size in sizes.items():
        tried = list(_around(boxes[at], size, bounds))
        others = [box for place, box in enumerate(boxes) if place != at]
        apart = [one for one in tried if not _touches(one, places.values())]
        free = [one for one in apart if not _touches(one, others)]
        if len(places) < certain:
            free = free or apart or tried
        if free:
            places[at] = free[0]
    return places


def _around(box: QRectF, size: QSizeF, bounds: QRectF) -> Iterator[QRectF]:
    """Yield the places below and above a box, then at its sides; pushed back into the bounds."""
    middle = box.center().x() - size.width() / 2
    below, above = box.bottom() + _GAP, box.top() - _GAP - size.height()
    beside = box.center().y() - size.height() / 2
    corners = (
        *((middle, below), (middle, above)),
        *((box.right() + _GAP, beside), (box.left() - _GAP - size.width(), beside)),
    )
    for x, y in corners:
        x = max(bounds.left(), min(x, bounds.right() - size.width()))
        y = max(bounds.top(), min(y, bounds.bottom() - size.height()))
        yield QRectF(x, y, size.width(), size.height())


def _touches(rect: QRectF, others: Iterable[QRectF]) -> bool:
    return any(rect.intersects(other) for other in others)
