"""Every action of the window with its keys, in the menus where people look for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from gallery_app.shortcuts import keys_of
from gallery_app.theme.icons import icon
from gallery_app.wording.method_words import method_title

# name, text, tip, icon
_ACTIONS = {
    "new": ("&New gallery…", "Create an empty gallery", "folder-plus"),
    "open": ("&Open gallery…", "Open an existing gallery", "folder-open"),
    "sample": ("Open the &sample", "158 people of Labeled Faces in the Wild", "sample"),
    "import_folder": ("&Import folder…", "One folder per person, with photographs or .npy files",
                      "import"),
    "import_table": ("Import &table…", "A .npz or .csv file with names", "file"),
    "scan": ("Scan &photographs…", "Look for faces in folders of photographs", "image"),
    "backup": ("&Back up…", "Save the whole gallery to one file, even while it is in use", "copy"),
    "restore": ("&Restore…", "Restore this gallery, or create a new one from a backup", "undo"),
    "export_tensorboard": ("&TensorBoard projector…",
                           "Faces as a point cloud with pictures and names", ""),
    "export_npz": ("&NumPy archive…", "A .npz file of embeddings, names and file names", ""),
    "export_csv": ("&CSV table…", "One line per face: the name and the numbers", ""),
    "export_parquet": ("&Parquet table…", "For pandas, Polars, DuckDB or Spark", ""),
    "export_folder": ("&Folder tree…", "One folder per person, one .npy file per face, with "
                                       "photos", ""),
    "export_report": ("&Report…", "A one-page summary of the gallery, to share", ""),
    "check": ("Chec&k gallery", "Check that database, index and models agree", "check"),
    "encryption": ("Encr&yption…", "Protect the gallery with a passphrase", ""),
    "lock": ("Lo&ck", "Close the gallery until its passphrase is entered", "lock"),
    "close": ("C&lose gallery", "Return to the welcome page", "close"),
    "quit": ("&Quit", "Close the window", ""),
    "undo": ("&Undo", "Undo the last change", "undo"),
    "redo": ("&Redo", "Redo the last undone change", "redo"),
    "history": ("&History…", "Every change: who, what and when; go back to any of them", ""),
    "rename": ("Re&name person…", "Rename the selected person", ""),
    "merge": ("&Merge people…", "Merge the selected people into one", "people"),
    "split": ("&Split person…", "Split this person into several", ""),
    "note": ("N&ote…", "Write a note on the selected person", ""),
    "delete": ("&Delete person", "Delete the selected people and all their faces", "trash"),
    "erase": ("Er&ase person…", "Permanently remove the selected person from every file", ""),
    "move": ("Mo&ve faces…", "Move the selected faces to another person", ""),
    "portrait": ("Set as portra&it", "Use the selected face as the person's portrait", "image"),
    "confirm_faces": ("Confirm fa&ces", "The selected faces have the right name", "check"),
    "remove": ("Remove fac&es", "Remove the selected faces from the gallery", "trash"),
    "photographs": ("Photo&graphs…", "The photographs that the selected person, or both of two "
                                     "selected people, are in", ""),
    "compare": ("Com&pare people…", "Compare two people face by face", ""),
    "compare_faces": ("Compare &two faces…", "Compare the two selected faces", ""),
    "show_faces": ("Show &faces", "Show the faces of the selected person", ""),
    "show_map": ("Sho&w the map", "Show every face as a point on a map", ""),
    "show_review": ("Show the &review", "Show enrolled faces that look wrong", ""),
    "show_unknown": ("Show &unknown queries", "Show queries in which no one was recognised", ""),
    "charts": ("C&harts…", "Faces per person, distances, recognition, growth", ""),
    "select_all": ("Se&lect all", "Select everything in the list, or all faces of the person", ""),
    "find": ("&Find person", "Search people by name", "search"),
    "paste": ("&Paste query", "Identify the copied picture, or the files whose paths were copied",
              ""),
    "open_query": ("&Open query…", "Identify the faces in photographs or files of embeddings",
                   "face"),
    "camera": ("Came&ra…", "Identify the faces in front of a camera", "camera"),
    "who": ("&Who is this?", "Test the selected face as if it were not enrolled", "question"),
    "confirm": ("&Confirm", "The selected candidate is right: add the face", ""),
    "reject": ("No&t this person",
               "The selected candidate is wrong: never suggest it again for this face", ""),
    "enroll_query": ("Enroll query as &new…", "Enroll the query as a new person", "add-person"),
    "enroll": ("&Enroll faces…", "Add faces from files to a new or enrolled person", "add-person"),
    "keep_unknown": ("&Keep unknown queries",
                     "Keep queries in which no one was recognised", ""),
    "answers": ("&All answers…", "List the answers to all queries of this batch", ""),
    "previous": ("&Previous query", "", "chevron-left"),
    "next": ("Ne&xt query", "", "chevron-right"),
    "clear": ("C&lear query", "Clear the query panel", "close"),
    "retrain": ("&Retrain…", "Train models on this gallery", "sample"),
    "versions": ("&Versions…", "All trained models: compare, activate, delete", ""),
    "evaluate": ("&Evaluation…", "Measure how reliable each method is on this gallery", ""),
    "error_rates": ("Err&or rates…",
                    "Strangers named and known faces missed at every strictness; cohorts", ""),
    "shortcuts": ("&Keyboard shortcuts", "", "keyboard"),
    "diagnostics": ("&Copy diagnostics", "Copy versions, sizes and the log, without names", "copy"),
    "about": ("&About Face Gallery", "", "info"),
}  # fmt: skip
_EXPORTS = ("export_tensorboard", "", "export_npz", "export_csv", "export_parquet",
            "export_folder", "", "export_report")  # fmt: skip
_MENUS = {
    "&Gallery": ("new", "open", "", "sample", "", "import_folder", "import_table", "scan", "",
                 "backup", "restore", "check", "", "encryption", "lock", "", "close", "quit"),
    "&Edit": ("undo", "redo", "history", "", "rename", "merge", "split", "note", "delete",
              "erase", "", "move", "portrait", "confirm_faces", "remove", "",
              "select_all", "find", "paste"),
    "&Identify": ("open_query", "camera", "who", "", "confirm", "reject", "enroll_query",
                  "enroll", "", "keep_unknown", "", "answers", "previous", "next", "clear", ""),
    "&Model": ("retrain", "versions", "", "evaluate", "error_rates"),
    "&View": ("show_faces", "show_map", "show_review", "show_unknown", "",
              "photographs", "compare", "compare_faces", "", "charts", ""),
    "&Help": ("shortcuts", "diagnostics", "about"),
}  # fmt: skip
_NEED_GALLERY = ("import_table", "scan", "backup", "check", "close", "select_all", "find", "paste",
                 "show_faces", "show_map", "show_review", "show_unknown", "open_query", "camera",
                 "who", "enroll", "retrain", "versions", "evaluate", "error_rates", "history",
                 "charts", *filter(None, _EXPORTS))  # fmt: skip
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
    """Make the menu bar of the window."""
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
    menus.methods = _choices(
        menus.method,
        window,
        {method: method_title(method) for method in ("auto", "knn", "triplet", "mlp")},
    )
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
    themes = {"system": "S&ystem theme", "light": "&Light", "dark": "&Dark"}
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
