"""Pictures of faces for all views: made off the UI thread, newest wish first, few kept."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Condition, Lock, Thread

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from engine.errors import PhotoError
from engine.gallery import Gallery
from engine.records.types import FaceBatch, Vectors
from gallery_app.face_queries import FaceQuery
from gallery_app.widgets.faces.painting import portrait_image

_log = logging.getLogger(__name__)

_KEPT = 96 << 20  # bytes of pictures: some 650 of 192 × 192 pixels, more than a screen shows
_WISHED = 400  # pictures on their way: what was scrolled past long ago is asked for no more
_BATCH = 6  # drawn before the first of them are shown


class Pictures(QObject):
    """Gives the picture of an enrolled face at once where it is there, else makes it.

    Signals:
        ready: ids of faces whose picture can be asked for now.
    """

    ready = Signal(list)
    _made = Signal(int, object)

    def __init__(self, side: int = 192, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self.kept: OrderedDict[int, QPixmap] = OrderedDict()
        self._bytes = 0
        self._wished: OrderedDict[int, None] = OrderedDict()
        self._gallery: Gallery | None = None
        self._generation = 0
        self._stop = False
        self._news = Condition()
        self._making = Lock()
        self._others: list[Pictures] = []
        self._made.connect(self._keep, Qt.ConnectionType.QueuedConnection)
        self._thread = Thread(target=self._work, name="pictures", daemon=True)
        self._thread.start()

    def set_gallery(self, gallery: Gallery | None) -> None:
        """Forget everything: ids of another gallery mean other faces.

        Waits for the batch being made of another gallery, so that that can be closed afterwards.
        """
        with self._news:
            other = self._gallery is not gallery
            self._gallery = gallery
            self._generation += 1
            self._wished.clear()
        self.kept.clear()
        self._bytes = 0
        if other:
            with self._making:  # whoever has it may still read the other gallery
                pass

    def of_rows(self) -> RowPictures:
        """Pictures of faces that are not enrolled yet, for a dialog; whoever asks closes them."""
        made = RowPictures(self._gallery, self._side, self)
        self._others.append(made)
        return made

    def _forget(self, other: RowPictures) -> None:
        """It is closed: nobody asks it any more."""
        if other in self._others:
            self._others.remove(other)
            other.deleteLater()

    def get(self, face: int | None) -> QPixmap | None:
        """The picture, or None while it is being made (``ready`` then tells)."""
        if face is None:
            return None
        pixmap = self.kept.get(face)
        if pixmap is not None:
            self.kept.move_to_end(face)
            return pixmap
        with self._news:
            self._wished[face] = None
            self._wished.move_to_end(face)
            while len(self._wished) > _WISHED:
                self._wished.popitem(last=False)
            self._news.notify()
        return None

    @Slot(int, object)
    def _keep(self, generation: int, images: dict[int, QImage]) -> None:
        if generation != self._generation:
            return
        for face, image in images.items():
            self._let_go(self.kept.pop(face, None))
            self.kept[face] = QPixmap.fromImage(image)
            self._bytes += _bytes(self.kept[face])
        while self._bytes > _KEPT and len(self.kept) > 1:
            self._let_go(self.kept.popitem(last=False)[1])
        self.ready.emit(list(images))

    def _let_go(self, pixmap: QPixmap | None) -> None:
        if pixmap is not None:
            self._bytes -= _bytes(pixmap)

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._stop or self._wished)
                if self._stop:
                    return
            with self._making:
                self._make_newest()

    def _make_newest(self) -> None:
        with self._news:
            gallery, generation = self._gallery, self._generation
            newest = [self._wished.popitem()[0] for _ in range(min(_BATCH, len(self._wished)))]
        if gallery is None:
            return
        try:
            self._made.emit(generation, self._make(gallery, newest))
        except Exception:  # placeholders stay; this thread must outlive one bad face
            _log.warning("Pictures of faces cannot be made", exc_info=True)
            return

    def _make(self, gallery: Gallery, faces: list[int]) -> dict[int, QImage]:
        images: dict[int, QImage] = {}
        for face in faces:
            photo = self._photo_of(gallery, face)
            image = QImage.fromData(photo) if photo is not None else QImage()
            if not image.isNull():
                images[face] = image
        bare = [face for face in faces if face not in images]
        if bare:
            known, traits = self._traits_of(gallery, bare)
            for face, numbers in zip(known, traits, strict=True):
                images[face] = portrait_image(numbers, self._side)
        return images

    def _photo_of(self, gallery: Gallery, face: int) -> bytes | None:
        return gallery.faces.thumbnail(face)

    def _traits_of(self, gallery: Gallery, faces: list[int]) -> tuple[list[int], Vectors]:
        """Those of the faces that exist, and the numbers to draw them with."""
        known = [face.id for face in gallery.faces.by_ids(faces)]
        return known, gallery.faces.traits(known)

    def close(self) -> None:
        """End the thread, also of what :meth:`of_rows` gave. Nothing comes afterwards."""
        for other in list(self._others):
            other.close()
        self._generation += 1
        with self._news:
            self._stop = True
            self._news.notify()
        self._thread.join()


def _bytes(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4


class Awaited:
    """The rows of a model that wait for pictures: only they are painted anew when one is there."""

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}

    def add(self, face: int, row: int) -> None:
        self._rows.pop(face, None)
        self._rows[face] = row
        if len(self._rows) > _WISHED:  # its picture is wished for no more either
            del self._rows[next(iter(self._rows))]

    def take(self, faces: list[int]) -> list[int]:
        """The rows that waited for these."""
        return [self._rows.pop(face) for face in faces if face in self._rows]

    def clear(self) -> None:
        """The rows are others now."""
        self._rows.clear()


class RowPictures(Pictures):
    """Pictures of faces that are about to be imported, by their row in all that was added."""

    def __init__(self, gallery: Gallery | None, side: int, owner: Pictures) -> None:
        super().__init__(side, owner)
        self._owner = owner
        self._faces: list[tuple[Vectors, Path | None]] = []
        self._traits: Vectors | None = None
        self.set_gallery(gallery)

    def add(self, batch: FaceBatch) -> None:
        """The rows of a batch come after those that are there."""
        self._faces += zip(batch.vectors, batch.photos, strict=True)

    def close(self) -> None:
        """End the thread and forget the faces. May be called twice."""
        super().close()
        self._faces.clear()
        self._owner._forget(self)

    def _make(self, gallery: Gallery, faces: list[int]) -> dict[int, QImage]:
        images = {}
        for row in faces:
            photo = self._faces[row][1]
            image = _read(gallery, photo) if photo is not None else QImage()
            if image.isNull():
                image = portrait_image(self._traits_of_all(gallery)[row], self._side)
            images[row] = image
        return images

    def _traits_of_all(self, gallery: Gallery) -> Vectors:
        """Of all rows at once: an empty gallery takes its measure of likeness from them."""
        count = len(self._faces)
        if self._traits is None or len(self._traits) < count:
            vectors = np.stack([vector for vector, _ in self._faces[:count]])
            self._traits = gallery.faces.traits_of(vectors)
        return self._traits


def _read(gallery: Gallery, photo: Path) -> QImage:
    try:
        return QImage.fromData(gallery.read_photo(photo))
    except PhotoError:
        _log.debug("A photograph cannot be read", exc_info=True)
        return QImage()  # the face itself is sound, and gets a portrait


class QueryPictures(Pictures):
    """Pictures of queries, by their position in the list of all of them."""

    def __init__(self, side: int = 192, parent: QObject | None = None) -> None:
        super().__init__(side, parent)
        self._asked: Sequence[FaceQuery] = ()

    def set_queries(self, asked: Sequence[FaceQuery]) -> None:
        """Show others; nothing of those before is kept."""
        with self._news:
            self._asked = asked
            self._generation += 1
            self._wished.clear()
        self.kept.clear()
        self._bytes = 0

    def _make(self, gallery: Gallery, faces: list[int]) -> dict[int, QImage]:
        images, asked = {}, self._asked
        for at in faces:
            if at < len(asked):  # else others are asked about by now
                photo = asked[at].photo
                image = _read(gallery, photo) if photo is not None else QImage()
                if image.isNull():
                    traits = gallery.faces.traits_of(asked[at].vector[None, :])
                    image = portrait_image(traits[0], self._side)
                images[at] = image
        return images


class ShelfPictures(Pictures):
    """Pictures of the unknown faces that are kept, by their own ids."""

    def _photo_of(self, gallery: Gallery, face: int) -> bytes | None:
        return gallery.unknowns.thumbnail(face)

    def _traits_of(self, gallery: Gallery, faces: list[int]) -> tuple[list[int], Vectors]:
        return faces, gallery.unknowns.traits(faces)
