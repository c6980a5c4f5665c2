"""Rows and cells, painted in every state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, QRect
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from gallery_app.item_models.roles import CaptionRole, CountRole, NameRole, PictureRole, Role
from gallery_app.theme.colours import current_theme
from gallery_app.widgets.faces.delegates import FaceDelegate, IdentityDelegate
from tests.app.widgets.drawing import pixels

State = QStyle.StateFlag
STATES = {
    "plain": State.State_Enabled,
    "hover": State.State_Enabled | State.State_MouseOver,
    "selected": State.State_Enabled | State.State_Selected,
    "focused": State.State_Enabled | State.State_HasFocus | State.State_KeyboardFocusChange,
}
NAMES = ["A", "", "A" * 200, "نجيب " * 40, "王小明" * 60, "😀" * 100, "<b>A</b> & B", "A\nB\tC"]


class OneRow(QAbstractListModel):
    def __init__(self, values: dict[int, Any]) -> None:
        super().__init__()
        self._values = values

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 1

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        return self._values.get(role)


def painted(delegate: QStyledItemDelegate, values: dict[int, Any], state: str) -> QImage:
    model = OneRow(values)
    view = QListView()
    view.setModel(model)
    option = QStyleOptionViewItem()
    option.widget = view
    option.state = STATES[state]
    option.rect = QRect(0, 0, 260, delegate.sizeHint(option, model.index(0)).height())
    image = QImage(option.rect.size(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(current_theme().panel)
    painter = QPainter(image)
    delegate.paint(painter, option, model.index(0))
    painter.end()
    return image


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_an_identity_of_any_name_is_painted_and_its_count_stays_clear(
    name: str, mode: str, picture: QPixmap
) -> None:
    values = {NameRole: name, CountRole: 1234567, PictureRole: picture}
    nameless = painted(IdentityDelegate(), values | {NameRole: ""}, "plain")
    row = painted(IdentityDelegate(), values, "plain")
    right = QRect(180, 0, 80, row.height())
    assert row.copy(right) == nameless.copy(right)


@pytest.mark.parametrize("kind", [IdentityDelegate, FaceDelegate])
def test_every_state_looks_different(kind: type, mode: str, picture: QPixmap) -> None:
    values = {NameRole: "A", CountRole: 3, CaptionRole: "0001", PictureRole: picture}
    looks = [painted(kind(), values, state) for state in STATES]
    assert all(one != other for i, one in enumerate(looks) for other in looks[i + 1 :])


@pytest.mark.parametrize("kind", [IdentityDelegate, FaceDelegate])
@pytest.mark.parametrize("absent", [lambda: None, QPixmap], ids=["none", "empty"])
def test_a_picture_that_is_not_there_yet_has_a_placeholder(
    kind: type, absent: Callable[[], QPixmap | None], mode: str
) -> None:
    image = painted(kind(), {PictureRole: absent()}, "plain")
    middle = image.pixelColor(36, 28)
    assert middle == current_theme().track


@pytest.mark.parametrize("kind", [IdentityDelegate, FaceDelegate])
def test_a_picture_may_be_an_image_as_well(kind: type, mode: str, picture: QPixmap) -> None:
    of_pixmap = painted(kind(), {PictureRole: picture}, "plain")
    of_image = painted(kind(), {PictureRole: picture.toImage()}, "plain")
    assert abs(pixels(of_pixmap) - pixels(of_image)).max() <= 1


def test_a_picture_that_is_not_square_is_cut_not_squeezed(mode: str) -> None:
    wide = QPixmap(300, 100)
    wide.fill(QColor("red"))
    painter = QPainter(wide)
    painter.fillRect(100, 0, 100, 100, QColor("blue"))
    painter.end()
    image = painted(FaceDelegate(), {PictureRole: wide}, "plain")
    assert image.pixelColor(12, 54) == QColor("blue")
    assert image.pixelColor(96, 54) == QColor("blue")


def test_a_chosen_identity_has_the_bar_at_its_left(mode: str, picture: QPixmap) -> None:
    image = painted(IdentityDelegate(), {NameRole: "A", PictureRole: picture}, "selected")
    assert image.pixelColor(1, 5) == current_theme().accent
    assert image.pixelColor(5, 5) == current_theme().selection


def test_rows_and_cells_have_the_sizes_of_the_drawing(qtbot: QtBot, mode: str) -> None:
    option, index = QStyleOptionViewItem(), QModelIndex()
    assert IdentityDelegate().sizeHint(option, index).height() == 56
    assert FaceDelegate().sizeHint(option, index).width() == 108


def test_no_two_roles_are_the_same() -> None:
    assert len({int(role) for role in Role}) == len(list(Role))
