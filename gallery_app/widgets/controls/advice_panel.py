"""What is to be known of a group of faces before it is enrolled, and the click that heeds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from engine.records.advice import SUGGESTING, Advice
from gallery_app.theme.icons import Role
from gallery_app.widgets.controls.boxes import hbox, text_label, vbox
from gallery_app.widgets.controls.elided_label import ElidedLabel, button_name, plain_tip
from gallery_app.widgets.controls.icon_label import IconLabel
from gallery_app.widgets.controls.sections import refill, widgets_in

_SHOWN = 4
_LEAVING = ("enrolled", "near-duplicate", "odd")


class AdviceLine(QWidget):
    """A sign, a sentence of one line, and a button where there is something to do about it.

    A sentence that ``wraps`` is shown whole, whatever its length.
    """

    def __init__(
        self,
        sentence: str,
        sign: tuple[str, Role],
        action: str = "",
        call: Callable[[], None] | None = None,
        tip: str = "",
        *,
        wraps: bool = False,
    ) -> None:
        super().__init__()
        self.sentence = _whole(sentence) if wraps else ElidedLabel(sentence)
        self.sentence.setProperty("textRole", sign[1] if sign[1] in ("warning", "bad") else "")
        self.button = QPushButton(action, autoDefault=False, visible=bool(action))
        if tip:
            self.button.setToolTip(plain_tip(tip))
        if call is not None:
            self.button.clicked.connect(lambda: call())
        hbox(
            IconLabel(*sign, 16), (self.sentence, 1), self.button, parent=self, margins=0, spacing=8
        )


class AdvicePanel(QWidget):
    """The lines that weigh most; the others stand beside the faces.

    Signals: ``send_wanted`` and ``leave_wanted`` (the Advice), ``keep_wanted`` (the name of an
    identity that faces are not to go to after all).
    """

    send_wanted = Signal(object)
    leave_wanted = Signal(object)
    keep_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = vbox(parent=self, margins=0, spacing=8)
        self.hide()

    @property
    def lines(self) -> list[AdviceLine]:
        return widgets_in(self.list, AdviceLine)

    def text(self) -> str:
        """All sentences."""
        return "\n".join(line.sentence.text() for line in self.lines)

    def show_advice(self, advice: Sequence[Advice], sent: Mapping[str, int]) -> None:
        """Advice of groups, what weighs most first.

        Args:
            sent: how many faces go to other identities, by name.
        """
        lines = [self._sent(name, count) for name, count in sent.items()]
        ordered = sorted(advice, key=lambda one: one.kind != "name")  # it stands beside no face
        lines += [self._line(one) for one in ordered[:_SHOWN]]
        more = len(ordered) - _SHOWN
        if more > 0:
            words = "One more remark is shown" if more == 1 else f"{more:,} more remarks are shown"
            lines.append(AdviceLine(f"{words} beside the faces", ("info", "muted")))
        self._fill(lines)

    def show_refusal(self, reason: str) -> None:
        """Why these faces cannot be enrolled at all."""
        self._fill([AdviceLine(reason, ("alert", "bad"), wraps=True)])

    def _fill(self, lines: list[AdviceLine]) -> None:
        refill(self.list, lines)
        self.setVisible(bool(lines))

    def _line(self, one: Advice) -> AdviceLine:
        sign: tuple[str, Role] = ("alert", "warning")
        if one.kind in SUGGESTING and one.identity is not None:
            action = f"Add to {button_name(one.identity)} instead"
            tip = f"These faces will be added to {one.identity}"
            return AdviceLine(one.sentence, sign, action, lambda: self.send_wanted.emit(one), tip)
        if one.kind in _LEAVING:
            action = "Leave out" if len(one.rows) == 1 else f"Leave out {len(one.rows):,}"
            return AdviceLine(one.sentence, sign, action, lambda: self.leave_wanted.emit(one))
        return AdviceLine(one.sentence, sign)

    def _sent(self, name: str, count: int) -> AdviceLine:
        goes = "1 face will be added" if count == 1 else f"{count:,} faces will be added"
        return AdviceLine(
            f"{goes} to {name} instead", ("info", "accent"), "Undo",
            lambda: self.keep_wanted.emit(name),
        )  # fmt: skip


def _whole(sentence: str) -> QLabel:
    label = text_label(sentence)
    return label
