"""Where the names beside the faces of a photograph stand, so that all of them can be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QRectF, QSizeF

_GAP = 5.0  # pixels between a box and its label


def place_labels(
    boxes: Sequence[QRectF],
    sizes: Sequence[QSizeF],
    bounds: QRectF,
    first: Sequence[int] = (),
) -> list[QRectF | None]:
    """Return a place for each label, or None where it would cover a face or another label.

    Large faces are served before small ones.

    Args:
        boxes: of the faces, in pixels.
        sizes: of the labels.
        bounds: what the labels must not leave.
        first: labels that are placed before all others, and at any price.
    """
    places: list[QRectF | None] = [None] * len(boxes)
    by_size = sorted(range(len(boxes)), key=lambda at: -boxes[at].height())
    taken: list[QRectF] = []
    for at in (*first, *(at for at in by_size if at not in first)):
        tried = list(_around(boxes[at], sizes[at], bounds))
        others = [box for place, box in enumerate(boxes) if place != at]
        free = (one for one in tried if not _touches(one, taken) and not _touches(one, others))
        place = next(free, None)
        if place is None and at in first:
            place = next((one for one in tried if not _touches(one, taken)), tried[0])
        if place is not None:
            places[at] = place
            taken.append(place)
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


def _touches(rect: QRectF, others: Sequence[QRectF]) -> bool:
    return any(rect.intersects(other) for other in others)
