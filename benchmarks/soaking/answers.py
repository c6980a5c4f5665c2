"""What a person does with what is open over the window: menus, messages, choosers and dialogs."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QWidget,
)

from benchmarks.soaking import hand
from benchmarks.soaking.making import Material
from gallery_app.dialogs.enroll_dialog import EnrollDialog
from gallery_app.dialogs.erase_dialog import EraseDialog
from gallery_app.dialogs.export_dialog import ExportDialog
from gallery_app.dialogs.history_dialog import HistoryDialog

_PATIENCE = 15  # gestures after which a dialog is put away
_MADE = 4  # entries of the history that a gallery begins with
_EXPORTS = 3  # that stay on disk


class Answers:
    """One gesture after the other until what is open is closed."""

    def __init__(self, material: Material, work: Path, chance: random.Random) -> None:
        self._material, self._work, self._chance = material, work, chance
        self._shown: QWidget | None = None
        self._gestures = self._files = 0

    def gesture(self, shown: QWidget) -> str:
        """Does something with it; says what."""
        if shown is not self._shown:
            self._shown, self._gestures = shown, 0
        self._gestures += 1
        name = type(shown).__name__
        if isinstance(shown, ExportDialog):
            return f"{name}: {self._in_export(shown)}"
        if isinstance(shown, QMenu):
            return f"{name}: {self._in_menu(shown)}"
        if isinstance(shown, QFileDialog):
            return f"{name}: {self._in_chooser(shown)}"
        if isinstance(shown, QMessageBox):
            return f"{name}: {self._in_message(shown)}"
        if self._gestures > _PATIENCE or not isinstance(shown, QDialog):
            put_away(shown)
            return f"{name}: away"
        return f"{name}: {self._in_dialog(shown)}"

    def _in_menu(self, menu: QMenu) -> str:
        if self._chance.random() < 0.3 or self._gestures > 4:
            hand.press(menu, Qt.Key.Key_Escape)
            return "Escape"
        hand.choose_in(menu, self._chance.randrange(20))
        return "entry"

    def _in_message(self, box: QMessageBox) -> str:
        buttons = [one for one in box.findChildren(QAbstractButton) if hand.can_click(one)]
        if not buttons or self._chance.random() < 0.3 or self._gestures > 4:
            put_away(box)
            return "away"
        hand.click(self._chance.choice(buttons))
        return "button"

    def _in_chooser(self, chooser: QFileDialog) -> str:
        """Types a path and accepts, where it is for files; else, and often, goes away."""
        saves = chooser.acceptMode() == QFileDialog.AcceptMode.AcceptSave
        folders = chooser.fileMode() == QFileDialog.FileMode.Directory
        field = chooser.findChild(QLineEdit, "fileNameEdit")
        if folders or field is None or self._gestures > 1 or self._chance.random() < 0.4:
            put_away(chooser)
            return "away"
        self._files += 1
        new = self._work / "made" / f"file {self._files}"
        field.setText(str(new if saves else self._chance.choice(self._material.queries)))
        chooser.accept()
        return "path"

    def _in_export(self, dialog: ExportDialog) -> str:
        """Writes into the run's own folder, or goes away; TensorBoard is not started: it stays
        for as long as the window does, and a browser with it.
        """
        if self._gestures == 1:
            self._files += 1
            ending = dialog.path.suffix
            dialog.set_place(self._work / "made" / f"export {self._files}{ending}")
            dialog.open_after.setChecked(False)
            dialog.people.setValue(3)  # with one face each: the small gallery has them too
            dialog.each.setValue(1)
            self._remove_older()
            return "place"
        if self._gestures == 2:  # a folder tree of everybody would be a hundred thousand files
            all_ = (dialog.whole, dialog.selected, dialog.sample)
            hand.click(self._chance.choice(all_ if dialog.path.suffix else (dialog.sample,)))
            return "choice"
        if self._chance.random() < 0.4:
            put_away(dialog)
            return "away"
        hand.click(dialog.ok)
        return "export"

    def _remove_older(self) -> None:
        """All exports but the last few: the run must not fill the disk."""
        made = (self._work / "made").glob("export *")
        for old in sorted(made, key=lambda one: one.stat().st_mtime)[:-_EXPORTS]:
            shutil.rmtree(old) if old.is_dir() else old.unlink()

    def _in_dialog(self, dialog: QDialog) -> str:
        if isinstance(dialog, EnrollDialog) and self._chance.random() < 0.3:
            hand.drop_files(dialog, self._chance.sample(self._material.queries, 2))
            return "drop"
        if isinstance(dialog, EraseDialog) and self._gestures == 1 and self._chance.random() < 0.3:
            dialog.name.setText(dialog.name.placeholderText())
            return "name"
        ways = (self._type, self._button, self._row, self._choice, self._enter, self._leave)
        way = self._chance.choices(ways, (30, 20, 10, 5, 10, 15))[0]
        way(dialog)
        return way.__name__.strip("_")

    def _seen(self, dialog: QWidget, *kinds: type[QWidget]) -> Sequence[QWidget]:
        found = [one for kind in kinds for one in dialog.findChildren(kind)]
        return [one for one in found if hand.can_click(one)]

    def _type(self, dialog: QDialog) -> None:
        if fields := self._seen(dialog, QLineEdit, QPlainTextEdit):
            hand.type_in(self._chance.choice(fields), self._chance.choice("XYZ 0123456789"))

    def _button(self, dialog: QDialog) -> None:
        if buttons := self._seen(dialog, QAbstractButton):
            hand.click(self._chance.choice(buttons))

    def _row(self, dialog: QDialog) -> None:
        for view in self._seen(dialog, QAbstractItemView):
            assert isinstance(view, QAbstractItemView)
            rows = view.model().rowCount()
            if isinstance(dialog, HistoryDialog):  # the oldest are those that made the gallery
                rows = min(rows, max(rows - _MADE, 1))
            if rows:
                hand.click_row(view, view.model().index(self._chance.randrange(rows), 0))

    def _choice(self, dialog: QDialog) -> None:
        if boxes := self._seen(dialog, QComboBox):
            hand.press(self._chance.choice(boxes), Qt.Key.Key_Down)

    def _enter(self, dialog: QDialog) -> None:
        hand.press(dialog, Qt.Key.Key_Return)

    def _leave(self, dialog: QDialog) -> None:
        hand.press(dialog, Qt.Key.Key_Escape)


def put_away(shown: QWidget) -> None:
    """As Escape does; a window that does not heed it is closed."""
    hand.press(shown, Qt.Key.Key_Escape)
    if shown.isVisible():
        shown.close()


def in_front() -> QWidget | None:
    """What must be dealt with before the window can be."""
    return QApplication.activePopupWidget() or QApplication.activeModalWidget()


def beside() -> list[QDialog]:
    """Windows that stay open beside the main one."""
    tops = QApplication.topLevelWidgets()
    return [one for one in tops if isinstance(one, QDialog) and one.isVisible()]
