"""Erasing people from an open gallery, with all that is derived from their faces."""

from __future__ import annotations

from collections.abc import Sequence

from engine.avatars.appearance import Lens
from engine.errors import FaceGalleryError, GalleryDamagedError
from engine.maintenance import gallery_erasure
from engine.maintenance.safekeeping import Safekeeping
from engine.progress import SILENT, Reporter
from engine.records.receipts import ErasurePlan, Receipt
from engine.training.service import TrainingService


class Privacy(Safekeeping):
    """What a :class:`engine.gallery.Gallery` does for people who want to be in it no longer."""

    learning: TrainingService
    notices: list[str]
    receipt: Receipt | None
    _lens: Lens

    def foresee_erasure(self, names: Sequence[str], *, reporter: Reporter = SILENT) -> ErasurePlan:
        """What :meth:`erase` would do; nothing is changed.

        Raises:
            UnknownIdentityError: nobody of a name is enrolled, or kept for undo. CancelledError.
        """
        return gallery_erasure.plan(self._store, names, reporter)

    def erase(
        self, names: Sequence[str], *, keep_files: bool = False, reporter: Reporter = SILENT
    ) -> Receipt:
        """Removes people for good, from every file in the gallery's folder. It cannot be undone.

        Their faces, names, notes and the decisions about them go, faces with the very same
        vector under other names, what was kept for undo, models that were trained on them, and
        backups and other files in the gallery's folder that hold them. Index, calibration and
        the lens of the portraits are made anew. Changes that touched them, and those before,
        cannot be undone any more.

        Args:
            names: enrolled, or deleted before and kept for undo.
            keep_files: backups and other files stay; the receipt lists them.

        Raises:
            UnknownIdentityError, GalleryReadOnlyError, CancelledError: nothing was changed.
            TrainingError: one is under way. GalleryWriteError, GalleryBusyError: nothing was
            changed, or the next opening of the gallery finishes it; the error says which.
        """
        try:
            with self.learning.at_rest():
                return self._recogniser.renew(
                    lambda: gallery_erasure.erase(
                        self._store, names, keep_files=keep_files, reporter=reporter
                    )
                )
        finally:
            self._lens.forget()

    def finish_erasure(self) -> None:
        """Finishes what a killed process began; ``notices`` and ``receipt`` tell of it."""
        if not self.writable:
            return
        try:
            if gallery_erasure.is_under_way(self._store):
                self.receipt = self._recogniser.renew(lambda: gallery_erasure.finish(self._store))
                self.notices.append("An erasure that was interrupted has been finished.")
        except GalleryDamagedError:
            return  # what it is opened for will say so, and offer a backup
        except FaceGalleryError as error:
            self.notices.append(f"An erasure is not finished yet. {error}")

    def try_to_write(self) -> bool:
        """As :meth:`Safekeeping.try_to_write`; finishes an erasure that the other one began."""
        before = self.writable
        if super().try_to_write() and not before:
            self.finish_erasure()
        return self.writable
