"""Where the files of trained versions are, of a plain gallery and of an encrypted one."""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path

from engine.errors import GalleryWriteError, ModelError
from engine.store import sealing
from engine.store.access import Access
from engine.store.failures import declared
from engine.store.memory import Memory, missing_memory
from engine.store.sealing import SEALED
from engine.tools.gallery_folder import MODELS


class Versions(Access):
    """The part of a :class:`engine.store.Store` that knows where versions lie.

    Those of an encrypted gallery lie on disk as one encrypted file each, and while it is open as
    plain files in memory.
    """

    folder: Path
    encrypted: bool

    @property
    def models_folder(self) -> Path:
        """The folder with a folder for each version. Raises ModelError: memory has none."""
        return (self._memory.folder() if self.encrypted else self.folder) / MODELS

    def models_obstacle(self) -> str:
        """Why no trained model can be used here, one sentence; "" where they can."""
        return missing_memory() if self.encrypted else ""

    def model_places(self) -> list[Path]:
        """Every folder that versions lie in: on disk and, of an encrypted gallery, in memory."""
        places = [self.folder / MODELS]
        if self.encrypted:
            with suppress(ModelError):  # then there is none in memory
                places.append(self.models_folder)
        return places

    def version_folder(self, model_id: str) -> Path:
        """The folder of a version, to be read; whether there is one is the reader's to see.

        Raises:
            ModelError: of an encrypted gallery, its files cannot be had.
        """
        place = self.models_folder / model_id
        if self.encrypted:
            with self._unsealing:
                if not place.exists() and (self._kept(model_id) / SEALED).exists():
                    self._unseal(model_id, place)
        return place

    def keep_version(self, model_id: str) -> None:
        """Has a version that was written in :attr:`models_folder` on disk for good.

        Raises:
            GalleryWriteError: the disk refuses; nothing is left there.
        """
        if not self.encrypted:
            return
        with self._database.transaction() as connection:
            key = sealing.sealing_key(connection)
        kept = self._kept(model_id)
        try:
            with declared(kept / SEALED):
                sealing.seal(self.models_folder / model_id, kept, key)
        except OSError as error:
            raise GalleryWriteError(
                f"The model could not be saved ({error.strerror or error})",
                file=kept,
                remedy="Check that the disk has space and may be written, then try again.",
            ) from error

    def drop_version(self, model_id: str) -> None:
        """Takes away what :meth:`keep_version` laid down, if anything."""
        if self.encrypted:
            shutil.rmtree(self._kept(model_id), ignore_errors=True)

    def _start_versions(self) -> None:
        self._memory = Memory()
        self._unsealing = threading.Lock()

    def _end_versions(self) -> None:
        self._memory.close()

    def _kept(self, model_id: str) -> Path:
        return self.folder / MODELS / model_id

    def _unseal(self, model_id: str, place: Path) -> None:
        with self._database.reading() as connection:
            key = sealing.kept_key(connection)
        half = place.with_name(f".unsealing-{model_id}")
        sealing.unseal(self._kept(model_id), half, key)
        os.rename(half, place)
