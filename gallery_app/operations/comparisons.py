"""Compare two people, or two faces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.progress import Reporter
from engine.records.similarity import Similarity
from engine.records.types import Face
from gallery_app.operations.context import Context
from gallery_app.operations.stale_target import unless_gone


@dataclass(frozen=True, eq=False)
class Compared:
    """A comparison with the faces it is about, by id."""

    similarity: Similarity
    faces: Mapping[int, Face]


def compare_people(
    context: Context, one: str, other: str, done: Callable[[Compared], None]
) -> None:
    """Two people, or one with itself."""
    gallery = context.gallery
    _compare(context, lambda: gallery.comparing.people(one, other), done)


def compare_faces(context: Context, one: int, other: int, done: Callable[[Compared], None]) -> None:
    gallery = context.gallery
    _compare(context, lambda: gallery.comparing.faces(one, other), done)


def _compare(
    context: Context, compare: Callable[[], Similarity], done: Callable[[Compared], None]
) -> None:
    gallery = context.gallery

    def work(_: Reporter) -> Compared:
        found = compare()
        ids = sorted({*found.one.tolist(), *found.other.tolist()})
        return Compared(found, {face.id: face for face in gallery.faces_by_id(ids)})

    context.tasks.run(
        "Comparing",
        work,
        done=done,
        failed=unless_gone(context),
        lane="review",
        key="compare",
    )
