"""What is to be known of a group of faces before it is enrolled, and the click that heeds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialogButtonBox, QFormLayout, QLabel, QPushButton, QWidget

from engine.errors import FaceGalleryError, IdentityNameError
from engine.records.advice import SUGGESTING, Advice
from engine.records.names import check_name
from engine.records.roster import Roster
from engine.records.types import EnrolmentReport, FaceBatch
from gallery_app.dialogs.file_choosers import choose_faces, local_paths
from gallery_app.item_models.new_faces_model import NewFacesModel
from gallery_app.operations import enrolment
from gallery_app.operations.context import Context
from gallery_app.theme.icons import Role, icon
from gallery_app.widgets.controls.boxes import hbox, refill, text_label, vbox, widgets_in
from gallery_app.widgets.controls.dialog import Dialog, fitting
from gallery_app.widgets.controls.fields import NameField
from gallery_app.widgets.controls.labels import ElidedLabel, IconLabel, button_name, plain_tip
from gallery_app.widgets.faces.new_face_list import NewFaceList
from gallery_app.wording.advice_words import advice_text
from gallery_app.wording.number_words import faces_text
from gallery_app.wording.photo_enrolment_words import twice_text, which_text

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

    Signals: ``send_requested`` and ``leave_requested`` (the Advice), ``keep_requested`` (the name
    of an identity that faces are not to go to after all).
    """

    send_requested = Signal(object)
    leave_requested = Signal(object)
    keep_requested = Signal(str)

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

    def show_advice(
        self,
        advice: Sequence[Advice],
        sent: Mapping[str, int],
        undecided: Sequence[tuple[str, int]] = (),
        twice: Sequence[tuple[str, int]] = (),
    ) -> None:
        """Advice of groups, what weighs most first.

        Args:
            sent: how many faces go to other identities, by name.
            undecided: photographs of which the main face was taken unasked, and how many faces
                each has.
            twice: photographs of which several faces would become one person.
        """
        lines = [AdviceLine(which_text(undecided), ("question", "accent"))] if undecided else []
        lines += [AdviceLine(twice_text(twice), ("alert", "warning"))] if twice else []
        lines += [self._sent(name, count) for name, count in sent.items()]
        ordered = sorted(advice, key=lambda item: item.kind != "name")  # it stands beside no face
        lines += [self._line(item) for item in ordered[:_SHOWN]]
        more = len(ordered) - _SHOWN
        if more > 0:
            words = "One more remark is shown" if more == 1 else f"{more:,} more remarks are shown"
            lines.append(AdviceLine(f"{words} beside the faces", ("info", "muted")))
        self._fill(lines)

    def show_refusal(self, reason: str) -> None:
        """Reason these faces cannot be enrolled at all."""
        self._fill([AdviceLine(reason, ("alert", "bad"), wraps=True)])

    def _fill(self, lines: list[AdviceLine]) -> None:
        refill(self.list, lines)
        self.setVisible(bool(lines))

    def _line(self, advice: Advice) -> AdviceLine:
        sign: tuple[str, Role] = ("alert", "warning")
        words = advice_text(advice)
        if advice.kind in SUGGESTING and advice.identity is not None:
            action = f"Add to {button_name(advice.identity)} instead"
            tip = f"These faces will be added to {advice.identity}"
            return AdviceLine(words, sign, action, lambda: self.send_requested.emit(advice), tip)
        if advice.kind in _LEAVING:
            action = "Leave out" if len(advice.rows) == 1 else f"Leave out {len(advice.rows):,}"
            return AdviceLine(words, sign, action, lambda: self.leave_requested.emit(advice))
        return AdviceLine(words, sign)

    def _sent(self, name: str, count: int) -> AdviceLine:
        goes = "1 face will be added" if count == 1 else f"{count:,} faces will be added"
        return AdviceLine(
            f"{goes} to {name} instead", ("info", "accent"), "Undo",
            lambda: self.keep_requested.emit(name),
        )  # fmt: skip


def _whole(sentence: str) -> QLabel:
    label = text_label(sentence)
    return label


_PAUSE = 250  # ms without a key before the check runs


