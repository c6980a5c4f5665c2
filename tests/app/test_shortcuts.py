"""No key calls two actions that can meet: every action, shortcut, mnemonic and key that a widget
has of its own, in the whole window, on every platform.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QStackedWidget,
    QTabBar,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from engine.records.findings import Finding, Kind
from gallery_app import shortcuts
from gallery_app.app import App
from gallery_app.controllers.corrections_controller import OF_FACES, OF_PEOPLE
from gallery_app.dialogs.help_dialogs import shortcuts_dialog
from gallery_app.widgets.lists.uniform_view import UniformView
from gallery_app.window.main_window import MainWindow
from gallery_app.wording.review_words import choices

PLATFORMS = ("linux", "win32", "darwin")
_Context = Qt.ShortcutContext

# What Qt's own documentation of QKeySequence::StandardKey says, by platform; on Linux the keys of
# KDE Plasma and of GNOME together.
STANDARD = {
    "Delete": {"win32": "Del", "darwin": "Del; Meta+D", "linux": "Del; Ctrl+D"},
    "Cut": {"win32": "Ctrl+X; Shift+Del", "darwin": "Ctrl+X; Meta+K",
            "linux": "Ctrl+X; F20; Shift+Del"},
    "Copy": {"win32": "Ctrl+C; Ctrl+Ins", "darwin": "Ctrl+C", "linux": "Ctrl+C; F16; Ctrl+Ins"},
    "Paste": {"win32": "Ctrl+V; Shift+Ins", "darwin": "Ctrl+V; Meta+Y",
              "linux": "Ctrl+V; F18; Shift+Ins"},
    "Undo": {"win32": "Ctrl+Z; Alt+Backspace", "darwin": "Ctrl+Z", "linux": "Ctrl+Z; F14"},
    "Redo": {"win32": "Ctrl+Y; Ctrl+Shift+Z; Alt+Shift+Backspace", "darwin": "Ctrl+Shift+Z",
             "linux": "Ctrl+Shift+Z"},
    "SelectAll": {"win32": "Ctrl+A", "darwin": "Ctrl+A", "linux": "Ctrl+A"},
    "MoveToNextWord": {"win32": "Ctrl+Right", "darwin": "Alt+Right", "linux": "Ctrl+Right"},
    "MoveToPreviousWord": {"win32": "Ctrl+Left", "darwin": "Alt+Left", "linux": "Ctrl+Left"},
    "MoveToStartOfLine": {"win32": "Home", "darwin": "Ctrl+Left; Meta+Left", "linux": "Home"},
    "MoveToEndOfLine": {"win32": "End", "darwin": "Ctrl+Right; Meta+Right",
                        "linux": "End; Ctrl+E"},
    "MoveToStartOfDocument": {"win32": "Ctrl+Home", "darwin": "Ctrl+Up; Home",
                              "linux": "Ctrl+Home"},
    "MoveToEndOfDocument": {"win32": "Ctrl+End", "darwin": "Ctrl+Down; End", "linux": "Ctrl+End"},
    "DeleteStartOfWord": {"win32": "Ctrl+Backspace", "darwin": "Alt+Backspace",
                          "linux": "Ctrl+Backspace"},
    "DeleteEndOfWord": {"win32": "Ctrl+Del", "darwin": "", "linux": "Ctrl+Del"},
    "DeleteEndOfLine": {"win32": "", "darwin": "", "linux": "Ctrl+K"},
    "DeleteCompleteLine": {"win32": "", "darwin": "", "linux": "Ctrl+U"},
}  # fmt: skip

# What the desktop takes before any program hears of it, or means everywhere.
OF_THE_DESKTOP = {
    "win32": "Alt+F4; Alt+Space; Alt+Tab; Ctrl+Esc; Ctrl+Alt+Del; F10",
    "darwin": "Ctrl+H; Ctrl+Alt+H; Ctrl+M; Ctrl+Tab; Ctrl+Space; Ctrl+,; Ctrl+`; Ctrl+Shift+3; "
    "Ctrl+Shift+4; Ctrl+Shift+5; Ctrl+Shift+Q; Ctrl+Alt+Esc",
    "linux": "Alt+F4; Alt+Space; Alt+Tab; Alt+F1; Alt+F2; F10; Ctrl+Alt+Del; Ctrl+Alt+L",
}
ARROWS = "Left; Right; Up; Down; Home; End; PgUp; PgDown"
LETTERS = "; ".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
DIGITS = "; ".join("0123456789")

# The keys of widgets of ours that handle them themselves.
OF_OUR_WIDGETS = {
    "MapPanel": "L; Esc",
    "MapCanvas": "Left; Right; Up; Down; +; =; -; 0; Home; Esc",
    "IdentitiesPanel": "Down; Esc",
    "Clickable": "Return; Enter; Space",
    "PhotographView": "Left; Right; Up; Down; Home; End; Tab; Space; Return; Enter",
}
# In a text field the same key does the same to the text; or it opens a dialog, and types nothing.
THE_SAME = {
    ("undo", "Undo"), ("redo", "Redo"), ("paste", "Paste"), ("select_all", "SelectAll"),
    ("compare", "Delete"), ("enroll_query", "MoveToEndOfLine"),
}  # fmt: skip


@dataclass(frozen=True)
class Binding:
    """A key, what it calls, and where.

    Attributes:
        owner: the widget it belongs to.
        whole_window: it is heard wherever the focus is, while the owner is seen; else only where
            the owner has the focus.
        own: the widget handles the key itself, unless a shortcut takes it.
    """

    keys: str
    calls: str
    owner: QWidget
    whole_window: bool = True
    own: bool = False


def pairs_that_meet(window: MainWindow, platform: str) -> list[str]:
    """One line for each key that means two things at once somewhere in the window."""
    by_keys: dict[str, list[Binding]] = {}
    for binding in bindings(window, platform):
        by_keys.setdefault(binding.keys, []).append(binding)
    found = set()
    for keys, bound in by_keys.items():
        for one, other in itertools.combinations(bound, 2):
            if _meet(one, other):
                found.add(f"{keys}: {' and '.join(sorted((one.calls, other.calls)))}")
    return sorted(found | set(_twice_in_a_menu(window)))


def bindings(window: MainWindow, platform: str) -> Iterator[Binding]:
    names = {action: name for name, action in window.menus.actions.items()}
    for action in window.findChildren(QAction):
        name = names.get(action, action.text())
        for keys in _texts(action.shortcuts()):
            if action.shortcutContext() == _Context.WindowShortcut:
                yield Binding(keys, name, window)
                continue
            for owner in action.associatedObjects():
                if isinstance(owner, QWidget) and not isinstance(owner, QMenu):
                    yield Binding(keys, name, owner, whole_window=False)
    for shortcut in window.findChildren(QShortcut):
        owner = shortcut.parent()
        assert isinstance(owner, QWidget)
        everywhere = shortcut.context() == _Context.WindowShortcut
        for keys in _texts(shortcut.keys()):
            yield Binding(keys, _called(owner), owner, everywhere)
    for keys in _texts(QKeySequence.listFromString(OF_THE_DESKTOP[platform])):
        yield Binding(keys, "the desktop", window)
    if platform != "darwin":  # which has no mnemonics
        yield from _mnemonics(window)
    for widget in window.findChildren(QWidget):
        for keys, calls in _own_keys(widget, platform):
            yield Binding(keys, calls, widget, whole_window=False, own=True)


def _mnemonics(window: MainWindow) -> Iterator[Binding]:
    labelled = [
        *((action, action.text(), window) for action in window.menuBar().actions()),
        *((b, b.text(), b) for b in window.findChildren(QAbstractButton)),
        *((label, label.text(), label) for label in window.findChildren(QLabel) if label.buddy()),
        *((bar, bar.tabText(at), bar) for bar in window.findChildren(QTabBar)
          for at in range(bar.count())),
    ]  # fmt: skip
    for _, text, owner in labelled:
        if not (keys := QKeySequence.mnemonic(text)).isEmpty():
            yield Binding(keys.toString(), f"“{text}”", owner)


def _own_keys(widget: QWidget, platform: str) -> Iterator[tuple[str, str]]:
    """What a widget does with keys where it has the focus."""
    name = type(widget).__name__
    for ours in type(widget).__mro__:
        for keys in _split(OF_OUR_WIDGETS.get(ours.__name__, "")):
            yield keys, name
    if isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit) and not widget.isReadOnly():
        for what, table in STANDARD.items():
            for keys in _split(table[platform]):
                yield keys, f"{what} in a text"
        for keys in _split(f"{LETTERS}; {DIGITS}"):
            yield keys, "typing in a text"
    elif isinstance(widget, QAbstractItemView):
        for what in ("Copy", "SelectAll"):
            for keys in _split(STANDARD[what][platform]):
                yield keys, f"{what} in {name}"
        typing = LETTERS if isinstance(widget, UniformView) else ""  # which searches by them
        for keys in _split(f"{ARROWS}; Space; Return; Enter; {typing}"):
            yield keys, f"moving and typing in {name}"
    elif isinstance(widget, QAbstractSlider | QTabBar):
        for keys in _split(ARROWS):
            yield keys, f"moving in {name}"
    elif isinstance(widget, QAbstractButton):
        yield "Space", f"pressing {name}"


def _meet(one: Binding, other: Binding) -> bool:
    if one.own and other.own:
        return False  # of two widgets: the one with the focus; its parents hear what it leaves
    if one.own or other.own:
        own, bound = (one, other) if one.own else (other, one)
        if not bound.whole_window:
            return False  # an action of the widget itself takes the place of what it does else
        same = (bound.calls, own.calls.split(" in ")[0]) in THE_SAME
        return not same and _seen_together(own.owner, bound.owner) and not _takes(own)
    if one.whole_window or other.whole_window:
        return _seen_together(one.owner, other.owner)
    return one.owner is other.owner


def _takes(own: Binding) -> bool:
    """Whether a widget says to Qt that it takes a key before any shortcut does."""
    if "Ctrl" in own.keys or "Meta" in own.keys or "Alt" in own.keys:
        return False  # what is taken then depends on the machine that the test runs on
    combination = QKeySequence(own.keys)[0]
    text = own.keys if len(own.keys) == 1 else ""
    event = QKeyEvent(QEvent.Type.ShortcutOverride, combination.key(), Qt.KeyboardModifier(0), text)
    event.ignore()
    QApplication.sendEvent(own.owner, event)
    return event.isAccepted()


def _seen_together(one: QWidget, other: QWidget) -> bool:
    """Whether both can be in front at once: no pages of one stack."""
    pages = dict(_pages(one))
    return all(pages.get(stack, page) is page for stack, page in _pages(other))


def _pages(widget: QWidget) -> Iterator[tuple[QStackedWidget, QWidget]]:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QStackedWidget):
            yield parent, widget
        widget, parent = parent, parent.parentWidget()


def _twice_in_a_menu(window: MainWindow) -> Iterator[str]:
    menus = [menu.actions() for menu in window.findChildren(QMenu)]
    by_right_click = [
        [window.menus.actions[name] for name in names if name] for names in (OF_PEOPLE, OF_FACES)
    ]
    for actions in (*menus, *by_right_click, window.map.menu().actions()):
        seen: dict[str, str] = {}
        for action in actions:
            text = action.text().replace("&&", "")
            keys = QKeySequence.mnemonic(text).toString()
            if keys and keys in seen:
                yield f"{keys} in a menu: “{seen[keys]}” and “{text}”"
            seen.setdefault(keys, text)


def _called(owner: QObject) -> str:
    return owner.text() if isinstance(owner, QAbstractButton) else type(owner).__name__


def _texts(sequences: list[QKeySequence]) -> list[str]:
    return [keys.toString(QKeySequence.SequenceFormat.PortableText) for keys in sequences]


def _split(text: str) -> list[str]:
    return [keys for keys in text.split("; ") if keys]


@pytest.fixture
def on_platform(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(shortcuts.keys_of, "__defaults__", (request.param,))
    return request.param


@pytest.fixture
def full(start: Callable[..., App], gallery_folder: Path, qtbot: QtBot) -> App:
    """The window with a question in its review, so that every panel has its keys."""
    with Gallery.open(gallery_folder) as gallery:
        face = gallery.faces.of("Tiger Woods")[3].id
        gallery.corrections.move([face], "Tim Henman")
    app = start(gallery_folder)
    qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)
    app.window.middle.setCurrentWidget(app.window.review)
    qtbot.waitUntil(lambda: bool(app.window.review.card.buttons))
    return app


@pytest.mark.parametrize("on_platform", PLATFORMS, indirect=True)
def test_no_key_means_two_things_that_can_meet(on_platform: str, full: App) -> None:
    found = pairs_that_meet(full.window, on_platform)
    assert not found, "\n".join(found)


def test_the_pairs_of_before_would_be_found(full: App) -> None:
    window = full.window
    taken = QShortcut(QKeySequence("Ctrl+D"), window.identities.list)
    taken.setContext(_Context.WidgetShortcut)
    QShortcut(QKeySequence("Q"), window.query)
    QShortcut(QKeySequence("Space"), window.query)
    window.menus.actions["charts"].setText("&Faces of all…")
    found = pairs_that_meet(window, "linux")
    assert "Ctrl+D: UniformView and compare" in found
    assert any(line.startswith("Space: ") for line in found)
    assert not any(line.startswith("Q: ") for line in found)  # lists and texts take letters first
    assert any("in a menu: " in line for line in found)


def test_every_widget_that_handles_keys_itself_is_known_here(full: App) -> None:
    unknown = {
        ours.__name__
        for widget in full.window.findChildren(QWidget)
        for ours in type(widget).__mro__
        if ours.__module__.startswith("gallery_app") and "keyPressEvent" in vars(ours)
    }
    assert unknown <= set(OF_OUR_WIDGETS)


def test_the_answers_of_a_question_have_a_letter_each() -> None:
    for kind in get_args(Kind):
        letters = [choice.key for choice in choices(Finding(kind, 1.0, None, 1, "Ann"))]
        assert letters
        assert len(set(letters)) == len(letters), kind


def test_no_key_is_taken_from_qts_standard_keys() -> None:
    """They stand for other keys on another desktop: only the table says which keys there are."""
    root = Path(shortcuts.__file__).parent
    users = [path.name for path in root.rglob("*.py") if "StandardKey." in path.read_text("utf-8")]
    assert users == []


def test_control_d_deletes_nobody_and_del_does(app: App, qtbot: QtBot) -> None:
    people = app.window.identities
    with qtbot.waitActive(app.window):
        app.window.activateWindow()
    people.list.setFocus()
    for row in range(3):
        people.list.select_rows(np.array([row]))
    assert people.list.selected_count() == 3
    qtbot.keyClick(people.list, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    assert app.state.gallery.people.counts()[0] == 6
    qtbot.keyClick(people.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: app.state.gallery.people.counts()[0] == 3)


def test_tabs_have_keys_and_all_is_selected_where_the_focus_is(app: App, qtbot: QtBot) -> None:
    window, control = app.window, Qt.KeyboardModifier.ControlModifier
    with qtbot.waitActive(window):
        window.activateWindow()
    tabs = ((Qt.Key.Key_2, window.map), (Qt.Key.Key_3, window.review),
            (Qt.Key.Key_4, window.unknown), (Qt.Key.Key_1, window.faces))  # fmt: skip
    for key, panel in tabs:
        qtbot.keyClick(window, key, control)
        assert window.middle.shows(panel)
    assert window.faces.grid.hasFocus()
    qtbot.keyClick(window.faces.grid, Qt.Key.Key_A, control)
    assert window.faces.grid.selected_count() == window.faces.model.rowCount() > 1
    window.identities.list.setFocus()
    qtbot.keyClick(window.identities.list, Qt.Key.Key_A, control)
    assert window.identities.list.selected_count() == 6
    window.identities.search.setText("Tom")
    window.identities.search.setFocus()
    window.menus.actions["select_all"].trigger()
    assert window.identities.search.selectedText() == "Tom"


def test_a_letter_typed_in_the_list_of_people_answers_no_question(full: App, qtbot: QtBot) -> None:
    window = full.window
    with qtbot.waitActive(window):
        window.activateWindow()
    answered: list[object] = []
    window.review.answered.connect(lambda *_: answered.append(_))
    window.identities.list.setFocus()
    qtbot.keyClick(window.identities.list, "c")
    assert answered == []
    window.middle.go_to(window.middle.indexOf(window.review))
    qtbot.keyClick(window.review, "c")
    assert len(answered) == 1


def test_f1_lists_every_key_and_fits_a_low_screen(app: App, qtbot: QtBot) -> None:
    actions = app.window.menus.actions
    dialog = shortcuts_dialog(list(actions.values()), app.window)
    qtbot.addWidget(dialog)
    shown = {label.text() for label in dialog.findChildren(QLabel)}
    wanted = [name for name, action in actions.items() if action.shortcuts()]
    assert {"show_map", "select_all", "delete", "remove"} <= set(wanted)
    for name in wanted:
        assert any(shortcuts.keys_text(name) in text for text in shown), name
    assert dialog.sizeHint().height() < 700
    assert sys.platform != "linux" or shortcuts.keys_text("redo") == "Ctrl+Shift+Z"
