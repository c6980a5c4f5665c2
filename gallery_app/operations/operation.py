"""The two kinds of operation: a query reads the open gallery, a change writes to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from engine.errors import UnknownIdentityError
from engine.gallery import Gallery
from engine.progress import Reporter
from gallery_app.operations.context import Context
from gallery_app.state import DATA, EVERYTHING, ContentsChange
from gallery_app.tasks import Lane, Task

_T = TypeVar("_T")


def _nothing(*_: object) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Query(Generic[_T]):
    """Work off the UI thread that reads the open gallery.

    Attributes:
        title: what the person reads while it runs, where that is shown.
        work: called on a worker thread with the gallery that was open at the start.
        key: of several queries with one key only the newest is answered.
        lane: queries of one lane run one after another.
        shown: whether the window shows that it runs.
        certain: it is done even where the program ends before its turn has come.
        changes: what of the gallery is different afterwards, by the result; None for nothing.
    """

    title: str
    work: Callable[[Gallery, Reporter], _T]
    key: str = ""
    lane: Lane = "question"
    shown: bool = False
    certain: bool = False
    changes: Callable[[_T], ContentsChange | None] = _nothing

    def run(
        self,
        context: Context,
        done: Callable[[_T], object] = _nothing,
        *,
        failed: Callable[[BaseException], object] | None = None,
        stale: Callable[[], object] = _nothing,
        stopped: Callable[[], object] = _nothing,
    ) -> Task:
        """Start it and return at once; the callbacks are called on the UI thread.

        Without ``failed`` the person is told of an error. One that says that a person or a face is
        no longer there is not worth a dialog: the gallery was changed meanwhile, and the panels
        read it again.

        Args:
            done: gets the result of a query that is not out of date.
            failed: gets the error in place of the person.
            stale: called where what the operation is about is no longer in the gallery.
            stopped: called where no result comes: after an error, or when it was cancelled.
        """
        state, gallery = context.state, context.state.gallery

        def fail(error: BaseException) -> None:
            if failed is not None:
                failed(error)
            elif not isinstance(error, UnknownIdentityError):
                context.failed(error)
            elif state.gallery is gallery:
                stale()
                state.notice.emit(f"{error.problem}: the gallery has changed in the meantime.")
                state.contents_changed.emit(EVERYTHING)
            stopped()

        def finish(result: _T) -> None:
            done(result)
            change = self.changes(result)
            if change is not None and state.gallery is gallery:
                state.contents_changed.emit(change)

        task = context.tasks.run(
            self.title,
            # recovery works on folders, and then none need be open
            lambda reporter: self.work(cast(Gallery, gallery), reporter),
            done=finish,
            failed=fail,
            lane=self.lane,
            key=self.key,
            shown=self.shown,
            certain=self.certain,
        )
        task.cancelled.connect(stopped)
        return task


@dataclass(frozen=True)
class Change(Query[_T]):
    """Work off the UI thread that writes to the open gallery.

    Changes are made one after another. What they did is told whatever gallery is open by then.
    """

    lane: Lane = "change"
    shown: bool = True
    changes: Callable[[_T], ContentsChange | None] = lambda _: DATA
