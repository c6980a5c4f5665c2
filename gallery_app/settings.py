"""Settings of the window, declared in one place with type, default and meaning."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

from engine.utils.ignoring import ignored
from engine.utils.user_folders import HomeNotFoundError, config_folder

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Setting:
    """One remembered thing."""

    key: str
    default: Any
    meaning: str


THEME = Setting("look/theme", "system", "system, light or dark")
SORT = Setting("identities/sort", "name", "name or faces")
GEOMETRY = Setting("window/geometry", QByteArray(), "size and place of the window")
SPLITTER = Setting("window/splitter", QByteArray(), "widths of the three panels")
THUMBNAIL = Setting("faces/side", 96, "pixels of a face in a grid, 64 to 256")
FPIR = Setting("identify/fpir", 0.01, "share of strangers that may be wrongly named")
STRANGERS = Setting("identify/strangers", "at-large", "kind of strangers: at-large or alike")
METHOD = Setting("identify/method", "auto", "auto, knn, triplet or mlp")
VERSIONS = Setting("versions/columns", QByteArray(), "widths of the columns of the versions")
IMPORT = Setting("import/columns", QByteArray(), "widths of the columns of an import's faces")
ANSWERS = Setting("answers/columns", "", "widths of the columns of the answers")
LOCK_AFTER = Setting("encryption/lock", 10, "minutes without input; 0 never locks")
FOLDER = Setting("files/folder", "", "folder that files were last opened from")
SAVED = Setting("files/saved", "", "folder that an export or a report was last saved to")
CAMERA = Setting("identify/camera", "0", "number of the camera, from 0")
SCANS = Setting("photographs/scans", "", "folders of photographs by gallery, as JSON")
BACKUPS = Setting("files/backups", "", "folder that a backup was last written to or read from")


class Settings:
    """Reads and writes an ini file in the application's own folder, where there is one."""

    def __init__(self) -> None:
        try:
            self._path = config_folder() / "window.ini"
        except HomeNotFoundError:
            _log.info("There is no folder for settings", exc_info=True)
            self._file = None
            return
        with ignored(OSError):  # Qt would make both readable by everybody
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
        self._file: QSettings | None = QSettings(str(self._path), QSettings.Format.IniFormat)

    def get(self, setting: Setting) -> Any:
        """The remembered value, or the default where it is absent or of another type."""
        if self._file is None:
            return setting.default
        try:
            value = self._file.value(setting.key, setting.default)
            typed = type(setting.default)(value)
        except (TypeError, ValueError, OverflowError, RuntimeError):  # ordinary: unusable
            return setting.default
        unusable = isinstance(typed, float) and not math.isfinite(typed)
        return setting.default if unusable else typed

    def set(self, setting: Setting, value: Any) -> None:
        if self._file is not None:
            self._file.setValue(setting.key, value)

    def save(self) -> None:
        if self._file is None:
            return
        self._file.sync()
        with ignored(OSError):  # it names folders, and may be older than this care
            self._path.chmod(0o600)
