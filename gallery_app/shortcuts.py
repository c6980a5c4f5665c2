"""The keys of every action, in one table.

Qt's own standard keys are not used: some stand for several keys at once, and which ones differs
from desktop to desktop. On Linux, for example, its Delete is Del and Ctrl+D.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from PySide6.QtGui import QKeySequence

# As Qt writes them everywhere: Ctrl is the Command key of a Mac. Several stand apart by "; ".
_KEYS: Mapping[str, str] = {
    "new": "Ctrl+N",
    "open": "Ctrl+O",
    "import_folder": "Ctrl+I",
    "import_table": "Ctrl+Shift+I",
    "lock": "Ctrl+L",
    "close": "Ctrl+W",
    "quit": "Ctrl+Q",
    "undo": "Ctrl+Z",
    "redo": "Ctrl+Shift+Z; Ctrl+Y",
    "history": "Ctrl+H",
    "rename": "F2",
    "merge": "Ctrl+M",
    "split": "Ctrl+Shift+S",
    "note": "Ctrl+Shift+N",
    "delete": "Del",
    "move": "Ctrl+Shift+M",
    "remove": "Del",
    "compare": "Ctrl+D",
    "compare_faces": "Ctrl+Shift+D",
    "select_all": "Ctrl+A",
    "find": "Ctrl+F",
    "paste": "Ctrl+V",
    "copy": "Ctrl+C",
    "open_query": "Ctrl+Shift+O",
    "who": "Ctrl+Return",
    "preview": "Space",
    "ask": "Return; Enter",
    "unselect": "Esc",
    "confirm": "Ctrl+Shift+Return",
    "reject": "Ctrl+Shift+Backspace",
    "enroll_query": "Ctrl+E",
    "enroll": "Ctrl+Shift+E",
    "answers": "Ctrl+T",
    "previous": "Alt+Left",
    "next": "Alt+Right",
    "retrain": "Ctrl+R",
    "evaluate": "Ctrl+Shift+R",
    "show_faces": "Ctrl+1",
    "show_map": "Ctrl+2",
    "show_review": "Ctrl+3",
    "show_unknown": "Ctrl+4",
    "shortcuts": "F1",
}

# macOS hides an application with Command+H and puts a window away with Command+M; the key that
# deletes on its keyboards is Backspace; Option with an arrow goes word by word through a text.
_KEYS_ON_MAC: Mapping[str, str] = {
    "history": "Ctrl+Y",
    "redo": "Ctrl+Shift+Z",
    "merge": "Ctrl+J",
    "delete": "Del; Backspace",
    "remove": "Del; Backspace",
    "previous": "Ctrl+[",
    "next": "Ctrl+]",
}


def keys_of(action: str, platform: str = sys.platform) -> list[QKeySequence]:
    """The keys that call an action; none where it has none.

    Args:
        platform: as ``sys.platform`` names it.
    """
    on_this = {**_KEYS, **(_KEYS_ON_MAC if platform == "darwin" else {})}
    return list(QKeySequence.listFromString(on_this[action])) if action in on_this else []


def keys_text(action: str) -> str:
    """First keys of an action as people read them on this platform, such as "Ctrl+Shift+Z"."""
    return next((keys.toString(_NATIVE) for keys in keys_of(action)), "")


_NATIVE = QKeySequence.SequenceFormat.NativeText
