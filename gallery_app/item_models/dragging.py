"""What is dragged inside the window: faces, or identities, by their ids."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QMimeData

FACES = "application/x-face-gallery-faces"
PEOPLE = "application/x-face-gallery-people"


def packed(kind: str, ids: Iterable[int]) -> QMimeData:
    """Ids as data of a kind."""
    data = QMimeData()
    data.setData(kind, ",".join(map(str, ids)).encode())
    return data


def unpacked(kind: str, data: QMimeData) -> list[int]:
    """The ids of a kind in dragged data; none where it is of another."""
    text = bytes(data.data(kind).data()).decode()
    return [int(one) for one in text.split(",")] if text else []
