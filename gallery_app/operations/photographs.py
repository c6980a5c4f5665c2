"""Look at a face in full size, open its photograph, and show that in its folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRect, QRectF, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QImage

from engine.errors import PhotoError, UnknownIdentityError
from engine.gallery import Gallery
from engine.progress import Reporter
from engine.records.detections import DetectedFace, Photograph
from engine.records.scans import PhotographRecord
from engine.records.types import Vectors
from engine.records.unknowns import Unknown
from engine.utils.ignoring import ignored
from gallery_app.face_queries import FaceQuery
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Query
from gallery_app.widgets.faces.painting import portrait_image
from gallery_app.wording.photograph_words import (
    DRAWN,
    FACE_GONE,
    NO_VIEWER,
    NOBODY,
    UNKNOWN_FACE,
    UNREADABLE,
    missing_file,
    part_text,
    photograph_text,
    thumbnail_text,
)

Viewed = int | Unknown | FaceQuery
"""An enrolled face by its id, a face that is kept as unknown, or a query."""
LARGEST = 2048  # px of a side that a photograph is read with: more than a screen shows of it
_DRAWN = 1024  # px of a portrait
_AROUND = 2.2  # sides of a face that are shown of its photograph


@dataclass(frozen=True)
class FaceView:
    """A face as large as it is to be had.

    Attributes:
        title: whose it is, or what was answered.
        file, row: where it came from.
        kind: of the picture: a photograph with its size, or what stands in for it.
        photo, folder_file: its photograph, and what can be shown in its folder; None where they
            are gone, and then ``missing`` says why.
    """

    title: str
    file: str
    row: int
    image: QImage
    kind: str
    photo: Path | None
    folder_file: Path | None
    missing: str


@dataclass(frozen=True)
class _Place:
    """What is known of a face before its picture is read."""

    title: str
    file: str
    row: int
    photo: Path | None = None
    face: DetectedFace | None = None


def load_view(context: Context, viewed: Viewed, done: Callable[[FaceView | None], None]) -> None:
    """Read the largest picture of a face; ``done`` gets None where the face is gone by now."""

    def work(gallery: Gallery, _: Reporter) -> FaceView | None:
        place = _place_of(gallery, viewed)
        if place is None:
            return None
        photo, file, missing = _files(gallery, place)
        image, kind = QImage(), ""
        if photo is not None:
            image, kind = _photograph(gallery, photo, place.face)
            if image.isNull():
                photo, missing = None, UNREADABLE
        if image.isNull():
            image, kind = _stand_in(gallery, _own(viewed))
        return FaceView(place.title, place.file, place.row, image, kind, photo, file, missing)

    Query("Reading the picture", work, "face-view", "list").run(
        context, done, stale=lambda: done(None)
    )


def load_whole(
    context: Context, photograph: Photograph, done: Callable[[Photograph, QImage], None]
) -> None:
    """Read a photograph as large as a screen shows it; nothing where its file is gone."""

    def work(gallery: Gallery, _: Reporter) -> QImage:
        image = QImage()
        with ignored(PhotoError):  # the thumbnail stays
            path = gallery.faces.original(str(Path(photograph.file).absolute()))
            image = QImage.fromData(gallery.faces.read_original(path, side=LARGEST))
        return image

    Query("Reading the photograph", work, "whole-photograph", "list").run(
        context, lambda image: image.isNull() or done(photograph, image)
    )


def _own(viewed: Viewed) -> Viewed:
    """The enrolled face itself, where a query is one."""
    enrolled = viewed.face if isinstance(viewed, FaceQuery) else None
    return viewed if enrolled is None else enrolled


def _photograph(gallery: Gallery, photo: Path, face: DetectedFace | None) -> tuple[QImage, str]:
    image = QImage()
    with ignored(PhotoError):  # what the gallery has stands in
        image = QImage.fromData(gallery.faces.read_original(photo, side=LARGEST))
    width, height = image.width(), image.height()
    if face is None or image.isNull():
        return image, photograph_text(width, height, reduced=max(width, height) >= LARGEST)
    part = _around(face, image).intersected(image.rect())
    return image.copy(part), part_text(part.width(), part.height())


def _around(face: DetectedFace, image: QImage) -> QRect:
    """Where a face and what is around it are in the picture of its photograph."""
    box, scale = face.box, image.width() / face.photograph.width
    side = max(box.width, box.height) * _AROUND
    left, top = box.x + (box.width - side) / 2, box.y + (box.height - side) / 2
    return QRectF(left * scale, top * scale, side * scale, side * scale).toAlignedRect()


def find_files(
    context: Context, viewed: Viewed, done: Callable[[Path | None, Path | None, str], None]
) -> None:
    """Call ``done`` with the photograph of a face, with what can be shown in its folder, and with
    the reason where one of them is missing.
    """

    def work(gallery: Gallery, _: Reporter) -> tuple[Path | None, Path | None, str]:
        place = _place_of(gallery, viewed)
        return _files(gallery, place) if place is not None else (None, None, FACE_GONE)

    Query("Looking for the photograph", work, "face-files", "list").run(
        context, lambda found: done(*found)
    )


def _place_of(gallery: Gallery, viewed: Viewed) -> _Place | None:
    viewed = _own(viewed)
    if isinstance(viewed, FaceQuery):  # this process read the file itself, from wherever it is
        face = viewed.photo if isinstance(viewed.photo, DetectedFace) else None
        beside = viewed.photo if isinstance(viewed.photo, Path) else None
        photo = beside.absolute() if beside is not None else None
        file = viewed.file if missing_file(viewed.file) else str(Path(viewed.file).absolute())
        return _Place(_title(viewed), file, viewed.row, photo, face)
    if isinstance(viewed, Unknown):
        return _Place(UNKNOWN_FACE, viewed.file, viewed.row)
    found = gallery.faces.by_ids([viewed])
    if not found:
        return None
    name, file, row = found[0].name, found[0].file, found[0].row
    face = gallery.photographs.detected([viewed]).get(viewed)
    return _Place(name, file, row, face=face)


def _title(query: FaceQuery) -> str:
    """What was answered."""
    if query.added_to or query.answer is None:
        return query.added_to or query.label
    return query.answer.name or NOBODY


def _files(gallery: Gallery, place: _Place) -> tuple[Path | None, Path | None, str]:
    if missing := missing_file(place.file):
        return None, None, missing
    try:
        row = 0 if place.photo is not None else place.row
        photo: Path | None = gallery.faces.original(str(place.photo or place.file), row)
    except PhotoError as error:  # ordinary: most vectors came without one, and files go
        photo, missing = None, error.problem
    if photo is not None:
        return photo, photo, ""
    try:
        return None, gallery.faces.source(place.file), missing
    except PhotoError as error:  # ordinary: files go
        return None, None, error.problem


def _stand_in(gallery: Gallery, viewed: Viewed) -> tuple[QImage, str]:
    """The thumbnail that the gallery has, or a portrait drawn from the vector."""
    thumbnail = None
    if isinstance(viewed, Unknown):
        thumbnail = gallery.unknowns.thumbnail(viewed.id)
    elif isinstance(viewed, int):
        thumbnail = gallery.faces.thumbnail(viewed)
    elif isinstance(viewed.photo, DetectedFace):
        thumbnail = viewed.photo.crop
    image = QImage.fromData(thumbnail) if thumbnail is not None else QImage()
    if not image.isNull():
        text = part_text if isinstance(viewed, FaceQuery) else thumbnail_text
        return image, text(image.width(), image.height())
    return portrait_image(_traits(gallery, viewed), _DRAWN), DRAWN


def _traits(gallery: Gallery, viewed: Viewed) -> Vectors:
    if isinstance(viewed, Unknown):
        known = gallery.unknowns.traits([viewed.id])
        if not len(known):
            raise UnknownIdentityError("This face is no longer kept")
        return known[0]
    if isinstance(viewed, FaceQuery):
        return gallery.faces.traits_of(viewed.vector[None, :])[0]
    traits = gallery.faces.traits([viewed])
    if not len(traits):
        raise UnknownIdentityError("This face is no longer enrolled")
    return traits[0]


def open_photograph(context: Context, photo: Path) -> None:
    """Open a photograph with the program that the desktop has for it. Its path may come from
    somebody else's gallery: it is opened only where it is a photograph by name and by content.
    """

    def work(gallery: Gallery, _: Reporter) -> Path:
        checked = gallery.faces.original(str(photo))
        gallery.faces.read_original(checked, side=64)
        return checked

    def checked(path: Path) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            context.state.notice.emit(NO_VIEWER)

    Query("Opening the photograph", work, lane="list").run(context, checked)


def show_in_folder(file: Path) -> None:
    """Show a file in its folder, selected where the desktop can do that. Nothing is opened."""
    if sys.platform == "darwin":
        subprocess.Popen(["/usr/bin/open", "-R", str(file)])
    elif sys.platform == "win32":
        subprocess.Popen(f'explorer /select,"{file}"')  # explorer wants exactly these quotes
    else:
        _show_by_file_manager(file)


def _show_by_file_manager(file: Path) -> None:
    """Ask the file manager over D-Bus; without an answer the folder alone is opened."""
    from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher

    bus = QDBusConnection.sessionBus()
    name, path = "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1"
    message = QDBusMessage.createMethodCall(name, path, name, "ShowItems")
    message.setArguments([[QUrl.fromLocalFile(str(file)).toString(_ENCODED)], ""])
    if not bus.isConnected():
        _open_folder(file)
        return
    watcher = QDBusPendingCallWatcher(bus.asyncCall(message, _PATIENCE))
    _asked.append(watcher)

    def answered() -> None:
        _asked.remove(watcher)
        if watcher.isError():
            _open_folder(file)

    watcher.finished.connect(answered)


_ENCODED = QUrl.ComponentFormattingOption.FullyEncoded
_PATIENCE = 15_000  # ms; a file manager may have to start
_asked: list[object] = []  # they live until they are answered


def _open_folder(file: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(file.parent)))


def load_photographs(
    context: Context,
    people: Sequence[int],
    side: int,
    done: Callable[[list[tuple[PhotographRecord, QImage]]], None],
) -> None:
    """The photographs that a person is in, or two people together, and small pictures of them.

    Args:
        people: ids of one or two identities.
        side: pixels of the longer side of a picture.
    """

    def work(gallery: Gallery, reporter: Reporter) -> list[tuple[PhotographRecord, QImage]]:
        if len(people) == 1:
            records = gallery.photographs.of(people[0])
        else:
            records = gallery.photographs.together(people[0], people[1])
        found = []
        for at, record in enumerate(records):
            reporter.progress("Reading photographs", at, len(records))
            image = QImage.fromData(gallery.photographs.thumbnail(record.id) or b"")
            if not image.isNull():
                image = image.scaled(
                    side,
                    side,
                    Qt.AspectRatioMode.KeepAspectRatio,
                    Qt.TransformationMode.SmoothTransformation,
                )
            found.append((record, image))
        return found

    Query("Reading photographs", work, "person photographs", "list").run(context, done)
