"""The shelf of unknown queries: filled as queries are answered, emptied as they are named."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from engine.records.unknowns import Cluster
from gallery_app import settings
from gallery_app.operations import shelving
from gallery_app.operations.context import Context
from gallery_app.state import Query
from gallery_app.views.main_window import MainWindow

_PAUSE = 400  # ms after the last change: naming goes on undisturbed


class Shelving(QObject):
    """Joins the panel of unknown queries to the gallery."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._stale = True
        self._seen: set[bytes] = set()
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self.look)
        self._entry = window.menus.actions["keep_unknown"]
        self._entry.setChecked(bool(context.settings.get(settings.KEEP_UNKNOWN)))
        window.unknown.set_keeping(self._entry.isChecked())
        self._entry.toggled.connect(self._toggled)
        self._connect()

    def _connect(self) -> None:
        state, window = self._context.state, self._window
        state.gallery_changed.connect(self._gallery_changed)
        state.writable_changed.connect(lambda: window.unknown.set_writable(True))
        state.contents_changed.connect(self._changed)
        state.queries_changed.connect(self._keep)
        window.middle.currentChanged.connect(self._shown)
        window.unknown.named.connect(self._name)
        window.unknown.dismissed.connect(self._dismiss)
        window.unknown.query_wanted.connect(lambda: window.menus.actions["open_query"].trigger())
        window.unknown.count_changed.connect(window.middle.set_unknown_count)

    # -- what goes there ---------------------------------------------------------------------

    def _toggled(self, on: bool) -> None:
        self._context.settings.set(settings.KEEP_UNKNOWN, int(on))
        self._window.unknown.set_keeping(on)
        self._keep()

    def _keep(self) -> None:
        """Puts what was answered "unknown" on the shelf, each query once while it is listed: a
        query that was dismissed is not kept again because it is answered again.
        """
        state = self._context.state
        gallery = state.gallery
        self._seen &= {query.vector.tobytes() for query in state.queries}
        if gallery is None or not gallery.writable or not self._entry.isChecked():
            return
        new = [query for query in state.queries if _is_unknown(query)]
        new = [query for query in new if query.vector.tobytes() not in self._seen]
        if new:
            self._seen |= {query.vector.tobytes() for query in new}
            shelving.keep(self._context, new, self._kept)

    def _kept(self, count: int) -> None:
        if count:
            self._changed()

    # -- what is there -----------------------------------------------------------------------

    def look(self) -> None:
        """Puts together what is on the shelf now."""
        if self._context.state.gallery is not None:
            self._stale = False
            shelving.load_clusters(self._context, self._show)

    def _gallery_changed(self) -> None:
        self._stale = True
        self._pause.stop()
        self._seen = set()
        gallery = self._context.state.gallery
        self._window.unknown.show_looking()
        self._window.unknown.set_writable(gallery is not None and gallery.writable)
        self._window.middle.set_unknown_count(0)
        if gallery is not None:
            shelving.load_count(self._context, self._window.middle.set_unknown_count)
        self._shown()

    def _changed(self) -> None:
        self._stale = True
        if self._context.state.gallery is None:
            return
        if self._window.middle.shows(self._window.unknown):
            self._pause.start()
        else:
            shelving.load_count(self._context, self._window.middle.set_unknown_count)

    def _shown(self) -> None:
        if self._stale and self._window.middle.shows(self._window.unknown):
            self.look()

    def _show(self, clusters: tuple[Cluster, ...]) -> None:
        if not self._stale:  # else something changed meanwhile: the next look is on its way
            roster = self._window.identities.model.roster
            self._window.unknown.show_clusters(clusters, roster)

    # -- what leaves it ----------------------------------------------------------------------

    def _name(self, ids: list[int], name: str) -> None:
        self._window.unknown.settle(ids)
        shelving.change(
            self._context, f"Enrolling {name}", lambda shelf: shelf.name(ids, name), self.look
        )

    def _dismiss(self, ids: list[int]) -> None:
        """Without a question: undo brings them back."""
        self._window.unknown.settle(ids)
        shelving.change(
            self._context, "Dismissing faces", lambda shelf: shelf.dismiss(ids), self.look
        )


def _is_unknown(query: Query) -> bool:
    """A real query, not an enrolled face, that nobody is recognised in and that nobody named."""
    answer = query.answer
    return query.is_open_question and answer is not None and answer.verdict == "unknown"
