"""The report behind the sentence at the end of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from engine.progress import Measured
from engine.records.jobs import ModelVersion, TrainingOutcome
from gallery_app.dialogs.curves_dialog import curves_of
from gallery_app.theme.theme import tabular, text_font
from gallery_app.widgets.controls.dialog import Dialog
from gallery_app.widgets.controls.icon_label import IconLabel
from gallery_app.widgets.controls.scroll_areas import scrolling
from gallery_app.wording.model_words import (
    KIND_NAMES,
    PRESET_NAMES,
    change_text,
    parameters_text,
    seconds_text,
    share_text,
    trained_on_text,
)

_COLLAPSE = (
    "It collapsed: it gives nearly the same vector for every face, so that no two people can be "
    "told apart. It is kept for comparison only and can never be in use."
)
_MEASURES = (
    ("rank1", "Right name first (rank-1)"),
    ("balanced_rank1", "The same, as the mean over people"),
    ("fnir", "Known people missed, 1 stranger in 100 named (FNIR)"),
)


class TrainingReport(Dialog):
    """One section for each model that was trained.

    Args:
        curves: the points of each version, by its id; may lack some.
    """

    def __init__(
        self,
        outcome: TrainingOutcome,
        curves: Mapping[str, Sequence[Measured]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("What the training brought")
        self.resize(860, 720)
        self.setMinimumSize(520, 400)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 12, 0)
        column.setSpacing(32)
        for model in outcome.models:
            column.addLayout(_section(model, curves.get(model.id, ())))
        column.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(16)
        took = f"Took {seconds_text(outcome.seconds)}, judging included"
        head = QVBoxLayout()
        head.setSpacing(4)
        head.addWidget(_words(outcome.sentence, "heading"))
        head.addWidget(_words(took, "small"))
        layout.addLayout(head)
        layout.addWidget(scrolling(page), 1)
        layout.addWidget(buttons)
        buttons.button(QDialogButtonBox.StandardButton.Close).setFocus()


def _section(model: ModelVersion, points: Sequence[Measured]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(8)
    state = "in use" if model.active else "not in use"
    title = f"{KIND_NAMES[model.kind]} · {PRESET_NAMES[model.preset].lower()} · {state}"
    column.addWidget(_words(title, "heading"))
    column.addWidget(_words(model.sentence, ""))
    if model.collapsed:
        column.addLayout(_warning(_COLLAPSE))
    column.addWidget(_comparison(model), 0, Qt.AlignmentFlag.AlignLeft)
    took = f"took {seconds_text(model.seconds)}"
    facts = f"Trained on {trained_on_text(model)} · seed {model.seed} · {took}"
    column.addWidget(_words(facts, "small"))
    column.addWidget(_words(parameters_text(model.parameters), "small"))
    column.addSpacing(4)
    column.addWidget(curves_of({KIND_NAMES[model.kind]: points}, model.kind))
    return column


def _warning(text: str) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(IconLabel("alert", "warning", 16), 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(_words(text, "warning"), 1)
    return row


def _comparison(model: ModelVersion) -> QFrame:
    """Before and after, on faces and people that it had not seen."""
    frame = QFrame()
    frame.setObjectName("card")
    grid = QGridLayout(frame)
    grid.setContentsMargins(16, 12, 16, 12)
    grid.setHorizontalSpacing(32)
    grid.setVerticalSpacing(8)
    for column, words in enumerate(("On faces it had not seen", "Before", "This model", "Change")):
        grid.addWidget(_cell(words, "small", right=column > 0), 0, column)
    known = [(name, words) for name, words in _MEASURES if name in model.metrics]
    for row, (name, words) in enumerate(known, start=1):
        before, after = model.metrics.get(f"before_{name}"), model.metrics[name]
        change = "" if before is None else change_text(before, after)
        grid.addWidget(_cell(words, "", right=False), row, 0)
        for column, text in enumerate((share_text(before), share_text(after), change), start=1):
            label = _cell(text, "", right=True)
            label.setFont(tabular(text_font("body")))
            grid.addWidget(label, row, column)
    if not known:
        grid.addWidget(_words("Nothing was measured.", "muted"), 1, 0, 1, 4)
    return frame


def _cell(text: str, role: str, *, right: bool) -> QLabel:
    label = _words(text, role)
    label.setWordWrap(False)
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    return label


def _words(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setWordWrap(True)
    if role:
        label.setProperty("textRole", role)
    return label