class EnrollDialog(Dialog):
    """Collects name and faces; ``report`` is set when they were enrolled."""

    def __init__(
        self,
        context: Context,
        roster: Roster,
        batches: Sequence[FaceBatch] = (),
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Enroll a person", parent, kept=True)
        self.setAcceptDrops(True)
        self.setMinimumWidth(520)
        self.resize(fitting(QSize(680, 660), parent))
        self._context = context
        self._enrolling = False
        self.report: EnrolmentReport | None = None
        self.name = self._name_field(roster)
        self.who = text_label(role="small", wrap=False)
        self.files = self._face_list()
        self.count = text_label(role="small", wrap=False)
        self.add = QPushButton(icon("folder-open"), "Add files…", autoDefault=False)
        self.add.clicked.connect(self._pick)
        self.warnings = AdvicePanel()
        self.warnings.send_requested.connect(self._send)
        self.warnings.leave_requested.connect(lambda advice: self.model.leave_out(advice.rows))
        self.warnings.keep_requested.connect(self.model.put_back)
        self.buttons = self._buttons()
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE, timeout=self._check)
        self._lay_out()
        self.name.setText(name)
        for batch in batches:
            self.model.add(batch)
        self._changed()
        self.finished.connect(self._end)

    def _name_field(self, roster: Roster) -> NameField:
        field = NameField(roster, self)
        field.textChanged.connect(self._changed)
        return field

    def _face_list(self) -> NewFaceList:
        pictures = self._context.pictures.of_rows()
        self.finished.connect(lambda _: pictures.close())
        self.model = NewFacesModel(pictures, self)
        self.model.choice_changed.connect(self._changed)
        return NewFaceList(self.model)

    def _buttons(self) -> QDialogButtonBox:
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.ok = box.addButton("Enroll", QDialogButtonBox.ButtonRole.AcceptRole)
        self.ok.setProperty("primary", True)
        self.ok.setDefault(True)
        box.accepted.connect(self._enroll)
        box.rejected.connect(self.reject)
        return box

    def _lay_out(self) -> None:
        form = QFormLayout(fieldGrowthPolicy=QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setVerticalSpacing(8)
        form.addRow("Name", self.name)
        form.addRow("", self.who)
        form.addRow("Faces", self.files)
        row = hbox(self.add, spacing=12)
        hint = text_label(role="small", wrap=False)
        hint.setText("or drop photographs or embeddings here")
        row.addWidget(hint)
        row.addStretch()
        row.addWidget(self.count)
        form.addRow("", row)
        vbox((form, 1), self.warnings, self.buttons, parent=self, margins=24, spacing=16)

    # -- faces -------------------------------------------------------------------------------

    def _pick(self) -> None:
        add = self.while_open(self.add_files)
        paths = choose_faces(self, self._context.settings)
        if paths:
            add(paths)

    def add_files(self, paths: Sequence[Path]) -> None:
        """Read files; those that cannot be used are listed with the reason."""
        enrolment.read_faces(self._context, paths, self.while_open(self._take))

    def _take(self, read: enrolment.FacesRead) -> None:
        self.model.add(read.batch, read.rejected, read.left)
        self._changed()

    def _send(self, advice: Advice) -> None:
        """Some faces are of somebody who exists; where all of them are, that is their name."""
        assert advice.identity is not None
        if set(advice.rows) >= set(self.model.draft.taken()):
            self.name.setText(advice.identity)
        else:
            self.model.send(advice.rows, advice.identity)

    # -- what is known of them ---------------------------------------------------------------

    def _changed(self) -> None:
        name, draft = self.name.name(), self.model.draft
        self.model.set_name(name)
        problem = ""
        try:
            check_name(name)
        except IdentityNameError as error:
            problem = error.problem if name else "Enter a name"
        known = self.name.identity() is not None
        self.who.setText(problem or (f"Adds to {name}" if known else "A new person"))
        self.ok.setText("Add faces" if known else "Enroll")
        taken = len(draft.taken())
        out = len(draft) - taken
        self.count.setText(f"{faces_text(taken)}, {out:,} left out" if out else "")
        self.ok.setEnabled(not problem and bool(taken) and not self._enrolling)
        self._show_advice()
        self._pause.start()

    def _check(self) -> None:
        if not self.ok.isEnabled():
            return
        asked = self._asked()

        def checked(advice: tuple[Advice, ...]) -> None:
            if asked == self._asked():
                self.model.hear(asked[1], advice)
                self._show_advice()

        def refused(error: FaceGalleryError) -> None:
            if asked == self._asked():
                self._refuse(error)

        draft = self.model.draft
        enrolment.check_enrolment(
            self._context,
            draft.name,
            draft.batch(),
            draft.elsewhere(),
            self.while_open(checked),
            self.while_open(refused),
        )

    def _asked(self) -> tuple[str, list[int], dict[int, str]]:
        """What a check is about; its answer is late where this is another by then."""
        draft = self.model.draft
        return draft.name, draft.taken(), draft.elsewhere()

    def _show_advice(self) -> None:
        draft, possible = self.model.draft, self.ok.isEnabled()
        self.warnings.show_advice(
            draft.groups() if possible else (), draft.sent(), draft.undecided(), draft.twice()
        )

    def _refuse(self, error: FaceGalleryError) -> None:
        """These faces cannot be enrolled at all, such as those of another network."""
        self.ok.setEnabled(False)
        self.model.forget()
        self.warnings.show_refusal(error.reason)

    # -- enrolling ---------------------------------------------------------------------------

    def _enroll(self) -> None:
        self._enrolling = True
        draft = self.model.draft
        enrolment.enroll(
            self._context, draft.name, draft.batch(), self._enrolled, self._not_enrolled,
            elsewhere=draft.elsewhere(),
        )  # fmt: skip
        self._changed()

    def _not_enrolled(self) -> None:
        self._enrolling = False
        if self.isVisible():
            self._changed()
        else:
            self._end()

    def _enrolled(self, report: EnrolmentReport) -> None:
        self._enrolling = False
        self.report = report
        self.accept()

    def _end(self) -> None:
        """It goes when it is closed; closed while it enrolls, when that is done."""
        if not self._enrolling:
            self._pause.stop()
            self.deleteLater()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.add_files(local_paths(event.mimeData()))
