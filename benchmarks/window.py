"""What a person waits for in the window: from the start of the process, and from key, click or
scroll to the painted answer, in the real event loop without a screen.

    .venv/bin/python -m benchmarks.window [SOURCE ...] [--clicks 200] [--starts 2]
        [--kept DIR]

A SOURCE is a gallery, or a table or folder of faces that one is made of (the sample where none
is given); what is changed in it is undone again. "Busy" is the longest that an event of the UI
thread had to wait during each part, asked every 5 ms from another thread; "of its own" is the
processor time of the UI thread, which a busy machine lengthens less.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from argparse import SUPPRESS, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.common import DATA, parser

_SCREEN = Path(__file__).resolve().parents[1] / "tests" / "desktop.json"
os.environ.setdefault("QT_QPA_PLATFORM", f"offscreen:configfile={_SCREEN}")

PATIENCE = 120.0  # seconds for one answer


def main() -> None:
    options = parser(__doc__)
    options.add_argument("sources", nargs="*", type=Path, default=[DATA])
    options.add_argument("--clicks", type=int, default=200)
    options.add_argument(
        "--starts", type=int, default=2, help="the files are cached from the second on"
    )
    options.add_argument("--kept", type=Path, help="where galleries that are made stay")
    options.add_argument("--started", type=float, help=SUPPRESS)
    asked = options.parse_args()
    if asked.started is not None:
        Measuring(asked.sources[0], asked.clicks).run(asked.started)
        return
    with tempfile.TemporaryDirectory() as place:
        for source in asked.sources:
            measure(gallery_of(source, asked.kept or Path(place)), asked, place)


def gallery_of(source: Path, place: Path) -> Path:
    """The gallery itself, or one made of the faces there."""
    from engine.gallery import Gallery

    if (source / "gallery.db").is_file():
        return source
    folder = place / f"{source.stem}.gallery"
    if not folder.exists():
        started = time.perf_counter()
        Gallery.create_from(folder, [source])[0].close()
        print(f"made a gallery of {source.name} in {time.perf_counter() - started:.0f} s")
    return folder


def measure(gallery: Path, asked: Namespace, home: str) -> None:
    """Start the window in a process of its own some times, and drive the last one."""
    environment = os.environ | {"FACE_GALLERY_HOME": home}
    for turn in [*[0] * (asked.starts - 1), asked.clicks]:
        call = [sys.executable, "-m", "benchmarks.window", str(gallery), "--clicks", str(turn)]
        subprocess.run([*call, "--started", str(time.monotonic())], check=True, env=environment)


class Measuring:
    """The application on one gallery, driven part by part."""

    def __init__(self, gallery: Path, clicks: int) -> None:
        from PySide6.QtWidgets import QApplication

        from gallery_app.app import App

        self.clicks = clicks
        self.chance = random.Random(11)
        self.qt = QApplication(["face-gallery"])
        self.app = App(self.qt)
        self.busy = Busy()
        self.painted = Painted()
        self.folder = gallery

    def run(self, started: float) -> None:
        window, app = self.app.window, self.app
        window.show()
        app.open(self.folder)
        people, faces = window.identities.model, window.faces.model
        self.until(lambda: people.rowCount() and faces.rowCount())
        self.paint(window.identities.list.viewport())
        print(
            f"{app.people_controller.roster.face_count:,} faces of {people.rowCount():,} people: "
            "process start to "
            f"painted window {time.monotonic() - started:.2f} s (of its own "
            f"{time.process_time():.2f} s)",
            flush=True,
        )
        if self.clicks:
            self.wait_for_index()
            for part in (self.scroll, self.search, self.choose, self.correct, self.identify):
                part()
        window.close()
        self.busy.stop()

    def wait_for_index(self) -> None:
        """The first answers come while it loads; the figures are of what comes afterwards."""
        started = time.monotonic()
        self.ask(self.some_face())
        print(f"{'first answer':26}{(time.monotonic() - started) * 1000:10.0f} ms")
        self.until(lambda: not self.app.tasks.is_busy())

    # -- parts -------------------------------------------------------------------------------

    def scroll(self) -> None:
        """Jumps to anywhere in the list."""
        view = self.app.window.identities.list
        bar = view.verticalScrollBar()

        def jump() -> None:
            bar.setValue(self.chance.randrange(bar.maximum() + 1))
            self.paint(view.viewport())

        self.report("scroll jump", jump, self.clicks // 2)

    def search(self) -> None:
        """The letters of names one by one; a new name where one is typed to its end."""
        from PySide6.QtTest import QTest

        field, view = self.app.window.identities.search, self.app.window.identities.list
        letters: list[str] = []

        def press() -> None:
            QTest.keyClick(field, letters.pop(0))
            self.paint(view.viewport())

        def prepare() -> None:
            if not letters:
                field.clear()
                letters.extend(self.somebody().name[:12])

        self.report("key of the search", press, self.clicks // 2, prepare)
        field.clear()

    def choose(self) -> None:
        """Another person's faces."""
        window = self.app.window

        def show() -> None:
            identity = self.somebody()
            self.app.people_controller.go_to_identity(identity.id)
            self.until(lambda: window.faces.title.text() == identity.name)
            self.paint(window.faces.grid.viewport())

        self.report("person chosen", show, self.clicks // 4)

    def correct(self) -> None:
        """Corrections, and an enrolment, until the list shows them; each is undone."""
        from engine.records.types import FaceBatch
        from gallery_app.operations import corrections, enrolment

        context, name = self.app.context, "Somebody New"

        def rename() -> None:
            old = self.somebody().name
            corrections.correct(
                context, "Renaming", lambda gallery: gallery.corrections.rename(old, name)
            )
            self.until_listed(name)

        def delete() -> None:
            old = self.somebody().name
            corrections.correct(
                context, "Deleting", lambda gallery: gallery.corrections.delete([old])
            )
            self.until_listed(old, there=False)

        def enroll() -> None:
            vector = context.gallery.faces.vector(self.some_face())[None, :] + 0.001
            batch = FaceBatch(vector, [name], ["new.npy"], [0], [None])
            enrolment.enroll(context, name, batch, lambda _: None)
            self.until_listed(name)

        for title, change in (("rename", rename), ("delete", delete), ("enroll", enroll)):
            self.report(f"{title}, shown", change, self.clicks // 20, after=self.undo)

    def undo(self) -> None:
        before, action = (
            self.app.people_controller.roster.change,
            self.app.window.menus.actions["undo"],
        )
        self.until(action.isEnabled)
        action.trigger()
        self.until(lambda: self.app.people_controller.roster.change != before)
        self.until(lambda: not self.app.tasks.is_busy())

    def identify(self) -> None:
        """“Who is this?” of any face, until the panel has painted the answer."""
        faces = iter([self.some_face() for _ in range(self.clicks)])
        self.report("click on Identify", lambda: self.ask(next(faces)), self.clicks)

    def ask(self, face: int) -> None:
        from gallery_app.operations import queries

        state = self.app.state
        queries.ask_about_face(self.app.context, face)
        self.until(lambda: state.query and state.query.face == face and state.query.answer)
        self.paint(self.app.window.query)

    # -- means -------------------------------------------------------------------------------

    def somebody(self):  # type: ignore[no-untyped-def]
        roster = self.app.people_controller.roster
        return roster[self.chance.randrange(len(roster))]

    def some_face(self) -> int:
        return self.somebody().portrait or 1

    def until_listed(self, name: str, *, there: bool = True) -> None:
        self.until(lambda: (self.app.people_controller.roster.named(name) is not None) == there)
        self.paint(self.app.window.identities.list.viewport())

    def until(self, condition: Callable[[], object]) -> None:
        from PySide6.QtCore import QEventLoop

        loop, deadline = QEventLoop(), time.monotonic() + PATIENCE  # the busy meter wakes it
        while not condition():
            loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            if time.monotonic() > deadline:
                raise TimeoutError("no answer in the window")

    def paint(self, widget) -> None:  # type: ignore[no-untyped-def]
        """Until the widget, or one in it, has painted; it is asked to where nothing else does."""
        with self.painted.watched(widget):
            widget.update()
            self.until(lambda: self.painted.seen)

    def report(
        self,
        title: str,
        part: Callable[[], None],
        times: int,
        before: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        taken, worked, waited, times = [], [], 0.0, max(1, times)
        for _ in range(times):
            before()
            self.qt.processEvents()
            self.busy.worst = 0.0
            started, at_work = time.perf_counter(), time.thread_time()
            part()
            taken.append((time.perf_counter() - started) * 1000)
            worked.append((time.thread_time() - at_work) * 1000)
            self.qt.processEvents()
            waited = max(waited, self.busy.worst * 1000)
            after()
        taken.sort()
        print(
            f"{title:26}median {statistics.median(taken):7.1f}  95 % {taken[-1 - times // 20]:7.1f}"
            f"  worst {taken[-1]:7.1f} ms  busy {waited:6.1f}"
            f"  of its own {statistics.median(worked):6.1f}"
            f", worst {max(worked):6.1f} ms  ({times} times)",
            flush=True,
        )


def Painted():  # type: ignore[no-untyped-def]
    """Sees a widget being painted; made here since Qt is imported late."""
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QApplication

    class _Painted(QObject):
        seen = True

        @contextmanager
        def watched(self, widget) -> Iterator[None]:  # type: ignore[no-untyped-def]
            self.seen = not widget.isVisible()
            widget.installEventFilter(self)
            yield
            widget.removeEventFilter(self)

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                self.seen = True
            return False

    return _Painted(QApplication.instance())


def Busy():  # type: ignore[no-untyped-def]
    """How long an event had to wait at most; ``worst`` in seconds is the reader's to reset."""
    from PySide6.QtCore import QObject, Qt, Signal
    from PySide6.QtWidgets import QApplication

    class _Busy(QObject):
        asked = Signal(float)

        def __init__(self) -> None:
            super().__init__(QApplication.instance())
            self.worst, self._over = 0.0, threading.Event()
            self.asked.connect(self._heard, Qt.ConnectionType.QueuedConnection)
            self._thread = threading.Thread(target=self._ask, daemon=True)
            self._thread.start()

        def _ask(self) -> None:
            while not self._over.wait(0.005):
                self.asked.emit(time.perf_counter())

        def _heard(self, asked: float) -> None:
            self.worst = max(self.worst, time.perf_counter() - asked)

        def stop(self) -> None:
            self._over.set()
            self._thread.join()

    return _Busy()


if __name__ == "__main__":
    main()
