"""Read what the panels show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from PySide6.QtGui import QImage

from engine.errors import PhotoError, UnknownIdentityError
from engine.progress import Reporter
from engine.records.long_lists import FaceColumns
from engine.records.roster import Roster
from engine.records.types import Candidate, Evidence, Face, Method
from gallery_app.operations.context import Context
from gallery_app.operations.stale_target import by_method, follow_method
from gallery_app.state import Methods, Query
from gallery_app.widgets.faces.avatar_painting import portrait_image


def load_roster(context: Context, known: Roster | None, done: Callable[[Roster], None]) -> None:
    """All identities, for the list; of a known roster only what has changed since is read.

    It has a lane of its own with the faces: neither waits for an index that is being loaded.
    """
    gallery = context.gallery
    context.tasks.run(
        "Reading people",
        lambda _: gallery.roster(known),
        done=done,
        failed=context.failed,
        lane="list",
        key="people",
        shown=False,
    )


def find_lookalike(context: Context, name: str, done: Callable[[str, str], None]) -> None:
    """Whether a new name cannot be told from somebody's on a screen: ``done`` is called with both
    where it is so.
    """
    gallery = context.gallery

    def found(alike: Mapping[str, str]) -> None:
        for new, other in alike.items():
            done(new, other)

    context.tasks.run(
        "Comparing names",
        lambda _: gallery.find_lookalikes([name]),
        done=found,
        failed=context.failed,
        key="lookalike",
        shown=False,
    )


def load_faces(context: Context, identity: int, done: Callable[[FaceColumns], None]) -> None:
    """The faces of one identity; only the last one asked for arrives."""
    gallery = context.gallery
    context.tasks.run(
        "Reading faces",
        lambda _: gallery.face_columns(identity),
        done=done,
        failed=context.failed,
        lane="list",
        key="faces",
        shown=False,
    )


def load_faces_of(context: Context, identity: int, done: Callable[[list[Face]], None]) -> None:
    """The same for a dialog: the panel's own wish goes on beside it."""
    gallery = context.gallery
    context.tasks.run(
        "Reading faces",
        lambda _: gallery.faces(identity),
        done=done,
        failed=context.failed,
        key="faces-of",
        shown=False,
    )


def load_details(
    context: Context, face: int, done: Callable[[Face, list[Candidate]], None]
) -> None:
    """One face and the identities nearest to it, itself left out; nothing where it is gone: the
    panel is about to be told so.
    """
    gallery = context.gallery

    def work(_: Reporter) -> tuple[Face, list[Candidate]] | None:
        try:
            nearest = gallery.identify_enrolled(face, top=3).candidates
        except UnknownIdentityError:
            return None
        listed = gallery.faces_by_id([face])
        return (listed[0], list(nearest)) if listed else None

    context.tasks.run(
        "Reading the face",
        work,
        done=lambda found: found is not None and done(*found),
        failed=context.failed,
        key="details",
        shown=False,
    )


def load_nearest_identity(
    context: Context, identity: int, done: Callable[[int, str], None]
) -> None:
    """The identity that looks most like another one."""
    gallery = context.gallery
    context.tasks.run(
        "Comparing people",
        lambda _: gallery.nearest_identity(identity),
        done=lambda nearest: nearest is not None and done(identity, nearest.name),
        failed=context.failed,
        key="nearest",
        shown=False,
    )


def load_query_picture(
    context: Context, query: Query, side: int, done: Callable[[Query, QImage], None]
) -> None:
    """The photograph beside a query, or a portrait where there is none that can be used.

    Args:
        side: pixels of a portrait.
    """
    gallery = context.gallery

    def work(_: Reporter) -> QImage:
        photo = QImage()
        if query.photo is not None:
            with suppress(PhotoError):  # the portrait stands in; the query itself is sound
                photo = QImage.fromData(gallery.read_photo(query.photo))
        if not photo.isNull():
            return photo
        return portrait_image(gallery.traits_of(query.vector[None, :])[0], side)

    context.tasks.run(
        "Reading the picture of the query",
        work,
        done=lambda image: done(query, image),
        failed=context.failed,
        key="query-picture",
        shown=False,
    )


def load_evidence(
    context: Context, query: Query, done: Callable[[Query, tuple[Evidence, ...]], None]
) -> None:
    """The faces of the chosen candidate that are nearest to a query; nothing where they are gone:
    the panel is about to be told so.
    """
    gallery, candidate, answer = context.gallery, query.candidate, query.answer
    if candidate is None or answer is None:
        return
    context.tasks.run(
        "Reading the nearest faces",
        lambda _: gallery.evidence_for(
            query.vector, candidate.identity_id, method=answer.method, left_out=query.face
        ),
        done=lambda faces: done(query, faces),
        failed=context.failed,
        key="evidence",
        shown=False,
    )


def load_methods(context: Context, done: Callable[[Methods], None]) -> None:
    """What can be asked in this gallery, and what ``auto`` stands for."""
    gallery = context.gallery
    context.tasks.run(
        "Looking at the methods",
        lambda _: Methods(gallery.methods(), *gallery.auto()),
        done=done,
        failed=context.failed,
        key="methods",
        shown=False,
    )


def prepare(context: Context) -> None:
    """Makes, unasked, what the first enrolment would have to wait for."""
    gallery = context.gallery
    context.tasks.run("Getting ready", gallery.prepare, lane="review", key="prepare", shown=False)


def load_missed(
    context: Context,
    method: Method,
    steps: Sequence[float],
    done: Callable[[Mapping[float, float | None]], None],
) -> None:
    """The share of enrolled people that a method misses at each of these FPIRs."""
    gallery = context.gallery

    def ask(method: Method) -> Mapping[float, float | None]:
        return {fpir: gallery.missed(fpir, method) for fpir in steps}

    def measured(answered: tuple[Method, Mapping[float, float | None]]) -> None:
        done(answered[1])
        follow_method(context, method, answered[0])

    context.tasks.run(
        "Measuring strictness",
        lambda _: by_method(gallery, method, ask),
        done=measured,
        failed=context.failed,
        key="missed",
        shown=False,
    )
