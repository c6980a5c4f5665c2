"""The review: found in the background, answered one by one, looked for again after changes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer

from engine.records.changes import Changed
from engine.records.findings import Balance, Finding, Review
from gallery_app.controllers.controller import Controller
from gallery_app.operations import analysis
from gallery_app.operations import corrections as corrections_operations
from gallery_app.operations.context import Context
from gallery_app.operations.corrections import Correction
from gallery_app.state import ContentsChange
from gallery_app.window.main_window import MainWindow

_PAUSE = 1200  # ms after the last change: answering goes on undisturbed


class ReviewController(Controller):
    """Joins the review panel to the gallery.

    Args:
        merge: asks whether the first of two identities is to go into the second.
        enroll: asks for more faces of an identity.
    """

    def __init__(
        self,
        context: Context,
        window: MainWindow,
        merge: Callable[[str, str], None],
        enroll: Callable[[str], None],
    ) -> None:
        super().__init__(context, window)
        self._merge, self._enroll = merge, enroll
        self._stale = True
        self._balance: Balance | None = None
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE, timeout=self.look)
        context.state.gallery_changed.connect(self._gallery_changed)
        context.state.writable_changed.connect(lambda: window.review.card.set_writable(True))
        context.state.contents_changed.connect(self._changed)
        window.middle.currentChanged.connect(self._shown)
        window.review.answered.connect(self._answer)
        window.review.repeat_requested.connect(self.look)
        window.review.balance_requested.connect(self._show_balance)
        window.review.count_changed.connect(window.middle.set_review_count)

    def look(self) -> None:
        """Review the gallery as it is now."""
        if self._state.gallery is not None:
            self._stale = False
            analysis.load_review(self._context, self._show)

    def _gallery_changed(self) -> None:
        self._stale, self._balance = True, None
        self._pause.stop()
        gallery = self._state.gallery
        self._window.review.show_looking()
        self._window.middle.set_review_count(None)
        self._window.review.card.set_writable(gallery is not None and gallery.writable)
        self._shown()

    def _changed(self, change: ContentsChange) -> None:
        if not (change.faces or change.identities or change.decisions):
            return
        self._stale = True
        if self._window.middle.shows(self._window.review):
            self._pause.start()
        else:
            self._window.middle.set_review_count(None)  # nobody looked since

    def _shown(self) -> None:
        if self._stale and self._window.middle.shows(self._window.review):
            self.look()

    def _show(self, review: Review) -> None:
        if self._stale:
            return  # answered meanwhile: the next review is on its way
        self._balance = review.balance
        self._window.review.show_review(review, self._window.identities.model.roster.portrait_of)

    # -- answers -----------------------------------------------------------------------------

    def _answer(self, finding: Finding, answer: str) -> None:
        if answer == "merge":
            self._merge(finding.identity, finding.suggestion or "")
        elif answer == "enroll":
            self._enroll(finding.identity)
        else:
            title, correction = _correction(finding, answer)
            corrections_operations.correct(self._context, title, correction)
            gone = {finding.face} if answer in ("move", "expel", "remove") else set()
            self._window.review.settle(finding, gone - {None})

    def _show_balance(self) -> None:
        if self._balance is not None:
            # brings pyqtgraph: 0.7 s, which the review that found the balance took on its thread
            from gallery_app.dialogs.charts_dialog import BalanceDialog

            BalanceDialog(self._balance, self._window).open()


def _correction(finding: Finding, answer: str) -> tuple[str, Correction]:
    """What an answer does to the gallery, and how that is called while it is done."""
    name, other = finding.identity, finding.suggestion or ""
    if answer == "apart":
        return (
            f"Marking {name} and {other} as different people",
            lambda gallery: gallery.corrections.mark_distinct(name, other),
        )
    assert finding.face is not None
    faces = (finding.face,)
    corrections: dict[str, tuple[str, Callable[..., Changed | None]]] = {
        "confirm": (f"Confirming {name}", lambda gallery: gallery.corrections.confirm(faces)),
        "move": (
            f"Moving a face to {other}",
            lambda gallery: gallery.corrections.move(faces, other),
        ),
        "expel": (f"Removing a face from {name}", lambda gallery: gallery.corrections.expel(faces)),
        "remove": (
            f"Removing a face from {name}",
            lambda gallery: gallery.corrections.remove(faces),
        ),
        "ignore": ("Saving “don't ask again”", lambda gallery: gallery.corrections.ignore(faces)),
    }
    return corrections[answer]
