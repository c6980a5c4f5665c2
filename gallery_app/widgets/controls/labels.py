"""Labels of one line that cut their text, and labels that show an icon."""

from __future__ import annotations

import html

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from engine.records.domains import harmless
from gallery_app.theme.colours import current_theme
from gallery_app.theme.icons import Role, paint_icon
from gallery_app.widgets.faces.painting import elided

_LONGEST = 24  # letters of a name on a button


class ElidedLabel(QLabel):
    """Plain text only. Fonts and colours come from the style sheet, as for any label."""

    def __init__(self, text: str = "", parent: QWidget | None = None, *, role: str = "") -> None:
        super().__init__(parent)
        self._tip = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        if role:
            self.setProperty("textRole", role)
        self.setText(text)

    def setText(self, text: str) -> None:
        text = harmless(text)
        super().setText(text)
        self.setAccessibleName(text)
        self._offer_tip()

    def setToolTip(self, tip: str) -> None:
        """A tip of its own instead of the whole text."""
        self._tip = tip
        self._offer_tip()

    def shown_text(self) -> str:
        """What fits."""
        return elided(self.text(), self.fontMetrics(), self.contentsRect().width())

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("…") * 3, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._offer_tip()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        place = self.alignment() | Qt.AlignmentFlag.AlignAbsolute
        self.style().drawItemText(
            painter, self.contentsRect(), int(place), self.palette(), self.isEnabled(),
            self.shown_text(), self.foregroundRole(),
        )  # fmt: skip
        painter.end()

    def _offer_tip(self) -> None:
        cut = self.shown_text() != self.text()
        super().setToolTip(self._tip or (plain_tip(self.text()) if cut else ""))


def plain_tip(text: str) -> str:
    """The text as a tool tip that is never taken for markup, and shows what is no letter."""
    lines = [html.escape(harmless(line), quote=False) for line in text.split("\n")]
    return f"<span>{'<br>'.join(lines)}</span>" if text else ""


def show_plainly(widget: QWidget) -> None:
    """Let no label in it take its text for markup, those that Qt makes for itself included."""
    for label in widget.findChildren(QLabel):
        label.setTextFormat(Qt.TextFormat.PlainText)


def button_name(name: str) -> str:
    """A name as it stands on a button: cut where it is long, and an ampersand is no shortcut."""
    cut = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return cut.replace("&", "&&")


class IconLabel(QWidget):
    """``side`` logical pixels square."""

    def __init__(
        self, name: str, role: Role = "muted", side: int = 20, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._side = side
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_icon(name, role)

    def set_icon(self, name: str, role: Role) -> None:
        self._name, self._role = name, role
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        square = QRectF(0, 0, self._side, self._side)
        paint_icon(painter, square, self._name, getattr(current_theme(), self._role))
        painter.end()
