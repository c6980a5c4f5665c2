"""The shelf of unknown queries: filled as queries are answered, emptied as they are named."""

from __future__ import annotations

from PySide6.QtCore import QTimer

from engine.records.unknowns import Cluster
from gallery_app.controllers.controller import Controller
from gallery_app.face_queries import FaceQuery
from gallery_app.operations import people, unknowns
from gallery_app.operations.context import Context
from gallery_app.state import ContentsChange
from gallery_app.window.main_window import MainWindow

_PAUSE = 400  # ms after the last change: naming goes on undisturbed


class UnknownsController(Controller):
    """Joins the panel of unknown queries to the gallery."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self._stale = True
        self._said = False  # whether it is known what was said about keeping
        self._keeping: bool | None = None
        self._seen: set[bytes] = set()
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE, timeout=self.look)
        self._entry = window.menus.actions["keep_unknown"]
        self._connect()

    def _connect(self) -> None:
        state, window = self._state, self._window
        state.gallery_changed.connect(self._gallery_changed)
        state.writable_changed.connect(self._writable_changed)
        state.contents_changed.connect(self._contents_changed)
        state.queries_changed.connect(self._keep)
        state.query_changed.connect(self._show_notice)
        self._entry.triggered.connect(self._decide)
        window.query.keep_notice.decided.connect(self._decide)
        window.query.keep_notice.unknowns_requested.connect(self._bring_forward)
        window.middle.currentChanged.connect(self._shown)
        window.unknown.named.connect(self._name)
        window.unknown.dismissed.connect(self._dismiss)
        window.unknown.strangers_dismissed.connect(self._dismiss_as_strangers)
        window.unknown.merged.connect(self._changed)
        card = window.unknown.card
        card.new_name.connect(
            lambda name: people.find_lookalike(self._context, name, card.show_lookalike)
        )
        window.unknown.query_requested.connect(lambda: window.menus.actions["open_query"].trigger())
        window.unknown.count_changed.connect(window.middle.set_unknown_count)

    # -- what goes there ---------------------------------------------------------------------

    def _writable_changed(self) -> None:
        self._window.unknown.set_writable(self._state.writable)
        self._show_keeping()

    def _show_said(self, keeping: bool | None) -> None:
        """What a person said about keeping in this gallery, as it was read; None where they were
        not asked yet. What they have said since counts.
        """
        if not self._said:
            self._follow(keeping)

    def _decide(self, keeping: bool) -> None:
        """From now on, in this gallery; what is shown counts too."""
        unknowns.set_keeping(self._context, keeping)
        self._follow(keeping)

    def _follow(self, keeping: bool | None) -> None:
        self._said, self._keeping = True, keeping
        self._show_keeping()
        self._keep()

    def _show_keeping(self) -> None:
        self._entry.setEnabled(self._state.writable)
        self._entry.setChecked(self._keeping is True)
        self._window.unknown.set_keeping(self._keeping)
        self._show_notice()

    def _show_notice(self) -> None:
        """Beside an answer that names nobody: the question, or that such queries are kept."""
        notice, state = self._window.query.keep_notice, self._state
        concerned = self._said and self._state.writable and state.query is not None
        if not concerned or self._keeping is False or not _is_unknown(state.query):
            notice.hide()
        elif self._keeping is None:
            notice.ask(len(state.queries.open_unknown()))
        else:
            notice.tell_kept()

    def _keep(self) -> None:
        """Put what was answered "unknown" on the shelf, each query once while it is listed: a
        query that was dismissed is not kept again because it is answered again.
        """
        state = self._state
        if self._seen:
            self._seen &= {query.vector.tobytes() for query in state.queries.asked}
        if not self._state.writable or not self._keeping:
            return
        places = state.queries.open_unknown().tolist()
        unknown = {at: state.queries.asked[at].vector.tobytes() for at in places}
        new = [at for at, vector in unknown.items() if vector not in self._seen]
        if new:
            self._seen |= {*unknown.values()}
            unknowns.keep(self._context, state.queries.batch(new), self._kept)

    def _kept(self, count: int) -> None:
        if count:
            self._changed()

    def _bring_forward(self) -> None:
        self._window.middle.setCurrentWidget(self._window.unknown)

    # -- what is there -----------------------------------------------------------------------

    def look(self) -> None:
        """Put together what is on the shelf now."""
        if self._state.gallery is not None:
            self._stale = False
            groups = self._window.unknown.groups()
            unknowns.load_clusters(self._context, groups, self._show)

    def _gallery_changed(self) -> None:
        self._stale = True
        self._pause.stop()
        self._seen = set()
        gallery = self._state.gallery
        self._said, self._keeping = False, None
        self._window.unknown.show_looking()
        self._window.unknown.set_writable(self._state.writable)
        self._show_keeping()
        self._window.middle.set_unknown_count(0)
        if gallery is not None:
            unknowns.load_keeping(self._context, self._show_said)
            unknowns.load_count(self._context, self._window.middle.set_unknown_count)
        self._shown()

    def _contents_changed(self, change: ContentsChange) -> None:
        if change.faces or change.identities or change.decisions or change.unknowns:
            self._changed()

    def _changed(self) -> None:
        self._stale = True
        if self._state.gallery is None:
            return
        if self._window.middle.shows(self._window.unknown):
            self._pause.start()
        else:
            unknowns.load_count(self._context, self._window.middle.set_unknown_count)

    def _shown(self) -> None:
        if self._stale and self._window.middle.shows(self._window.unknown):
            self.look()

    def _show(self, clusters: tuple[Cluster, ...]) -> None:
        if not self._stale:  # else something changed meanwhile: the next look is on its way
            roster = self._window.identities.model.roster
            self._window.unknown.show_clusters(clusters, roster)

    # -- what leaves it ----------------------------------------------------------------------

    def _name(self, ids: list[int], name: str) -> None:
        self._settle(ids)
        unknowns.change(
            self._context, f"Enrolling {name}", lambda shelf: shelf.name(ids, name), self.look
        )

    def _settle(self, ids: list[int]) -> None:
        """They go at once; a look that is under way still sees them and is not shown."""
        self._stale = True
        self._window.unknown.settle(ids)

    def _dismiss(self, ids: list[int]) -> None:
        """Without a question: undo brings them back."""
        self._settle(ids)
        unknowns.change(
            self._context, "Dismissing faces", lambda shelf: shelf.dismiss(ids), self.look
        )

    def _dismiss_as_strangers(self, ids: list[int]) -> None:
        """Faces that are shown together count as one person."""
        groups = self._window.unknown.groups()
        self._settle(ids)
        unknowns.change(
            self._context,
            "Dismissing faces",
            lambda shelf: shelf.dismiss(ids, as_strangers=True, known=groups),
            self.look,
        )


def _is_unknown(query: FaceQuery | None) -> bool:
    """A real query, not an enrolled face, that nobody is recognised in and that nobody named."""
    answer = query.answer if query is not None and query.is_open_question else None
    return answer is not None and answer.verdict == "unknown"
