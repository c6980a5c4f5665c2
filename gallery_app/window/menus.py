"""Every action of the window with its keys, in the menus where people look for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from gallery_app.shortcuts import keys_of
from gallery_app.theme.icons import icon

# name, text, tip, icon
_ACTIONS = {
    "new": ("&New gallery…", "Make an empty gallery", "folder-plus"),
    "open": ("&Open gallery…", "Open a gallery that you made before", "folder-open"),
    "sample": ("Open the &sample", "158 people of Labeled Faces in the Wild", "sample"),
    "import_folder": ("&Import folder…", "A folder a person, a .npy a face", "import"),
    "import_table": ("Import &table…", "A .npz or .csv with names", "file"),
    "backup": ("&Back up…", "The whole gallery into one file, while it is in use", "copy"),
    "restore": ("&Restore…", "Put a gallery back as it was, or make one of a backup", "undo"),
    "export_tensorboard": ("&TensorBoard projector…",
                           "Faces as a cloud of points with pictures and names", ""),
    "export_npz": ("&NumPy archive…", "A .npz of vectors, names and files", ""),
    "export_csv": ("&CSV table…", "A line a face: the name and the numbers", ""),
    "export_parquet": ("&Parquet table…", "For pandas, Polars, DuckDB or Spark", ""),
    "export_folder": ("&Folder tree…", "A folder a person, a .npy a face, photos beside", ""),
    "export_report": ("&Report…", "One page on the whole gallery, to hand on", ""),
    "check": ("Chec&k gallery", "Hold store and index against one another", "check"),
    "encryption": ("Encr&yption…", "With a passphrase: what it protects against", ""),
    "lock": ("Lo&ck", "Close the gallery and ask for its passphrase", "lock"),
    "close": ("C&lose gallery", "Back to the welcome page", "close"),
    "quit": ("&Quit", "Close the window", ""),
    "undo": ("&Undo", "Take the last change back", "undo"),
    "redo": ("&Redo", "Make the change again", "redo"),
    "history": ("&History…", "Every change: who, what and when, and the way back", ""),
    "rename": ("Re&name person…", "Give the chosen person another name", ""),
    "merge": ("&Merge people…", "Several people in the list are one", "people"),
    "split": ("&Split person…", "There are several people under this name", ""),
    "note": ("N&ote…", "Write something down about the chosen person", ""),
    "delete": ("&Delete person", "Take the chosen people out, with all their faces", "trash"),
    "erase": ("Er&ase person…", "Remove the chosen person for good, from every file", ""),
    "move": ("Mo&ve faces…", "The selected faces are somebody else's", ""),
    "portrait": ("Set as portra&it", "The selected face stands for its person", "image"),
    "confirm_faces": ("Confirm fa&ces", "The selected faces are named right", "check"),
    "remove": ("Remove fac&es", "Take the selected faces out of the gallery", "trash"),
    "compare": ("Com&pare people…", "How alike two people are, face with face", ""),
    "compare_faces": ("Compare &two faces…", "How alike the two selected are", ""),
    "show_faces": ("Show &faces", "The faces of the chosen person", ""),
    "show_map": ("Sho&w the map", "Every face a point", ""),
    "show_review": ("Show the &review", "What looks wrong among the enrolled faces", ""),
    "show_unknown": ("Show &unknown queries", "Queries that nobody was recognised in", ""),
    "charts": ("C&harts…", "Faces a person, distances, recognition, growth", ""),
    "select_all": ("Se&lect all", "All that is in the list, or all faces of the person", ""),
    "find": ("&Find person", "Search the people by name", "search"),
    "paste": ("&Paste query", "Identify the files whose paths are copied", ""),
    "open_query": ("&Open query…", "Identify the vectors of files", "face"),
    "who": ("&Who is this?", "Ask about the selected face, left out", "question"),
    "confirm": ("&Confirm", "The chosen candidate is right: add the face", ""),
    "reject": ("No&t this person",
               "The chosen candidate is wrong: remember that for good", ""),
    "enroll_query": ("Enroll query as &new…", "Add the query as a person", "add-person"),
    "enroll": ("&Enroll faces…", "Add files to somebody's faces", "add-person"),
    "keep_unknown": ("&Keep unknown queries",
                     "Queries that nobody is recognised in stay in this gallery", ""),
    "previous": ("&Previous query", "", "chevron-left"),
    "next": ("Ne&xt query", "", "chevron-right"),
    "clear": ("C&lear query", "Empty the query panel", "close"),
    "retrain": ("&Retrain…", "Train models on this gallery", "sample"),
    "versions": ("&Versions…", "All trained models: compare, put to use, delete", ""),
    "evaluate": ("&Evaluation…", "How far each method can be trusted here", ""),
    "shortcuts": ("&Keyboard shortcuts", "", "keyboard"),
    "diagnostics": ("&Copy diagnostics", "Versions, sizes and the log, without names", "copy"),
    "about": ("&About Face Gallery", "", "info"),
}  # fmt: skip
_EXPORTS = ("export_tensorboard", "", "export_npz", "export_csv", "export_parquet",
            "export_folder", "", "export_report")  # fmt: skip
_MENUS = {
    "&Gallery": ("new", "open", "", "sample", "", "import_folder", "import_table", "",
                 "backup", "restore", "check", "", "encryption", "lock", "", "close", "quit"),
    "&Edit": ("undo", "redo", "history", "", "rename", "merge", "split", "note", "delete",
              "erase", "", "move", "portrait", "confirm_faces", "remove", "",
              "select_all", "find", "paste"),
    "&Identify": ("open_query", "who", "", "confirm", "reject", "enroll_query", "enroll", "",
                  "keep_unknown", "", "previous", "next", "clear", ""),
    "&Model": ("retrain", "versions", "", "evaluate"),
    "&View": ("show_faces", "show_map", "show_review", "show_unknown", "",
              "compare", "compare_faces", "", "charts", ""),
    "&Help": ("shortcuts", "diagnostics", "about"),
}  # fmt: skip
_NEED_GALLERY = ("import_table", "backup", "check", "close", "select_all", "find", "paste",
                 "show_faces", "show_map", "show_review", "show_unknown", "open_query",
                 "who", "enroll", "retrain", "versions", "evaluate", "history", "charts",
                 *filter(None, _EXPORTS))  # fmt: skip
_METHODS = {"auto": "Auto", "knn": "k-NN", "triplet": "Triplet", "mlp": "MLP"}
_NEED_QUERY = ("confirm", "reject", "enroll_query", "previous", "next", "clear")


@dataclass
class Menus:
    """The actions by name; ``recent``, ``methods``, ``sorts`` and ``themes`` are filled by who
    owns them.
    """

    actions: dict[str, QAction]
    recent: QMenu
    export: QMenu
    method: QMenu
    methods: dict[str, QAction] = field(default_factory=dict)
    sorts: dict[str, QAction] = field(default_factory=dict)
    themes: dict[str, QAction] = field(default_factory=dict)

    def enable(
        self, *, gallery: bool, writable: bool, query: bool, open_question: bool, rejectable: bool
    ) -> None:
        """What can be done now; the rest is greyed."""
        for name in _NEED_GALLERY:
            self.actions[name].setEnabled(gallery)
        for name in ("import_table", "enroll"):
            self.actions[name].setEnabled(gallery and writable)
        self.actions["import_folder"].setEnabled(writable or not gallery)
        for name in _NEED_QUERY:
            self.actions[name].setEnabled(query)
        for name in ("confirm", "enroll_query"):
            self.actions[name].setEnabled(writable and open_question)
        self.actions["reject"].setEnabled(writable and rejectable)
        self.method.setEnabled(gallery)
        self.export.setEnabled(gallery)

    def fill_recent(self, galleries: list[Path], open_: Callable[[Path], None]) -> None:
        """The galleries opened last; the menu is filled anew each time it opens."""
        self.recent.clear()
        for folder in galleries:
            entry = self.recent.addAction(str(folder).replace("&", "&&"))
            entry.triggered.connect(lambda _=False, path=folder: open_(path))
        if not galleries:
            self.recent.addAction("None yet").setEnabled(False)


def build_menus(window: QMainWindow) -> Menus:
    """Makes the menu bar of the window."""
    actions = {name: _action(window, name, *parts) for name, parts in _ACTIONS.items()}
    actions["keep_unknown"].setCheckable(True)
    actions["quit"].setMenuRole(QAction.MenuRole.QuitRole)
    actions["about"].setMenuRole(QAction.MenuRole.AboutRole)
    recent = QMenu("Op&en recent", window)
    menus = Menus(actions, recent, QMenu("E&xport", window), QMenu("&Method", window))
    menus.export.setToolTipsVisible(True)
    for name in _EXPORTS:
        menus.export.addAction(actions[name]) if name else menus.export.addSeparator()
    menus.method.setToolTipsVisible(True)
    menus.methods = _choices(menus.method, window, _METHODS)
    for title, names in _MENUS.items():
        menu = window.menuBar().addMenu(title)
        menu.setToolTipsVisible(True)
        for name in names:
            menu.addAction(actions[name]) if name else menu.addSeparator()
            if name == "open":
                menu.addMenu(recent)
            if name == "import_table":
                menu.addMenu(menus.export)
        if title == "&Identify":
            menu.addMenu(menus.method)
        if title == "&View":
            _fill_view_menu(menu, window, menus)
    return menus


def _action(window: QMainWindow, name: str, text: str, tip: str, picture: str) -> QAction:
    action = QAction(text, window)
    action.setShortcuts(keys_of(name))
    action.setToolTip(tip or text.replace("&", ""))
    action.setStatusTip(tip)
    if picture:
        action.setIcon(icon(picture))
        action.setIconVisibleInMenu(False)
    return action


def _fill_view_menu(menu: QMenu, window: QMainWindow, menus: Menus) -> None:
    sorts = {"name": "Sort people by &name", "faces": "Sort people by nu&mber of faces"}
    themes = {"system": "Colours of the &system", "light": "&Light", "dark": "&Dark"}
    menus.sorts = _choices(menu, window, sorts)
    menu.addSeparator()
    menus.themes = _choices(menu, window, themes)


def _choices(menu: QMenu, window: QMainWindow, texts: dict[str, str]) -> dict[str, QAction]:
    group = QActionGroup(window)
    made = {}
    for name, text in texts.items():
        made[name] = menu.addAction(text)
        made[name].setCheckable(True)
        group.addAction(made[name])
    return made
