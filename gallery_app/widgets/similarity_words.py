"""What a comparison of two people, or of two faces, says in words."""

from __future__ import annotations

import math

from engine.looking.similarity import Similarity


def verdict(found: Similarity, one: str, other: str) -> tuple[str, str]:
    """A verdict in few words, and what it rests on.

    Args:
        one, other: the names; the same twice for one person, or for two faces of one.
    """
    distance = found.median
    if math.isnan(distance):
        return "Nothing to compare", "A single face has no distance to itself."
    usual = found.usual
    what = "The distance" if found.distances.size == 1 else "The median distance"
    if found.same is None:
        return (
            "Too little to judge by",
            f"{what} is {distance:.3f}. What that means can be told once several people "
            "have several faces each.",
        )
    near, nearer = usual.false_match(distance), 1.0 - usual.false_non_match(distance)
    return (
        _headline(found.same, one == other),
        f"{what} is {distance:.3f}. {_share(near)} of pairs of different people are as near, and "
        f"{_share(nearer)} of pairs of one person are nearer. Both errors are alike at "
        f"{usual.threshold:.3f}, measured on {usual.people:,} people of this gallery.",
    )


def _headline(same: bool, enrolled_as_one: bool) -> str:
    if enrolled_as_one:
        return "One person" if same else "Enrolled as one person, but looks like two"
    return "Looks like one person under two names" if same else "Two people"


def _share(share: float) -> str:
    if share == 0.0:
        return "None"
    return "Under 0.1 %" if share < 0.001 else f"{share * 100:.3g} %"
