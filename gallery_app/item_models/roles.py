"""The custom roles by which delegates ask models for what they paint."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from PySide6.QtCore import QMimeData, Qt

_FIRST = int(Qt.ItemDataRole.UserRole) + 1


class Role(IntEnum):
    """Roles of the models, with the type each one gives."""

    NAME = _FIRST  # str, plain text
    COUNT = _FIRST + 1  # int, faces of the identity
    PICTURE = _FIRST + 2  # QPixmap or QImage, None while it is being made
    CAPTION = _FIRST + 3  # str, plain text
    FACE_ID = _FIRST + 4  # int
    IDENTITY_ID = _FIRST + 5  # int
    WORDS = _FIRST + 6  # str, plain text: what to know of a face that is not enrolled yet
    TONE = _FIRST + 7  # str: good, warning, bad or muted, the colour of these words


NameRole = int(Role.NAME)
CountRole = int(Role.COUNT)
PictureRole = int(Role.PICTURE)
CaptionRole = int(Role.CAPTION)
FaceIdRole = int(Role.FACE_ID)
IdentityIdRole = int(Role.IDENTITY_ID)
WordsRole = int(Role.WORDS)
ToneRole = int(Role.TONE)


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
    return [int(number) for number in text.split(",")] if text else []
