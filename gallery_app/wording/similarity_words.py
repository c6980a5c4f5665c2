"""What a comparison of two people, or of two faces, says in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.records.changes import Resemblance
from engine.records.similarity import Similarity

_NAMED = 5  # of those that should not be merged


def verdict(found: Similarity, one: str, other: str) -> tuple[str, str]:
    """A verdict in few words, and what it rests on.

    Args:
        one, other: the names; the same twice for one person, or for two faces of one.
    """
    distance = found.median
    if math.isnan(distance):
        return "Nothing to compare", "There is no distance with a single face."
    usual = found.usual
    what = "The distance" if found.distances.size == 1 else "The median distance"
    if found.same is None:
        return (
            "Too few faces to judge",
            f"{what} is {distance:.3f}. What it means can be judged once several people have "
            "several faces each.",
        )
    near, nearer = usual.false_match(distance), 1.0 - usual.false_non_match(distance)
    return (
        _headline(found.same, one == other),
        f"{what} is {distance:.3f}. {_share(near)} of pairs of different people are this near, "
        f"and {_share(nearer)} of pairs of the same person are nearer. Both errors are equal at "
        f"{usual.threshold:.3f}, measured on {usual.people:,} people of this gallery.",
    )


def merge_warning(compared: Sequence[Resemblance], into: str) -> str:
    """Why identities should not be merged; "" where none looks like another person."""
    unlike = sorted((one for one in compared if one.same is False), key=_distance, reverse=True)
    if not unlike:
        return ""
    usual = f"Faces of the same person are usually nearer than {unlike[0].threshold:.3f} here."
    if len(unlike) == 1:
        (other,) = unlike
        return (
            f"{other.name} and {into} look like two people: the median distance of their faces "
            f"is {_distance(other):.3f}. {usual}"
        )
    named = ", ".join(f"{one.name} ({_distance(one):.3f})" for one in unlike[:_NAMED])
    more = f" and {len(unlike) - _NAMED:,} more" if len(unlike) > _NAMED else ""
    return (
        f"{len(unlike):,} of them do not look like {into}, judging by the median distance of "
        f"their faces: {named}{more}. {usual}"
    )


def merge_comfort(compared: Sequence[Resemblance], into: str) -> str:
    """What a comparison says where nobody looks like another person than ``into``."""
    if any(one.same is None for one in compared):
        return "There are too few faces to tell whether they are one person."
    if len(compared) == 1:
        far = f"the median distance of their faces is {_distance(compared[0]):.3f}"
        return f"{compared[0].name} and {into} look like one person: {far}."
    return f"All of them look like {into}."


def _distance(one: Resemblance) -> float:
    return one.distance if one.distance is not None else 0.0


def _headline(same: bool, enrolled_as_one: bool) -> str:
    if enrolled_as_one:
        return "One person" if same else "Enrolled as one person, but look like two"
    return "Look like one person under two names" if same else "Two people"


def _share(share: float) -> str:
    if share == 0.0:
        return "None"
    return "Under 0.1 %" if share < 0.001 else f"{share * 100:.3g} %"
