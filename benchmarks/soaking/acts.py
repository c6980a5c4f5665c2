"""What a person does in the window, each as one gesture; the soak chooses among them at random."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QListView, QWidget

from benchmarks.soaking import hand
from benchmarks.soaking.making import Material
from benchmarks.soaking.map_acts import MapActs
from engine.records.exports import EXPORT_KINDS
from gallery_app.app import App
from gallery_app.window.main_window import MainWindow

Gesture = Callable[[], None]
_MADE_BY = "new people"  # what undo says of an import, and of nothing else that is done here
_LETTERS = "aeinorst 0123456789"


class Acts:
    """Attributes:
    weights: how often each kind is done, against the others.
    errors_requested: kinds after which an error message is what one expects.
    """

    errors_requested = frozenset({"broken query", "menu"})

    def __init__(self, app: App, material: Material, chance: random.Random) -> None:
        self._app, self._material, self._chance = app, material, chance
        self.weights: dict[str, tuple[float, Callable[[], Iterator[Gesture]]]] = {
            "scroll people": (10, self._scroll_people),
            "choose person": (14, self._choose_person),
            "choose several people": (3, self._choose_people),
            "search": (6, self._search),
            "sort": (2, self._sort),
            "scroll faces": (5, self._scroll_faces),
            "choose face": (10, self._choose_face),
            "choose several faces": (3, self._choose_faces),
            "who is this": (5, self._who_is_this),
            "query": (10, self._query),
            "drag away": (1, self._drag_away),
            "broken query": (1, self._broken_query),
            "step": (6, self._step),
            "candidate": (3, self._candidate),
            "strictness": (2, self._strictness),
            "method": (2, self._method),
            "confirm": (3, self._confirm),
            "not this person": (3, self._reject),
            "take back": (2, self._take_back),
            "enroll": (3, self._enroll),
            "undo": (5, self._undo),
            "redo": (3, self._redo),
            "correct people": (4, self._correct_people),
            "correct faces": (4, self._correct_faces),
            "drop faces": (2, self._drop_faces),
            "drop people": (1, self._drop_people),
            "context menu": (2, self._context_menu),
            "history": (1.5, self._history),
            "tab": (2, self._tab),
            "review": (3, self._review),
            "shelf": (3, self._shelf),
            "backups": (0.4, self._backups),
            "theme": (0.6, self._theme),
            "resize": (2, self._resize),
            "evaluation": (0.4, self._evaluation),
            "training": (0.15, self._training),
            "versions": (0.4, self._versions),
            "help": (0.6, self._help),
            "another gallery": (0.5, self._another_gallery),
            "menu": (0.6, self._any_menu),
            "cancel": (1, self._cancel),
            "export": (0.5, self._export),
            "balance": (0.6, self._balance),
            **MapActs(app.window, chance).weights,
        }

    def next(self) -> tuple[str, Iterator[Gesture]]:
        """Another kind, and its gestures one after the other."""
        kinds = list(self.weights)
        kind = self._chance.choices(kinds, [self.weights[one][0] for one in kinds])[0]
        return kind, self.weights[kind][1]()

    @property
    def _window(self) -> MainWindow:
        return self._app.window

    def _trigger(self, name: str) -> None:
        """A menu entry, as its shortcut or a click would; greyed it does nothing."""
        self._window.menus.actions[name].trigger()

    def _row(self, view: QAbstractItemView) -> int:
        return self._chance.randrange(max(view.model().rowCount(), 1))

    def _click_row(self, view: QListView, *, add: bool = False, twice: bool = False) -> None:
        index = view.model().index(self._row(view), 0)
        modifiers = hand.CTRL if add else Qt.KeyboardModifier.NoModifier
        hand.click_row(view, index, modifiers, twice=twice)

    # -- people and faces --------------------------------------------------------------------

    def _scroll_people(self) -> Iterator[Gesture]:
        view = self._window.identities.list
        for _ in range(self._chance.randint(1, 12)):
            yield lambda: hand.wheel(view, self._chance.choice((-20, -3, 1, 3, 20)))
        if self._chance.random() < 0.3:
            bar = view.verticalScrollBar()
            yield lambda: bar.setValue(self._chance.randint(0, max(bar.maximum(), 1)))

    def _choose_person(self) -> Iterator[Gesture]:
        view = self._window.identities.list
        yield lambda: self._click_row(view)
        for _ in range(self._chance.choice((0, 0, 0, 5))):
            yield lambda: hand.press(view, Qt.Key.Key_Down)

    def _choose_people(self) -> Iterator[Gesture]:
        for number in range(self._chance.randint(2, 4)):
            yield lambda add=number > 0: self._click_row(self._window.identities.list, add=add)

    def _search(self) -> Iterator[Gesture]:
        field = self._window.identities.search
        yield lambda: self._trigger("find")
        for _ in range(self._chance.randint(1, 5)):
            yield lambda: hand.type_in(field, self._chance.choice(_LETTERS))
        yield lambda: hand.press(field, Qt.Key.Key_Down)
        if self._chance.random() < 0.8:
            yield lambda: hand.press(field, Qt.Key.Key_Escape)
            yield field.clear

    def _sort(self) -> Iterator[Gesture]:
        panel = self._window.identities
        yield lambda: hand.click(self._chance.choice((panel.by_name, panel.by_faces)))

    def _scroll_faces(self) -> Iterator[Gesture]:
        for _ in range(self._chance.randint(1, 6)):
            yield lambda: hand.wheel(self._window.faces.grid, self._chance.choice((-3, 1, 3)))

    def _choose_face(self) -> Iterator[Gesture]:
        yield lambda: self._window.middle.setCurrentWidget(self._window.faces)
        yield lambda: self._click_row(self._window.faces.grid)

    def _choose_faces(self) -> Iterator[Gesture]:
        for number in range(self._chance.randint(2, 4)):
            yield lambda add=number > 0: self._click_row(self._window.faces.grid, add=add)

    def _who_is_this(self) -> Iterator[Gesture]:
        yield lambda: self._click_row(self._window.faces.grid, twice=True)

    # -- queries -----------------------------------------------------------------------------

    def _some(self, paths: tuple[Path, ...]) -> list[Path]:
        return self._chance.sample(paths, self._chance.choice((1, 1, 1, 2, 6)))

    def _query(self) -> Iterator[Gesture]:
        yield lambda: hand.drop_files(self._window, self._some(self._material.queries))

    def _drag_away(self) -> Iterator[Gesture]:
        yield lambda: hand.drop_files(self._window, self._material.queries[:1], really=False)

    def _broken_query(self) -> Iterator[Gesture]:
        yield lambda: hand.drop_files(self._window, [self._chance.choice(self._material.broken)])

    def _step(self) -> Iterator[Gesture]:
        for _ in range(self._chance.randint(1, 6)):
            yield lambda: self._trigger(self._chance.choice(("next", "next", "previous")))

    def _candidate(self) -> Iterator[Gesture]:
        def one() -> None:
            rows: list[QWidget] = list(self._window.query.candidates.rows)
            if rows:
                hand.click(self._chance.choice(rows))

        yield one

    def _strictness(self) -> Iterator[Gesture]:
        slider = self._window.query.strictness.slider
        for _ in range(self._chance.randint(1, 4)):
            key = self._chance.choice((Qt.Key.Key_Left, Qt.Key.Key_Right))
            yield lambda key=key: hand.press(slider, key) if hand.can_click(slider) else None

    def _method(self) -> Iterator[Gesture]:
        if self._window.menus.method.isEnabled():
            yield lambda: self._chance.choice(list(self._window.menus.methods.values())).trigger()

    def _confirm(self) -> Iterator[Gesture]:
        yield lambda: hand.click(self._window.query.actions.confirm)

    def _reject(self) -> Iterator[Gesture]:
        yield lambda: hand.click(self._window.query.actions.reject)

    def _take_back(self) -> Iterator[Gesture]:
        yield lambda: hand.click(self._window.query.actions.undo)

    def _enroll(self) -> Iterator[Gesture]:
        yield lambda: self._trigger(self._chance.choice(("enroll_query", "enroll_query", "enroll")))

    # -- corrections -------------------------------------------------------------------------

    def _undo(self) -> Iterator[Gesture]:
        for _ in range(self._chance.choice((1, 1, 2, 15))):
            yield self._undo_one

    def _undo_one(self) -> None:
        """Never the imports that the gallery was made by: the run is to be with a large one."""
        if _MADE_BY not in self._window.menus.actions["undo"].text():
            self._trigger("undo")

    def _redo(self) -> Iterator[Gesture]:
        for _ in range(self._chance.choice((1, 1, 10))):
            yield lambda: self._trigger("redo")

    def _correct_people(self) -> Iterator[Gesture]:
        kinds = ("rename", "rename", "merge", "split", "note", "note", "delete", "erase")
        yield lambda: self._trigger(self._chance.choice(kinds))

    def _correct_faces(self) -> Iterator[Gesture]:
        kinds = ("move", "portrait", "confirm_faces", "remove")
        yield lambda: self._trigger(self._chance.choice(kinds))

    def _drop_faces(self) -> Iterator[Gesture]:
        yield lambda: self._drop_rows(self._window.faces.grid)

    def _drop_people(self) -> Iterator[Gesture]:
        yield lambda: self._drop_rows(self._window.identities.list)

    def _drop_rows(self, of: QListView) -> None:
        """Drags what is selected onto a person that is seen."""
        chosen, people = of.selectionModel().selectedIndexes(), self._window.identities.list
        if chosen and people.isVisible():
            at = people.viewport().rect().center()
            mime = of.model().mimeData(chosen)
            hand.drop(people.viewport(), mime, at, Qt.DropAction.MoveAction)

    def _context_menu(self) -> Iterator[Gesture]:
        views = (self._window.identities.list, self._window.faces.grid)
        yield lambda: hand.context_menu(self._chance.choice(views))

    def _history(self) -> Iterator[Gesture]:
        yield lambda: self._trigger("history")

    # -- the other tabs ----------------------------------------------------------------------

    def _tab(self) -> Iterator[Gesture]:
        bar = self._window.middle.tabBar()
        number = self._chance.randrange(bar.count())
        yield lambda: hand.click(bar, bar.tabRect(number).center())

    def _review(self) -> Iterator[Gesture]:
        review = self._window.review
        yield lambda: self._click_row(review.list)
        yield lambda: self._click_a_button(review.card if self._chance.random() < 0.8 else review)

    def _shelf(self) -> Iterator[Gesture]:
        unknown = self._window.unknown
        yield lambda: self._click_row(unknown.list)
        if self._chance.random() < 0.4:
            for letter in f"X {self._chance.randint(1, 40)}":
                yield lambda letter=letter: hand.type_in(unknown.card.name, letter)
        yield lambda: self._click_a_button(unknown.card)

    def _click_a_button(self, of: QWidget) -> None:
        seen = [one for one in of.findChildren(QAbstractButton) if hand.can_click(one)]
        if seen:
            hand.click(self._chance.choice(seen))

    # -- the rest ----------------------------------------------------------------------------

    def _backups(self) -> Iterator[Gesture]:
        yield lambda: self._trigger(self._chance.choice(("backup", "restore", "restore", "check")))

    def _export(self) -> Iterator[Gesture]:
        kinds = ("npz", "npz", "npz", *EXPORT_KINDS)
        yield lambda: self._trigger(f"export_{self._chance.choice(kinds)}")

    def _balance(self) -> Iterator[Gesture]:
        yield lambda: self._window.middle.setCurrentWidget(self._window.review)
        yield lambda: hand.click(self._window.review.balance)

    def _theme(self) -> Iterator[Gesture]:
        yield lambda: self._chance.choice(list(self._window.menus.themes.values())).trigger()

    def _resize(self) -> Iterator[Gesture]:
        sizes = ((960, 600), (1360, 860), (1920, 1080), (2720, 1720))
        yield lambda: self._window.resize(*self._chance.choice(sizes))

    def _evaluation(self) -> Iterator[Gesture]:
        yield lambda: self._trigger("evaluate")

    def _training(self) -> Iterator[Gesture]:
        yield lambda: self._trigger("retrain")

    def _versions(self) -> Iterator[Gesture]:
        yield lambda: self._trigger("versions")

    def _help(self) -> Iterator[Gesture]:
        yield lambda: self._trigger(self._chance.choice(("shortcuts", "about")))

    def _another_gallery(self) -> Iterator[Gesture]:
        large, small = self._material.large, self._material.small
        gallery = self._app.state.gallery
        if gallery is not None and gallery.folder == large.resolve():
            if self._chance.random() < 0.5:
                yield lambda: self._trigger("close")
            yield lambda: hand.drop_files(self._window, [self._chance.choice((large, small))])
        else:
            yield lambda: hand.drop_files(self._window, [large])

    def _any_menu(self) -> Iterator[Gesture]:
        unfit = ("quit", "new", "sample", "close", "encryption", "import_folder", "import_table")
        names = [name for name in self._window.menus.actions if name not in unfit]
        yield lambda: self._trigger(self._chance.choice(names))

    def _cancel(self) -> Iterator[Gesture]:
        yield lambda: self._click_a_button(self._window.busy)
        yield lambda: hand.click(self._window.training.cancel)
