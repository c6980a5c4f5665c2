"""Read what the panels show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import get_args

from PySide6.QtGui import QImage

from engine.errors import PhotoError, UnknownIdentityError
from engine.gallery import Gallery
from engine.progress import Reporter
from engine.records.error_rates import ErrorRates
from engine.records.long_lists import FaceColumns
from engine.records.roster import Roster
from engine.records.types import Candidate, Evidence, Face, Method, Strangers
from engine.utils.ignoring import ignored
from gallery_app.face_queries import FaceQuery
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Query
from gallery_app.operations.queries import by_method, follow_method
from gallery_app.state import Methods
from gallery_app.widgets.faces.painting import portrait_image
from gallery_app.wording.method_words import auto_reason


def load_roster(context: Context, known: Roster | None, done: Callable[[Roster], None]) -> None:
    """All identities; of a known roster only what has changed since is read.

    People and faces have a lane of their own: neither waits for an index that is being loaded.
    """
    Query("Reading people", lambda gallery, _: gallery.people.roster(known), "people", "list").run(
        context, done
    )


def find_lookalike(context: Context, name: str, done: Callable[[str, str], None]) -> None:
    """Call ``done`` with a new name and somebody's, that look alike on a screen."""

    def found(alike: Mapping[str, str]) -> None:
        for new, other in alike.items():
            done(new, other)

    Query("Comparing names", lambda gallery, _: gallery.people.lookalikes([name]), "lookalike").run(
        context, found
    )


def load_faces(context: Context, identity: int, done: Callable[[FaceColumns], None]) -> None:
    """The faces of one identity, for the panel."""
    Query("Reading faces", lambda gallery, _: gallery.faces.columns(identity), "faces", "list").run(
        context, done
    )


def load_faces_of(context: Context, identity: int, done: Callable[[list[Face]], None]) -> None:
    """The faces of one identity, for a dialog beside the panel."""
    Query("Reading faces", lambda gallery, _: gallery.faces.of(identity), "faces-of").run(
        context, done
    )


def load_details(
    context: Context, face: int, done: Callable[[Face, list[Candidate]], None]
) -> None:
    """One face and the identities nearest to it, itself left out; nothing where it is gone: the
    panel is about to be told so.
    """

    def work(gallery: Gallery, _: Reporter) -> tuple[Face, list[Candidate]] | None:
        try:
            nearest = gallery.recogniser.identify_enrolled(face, top=3).candidates
        except UnknownIdentityError:
            return None
        listed = gallery.faces.by_ids([face])
        return (listed[0], list(nearest)) if listed else None

    Query("Reading the face", work, "details").run(
        context, lambda found: found is not None and done(*found)
    )


def load_nearest_identity(
    context: Context, identity: int, done: Callable[[int, str], None]
) -> None:
    """The identity that looks most like another one."""
    Query("Comparing people", lambda gallery, _: gallery.people.nearest(identity), "nearest").run(
        context, lambda nearest: nearest is not None and done(identity, nearest.name)
    )


def load_query_picture(
    context: Context, query: FaceQuery, side: int, done: Callable[[FaceQuery, QImage], None]
) -> None:
    """The photograph beside a query, or a portrait where there is none that can be used.

    Args:
        side: pixels of a portrait.
    """

    def work(gallery: Gallery, _: Reporter) -> QImage:
        photo = QImage()
        if query.photo is not None:
            with ignored(PhotoError):  # the portrait stands in; the query itself is sound
                photo = QImage.fromData(gallery.read_photo(query.photo))
        if not photo.isNull():
            return photo
        return portrait_image(gallery.faces.traits_of(query.vector[None, :])[0], side)

    Query("Reading the query's photo", work, "query-picture").run(
        context, lambda image: done(query, image)
    )


def load_evidence(
    context: Context, query: FaceQuery, done: Callable[[FaceQuery, tuple[Evidence, ...]], None]
) -> None:
    """The faces of the chosen candidate that are nearest to a query; nothing where they are gone:
    the panel is about to be told so.
    """
    candidate, answer = query.candidate, query.answer
    if candidate is None or answer is None:
        return
    Query(
        "Reading nearest faces",
        lambda gallery, _: gallery.recogniser.evidence_for(
            query.vector, candidate.identity_id, method=answer.method, left_out=query.face
        ),
        "evidence",
    ).run(context, lambda faces: done(query, faces))


def load_methods(context: Context, done: Callable[[Methods], None]) -> None:
    """What can be asked in this gallery, and what ``auto`` stands for."""

    def work(gallery: Gallery, _: Reporter) -> Methods:
        members, *why = gallery.auto()
        return Methods(gallery.recogniser.methods(), members, auto_reason(*why))

    Query("Reading methods", work, "methods").run(context, done)


def prepare(context: Context) -> None:
    """Compute beforehand what the first enrolment would have to wait for."""
    Query(
        "Preparing recognition",
        lambda gallery, reporter: gallery.prepare(reporter),
        "prepare",
        "review",
    ).run(context, failed=lambda _: None)


def load_error_rates(
    context: Context,
    method: Method,
    fpirs: Sequence[float],
    done: Callable[[Mapping[Strangers, ErrorRates]], None],
) -> None:
    """How often a method errs about both kinds of strangers, and about known people, at each of
    these FPIRs.
    """

    def rates(gallery: Gallery, method: Method) -> Mapping[Strangers, ErrorRates]:
        measure = gallery.error_rates.measure
        return {kind: measure(fpirs, method, kind) for kind in get_args(Strangers)}

    def work(gallery: Gallery, _: Reporter) -> tuple[Method, Mapping[Strangers, ErrorRates]]:
        return by_method(gallery, method, lambda to: rates(gallery, to))

    def measured(answered: tuple[Method, Mapping[Strangers, ErrorRates]]) -> None:
        done(answered[1])
        follow_method(context, method, answered[0])

    Query("Measuring error rates", work, "error-rates").run(context, measured)


def load_one_more(
    context: Context,
    fpir: float,
    strangers: Strangers,
    done: Callable[[float | None, float | None], None],
) -> None:
    """The share of known faces that k-NN misses, and would miss if each person had one more face;
    None where it cannot be told.
    """

    def work(gallery: Gallery, reporter: Reporter) -> tuple[float | None, float | None]:
        rates = gallery.error_rates
        with_one_more = rates.fnir_with_one_more(fpir, strangers, reporter)
        return rates.fnir(fpir, "knn", strangers), with_one_more

    Query("Measuring one more face", work, "one-more", "review").run(
        context, lambda shares: done(*shares)
    )
