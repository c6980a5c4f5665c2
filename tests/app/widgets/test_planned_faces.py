"""Faces that are not enrolled yet, painted in every state; and the lines of advice."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtWidgets import QListView, QStyle, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from engine.records.advice import Advice
from gallery_app.dialogs.enroll_dialog import AdvicePanel
from gallery_app.item_models.roles import PictureRole, ToneRole, WordsRole
from gallery_app.theme.colours import current_theme
from gallery_app.widgets.faces.new_face_list import NewFaceDelegate
from tests.app.widgets.test_delegates import NAMES

Checked = Qt.CheckState.Checked


class OneFace(QAbstractListModel):
    def __init__(self, values: dict[int, Any], checkable: bool) -> None:
        super().__init__()
        self._values = values
        self._checkable = checkable

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 1

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        more = Qt.ItemFlag.ItemIsUserCheckable if self._checkable else Qt.ItemFlag.NoItemFlags
        return super().flags(index) | more

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        return self._values.get(int(role))


def painted(values: dict[int, Any], *, checkable: bool = True) -> QImage:
    model = OneFace(values, checkable)
    view = QListView()
    view.setModel(model)
    option = QStyleOptionViewItem()
    option.widget = view
    option.state = QStyle.StateFlag.State_Enabled
    option.rect = QRect(0, 0, 360, NewFaceDelegate().sizeHint(option, model.index(0)).height())
    image = QImage(option.rect.size(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(current_theme().panel)
    painter = QPainter(image)
    NewFaceDelegate().paint(painter, option, model.index(0))
    painter.end()
    return image


def a_face(state: Qt.CheckState, tone: str, picture: QPixmap, name: str = "a.npy") -> QImage:
    values = {
        int(Qt.ItemDataRole.DisplayRole): name,
        int(Qt.ItemDataRole.CheckStateRole): state,
        PictureRole: picture,
        WordsRole: f"Looks like {name}",
        ToneRole: tone,
    }
    return painted(values)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_words_of_any_length_stay_within_the_row(name: str, mode: str, picture: QPixmap) -> None:
    image = a_face(Checked, "warning", picture, name)
    edge = {image.pixelColor(image.width() - 4, y).rgb() for y in range(image.height())}
    assert edge == {current_theme().panel.rgb()}


def test_a_face_that_is_left_out_is_faded_and_has_an_empty_box(mode: str, picture: QPixmap) -> None:
    taken = a_face(Checked, "good", picture)
    left = a_face(Qt.CheckState.Unchecked, "muted", picture)
    middle = taken.height() // 2
    assert taken.pixelColor(15, middle - 6) == current_theme().accent
    assert left.pixelColor(20, middle) == current_theme().panel
    assert taken.pixelColor(66, middle) != left.pixelColor(66, middle)


def test_a_file_that_cannot_be_used_has_no_box(mode: str) -> None:
    image = painted(
        {int(Qt.ItemDataRole.DisplayRole): "void.npy", ToneRole: "bad"}, checkable=False
    )
    row = {image.pixelColor(x, 32).rgb() for x in range(36)}
    assert row == {current_theme().panel.rgb()}


def test_a_name_on_a_button_is_plain_text_and_not_too_long(qtbot: QtBot) -> None:
    panel = AdvicePanel()
    qtbot.addWidget(panel)
    for name in ("Marks & Spencer", "W" * 200):
        panel.show_advice([Advice("looks-like", (0,), name, group=1)], {})
        button = panel.lines[0].button
        assert len(button.text()) < 60
        assert "&&" in button.text() or "…" in button.text()


def test_many_remarks_are_cut_and_the_name_comes_first(qtbot: QtBot) -> None:
    panel = AdvicePanel()
    qtbot.addWidget(panel)
    said = [Advice("looks-like", (row,), f"P{row}", group=4, file=f"{row}.npy") for row in range(4)]
    said.append(Advice("name", (0,), "Tom", "Tоm"))
    panel.show_advice(said, {"Tim": 2})
    texts = panel.text().splitlines()
    assert texts[:2] == [
        "2 faces will be added to Tim instead",
        "“Tоm” looks like “Tom”, who is enrolled, but is spelled with different letters",
    ]
    assert texts[-1] == "One more remark is shown beside the faces"
    panel.show_advice([], {})
    assert panel.isHidden()
