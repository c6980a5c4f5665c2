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
from engine.records.training_parameters import Kind
from gallery_app.theme.colours import tabular, text_font
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog, scrolling
from gallery_app.widgets.controls.labels import IconLabel
from gallery_app.wording.model_words import (
    KIND_NAMES,
    PRESET_NAMES,
    change_text,
    parameters_text,
    trained_on_text,
    use_anyway_text,
)
from gallery_app.wording.number_words import seconds_text, share_text

_COLLAPSE = (
    "It collapsed: it gives nearly the same embedding for every face, so people cannot be told "
    "apart. It is kept for comparison only and can never be used."
)
_MEASURES = (
    ("rank1", "Right name first (rank-1)"),
    ("balanced_rank1", "Rank-1, averaged over people"),
    ("fnir", "Known people missed when 1 in 100 strangers may be wrongly named (FNIR)"),
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
        super().__init__("Training result", parent)
        self.resize(860, 720)
        self.setMinimumSize(520, 400)
        page = QWidget()
        vbox(
            *(_section(model, curves.get(model.id, ())) for model in outcome.models),
            Stretch(1),
            parent=page,
            margins=(0, 0, 12, 0),
            spacing=32,
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, rejected=self.reject)
        layout = vbox(parent=self, margins=24, spacing=16)
        took = f"Took {seconds_text(outcome.seconds)}, including evaluation"
        head = vbox(
            text_label(outcome.sentence, "heading", selectable=True),
            text_label(took, "small", selectable=True),
            spacing=4,
        )
        layout.addLayout(head)
        layout.addWidget(scrolling(page), 1)
        layout.addWidget(buttons)
        buttons.button(QDialogButtonBox.StandardButton.Close).setFocus()


def _section(model: ModelVersion, points: Sequence[Measured]) -> QVBoxLayout:
    column = QVBoxLayout(spacing=8)
    state = "in use" if model.active else "not in use"
    title = f"{KIND_NAMES[model.kind]} · {PRESET_NAMES[model.preset].lower()} · {state}"
    column.addWidget(text_label(title, "heading", selectable=True))
    words = f"{model.sentence} {use_anyway_text(model, 'Model ▸ Versions…')}".rstrip()
    column.addWidget(text_label(words, selectable=True))
    if model.collapsed:
        column.addLayout(_warning(_COLLAPSE))
    column.addWidget(_comparison(model), 0, Qt.AlignmentFlag.AlignLeft)
    took = f"took {seconds_text(model.seconds)}"
    facts = f"Trained on {trained_on_text(model)} · seed {model.seed} · {took}"
    column.addWidget(text_label(facts, "small", selectable=True))
    column.addWidget(text_label(parameters_text(model.parameters), "small", selectable=True))
    column.addSpacing(4)
    column.addWidget(curves_of({KIND_NAMES[model.kind]: points}, model.kind))
    return column


def _warning(text: str) -> QHBoxLayout:
    row = hbox(
        (IconLabel("alert", "warning", 16), 0, Qt.AlignmentFlag.AlignTop),
        (text_label(text, "warning", selectable=True), 1),
        spacing=8,
    )
    return row


def _comparison(model: ModelVersion) -> QFrame:
    """Before and after, on faces and people that it had not seen."""
    frame = QFrame(objectName="card")
    grid = QGridLayout(frame)
    grid.setContentsMargins(16, 12, 16, 12)
    grid.setHorizontalSpacing(32)
    grid.setVerticalSpacing(8)
    together = ("With the others",) if "with_others_rank1" in model.metrics else ()
    heads = ("On unseen faces", "Before", "This model", *together, "Change")
    for column, words in enumerate(heads):
        grid.addWidget(_cell(words, "small", right=column > 0), 0, column)
    known = [(name, words) for name, words in _MEASURES if name in model.metrics]
    for row, (name, words) in enumerate(known, start=1):
        before, alone = model.metrics.get(f"before_{name}"), model.metrics[name]
        after = model.metrics.get(f"with_others_{name}", alone)
        change = "" if before is None else change_text(before, after)
        shares = [before, alone, after] if together else [before, alone]
        grid.addWidget(_cell(words, "", right=False), row, 0)
        for column, text in enumerate([*map(share_text, shares), change], start=1):
            label = _cell(text, "", right=True)
            label.setFont(tabular(text_font("body")))
            grid.addWidget(label, row, column)
    if not known:
        grid.addWidget(text_label("Nothing was measured.", "muted", selectable=True), 1, 0, 1, 4)
    return frame


def _cell(text: str, role: str, *, right: bool) -> QLabel:
    label = text_label(text, role, selectable=True)
    label.setWordWrap(False)
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    return label


class CurvesDialog(Dialog):
    """Args:
    trainings: the points of each training by its name, for the key.
    kind: of the training where it is one.
    """

    def __init__(
        self,
        trainings: Mapping[str, Sequence[Measured]],
        kind: Kind,
        parent: QWidget | None = None,
    ) -> None:
        several = len(trainings) > 1
        super().__init__("Compare curves" if several else "Curves", parent)
        self.resize(860, 420 if several else 640)
        layout = vbox(parent=self, margins=24, spacing=16)
        head = QLabel(
            "Validation curves, or training curves where there is no validation" if several else ""
        )
        head.setText(head.text() or next(iter(trainings)))
        head.setProperty("textRole", "muted" if several else "heading")
        layout.addWidget(head)
        layout.addWidget(scrolling(curves_of(trainings, kind)), 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, rejected=self.reject)
        layout.addWidget(buttons)
        buttons.button(QDialogButtonBox.StandardButton.Close).setFocus()


def curves_of(trainings: Mapping[str, Sequence[Measured]], kind: Kind) -> QWidget:
    """The charts; a sentence where no points were kept."""
    from gallery_app.widgets.charts.training_curves import (  # brings pyqtgraph: 0.7 s
        ComparedCurves,
        Curves,
    )

    if not any(trainings.values()):
        nothing = text_label("No curves were saved.", "muted", wrap=False)
        return nothing
    if len(trainings) > 1:
        return ComparedCurves(trainings)
    curves = Curves(kind)
    curves.show_all(next(iter(trainings.values())))
    return curves
