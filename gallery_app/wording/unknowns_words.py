"""What the shelf of unknown queries says, in words."""

from __future__ import annotations

from engine.records.unknowns import Cluster, Likeness
from engine.utils.number_text import confidence_text
from gallery_app.wording.number_words import people_text

SURE = 0.5
"""Confidence from which on somebody is offered with one click."""


def headline(cluster: Cluster) -> str:
    """Of a row in the list."""
    count = len(cluster)
    return "1 face" if count == 1 else f"{count:,} similar faces"


def question(cluster: Cluster, groups: int = 1) -> str:
    """Of the cluster being shown, or of several groups together."""
    count = len(cluster)
    if groups > 1:
        return f"{groups:,} groups with {count:,} faces: one person?"
    if count == 1:
        return "This face looks like no other unknown face"
    return f"These {count:,} look like one person"


def is_sure(likeness: Likeness | None) -> bool:
    """Whether whoever it looks like is worth an offer."""
    return likeness is not None and (likeness.known or (likeness.confidence or 0.0) >= SURE)


def likeness_text(likeness: Likeness | None) -> str:
    """Whom it looks like, or else who is nearest; "" where there is nobody."""
    if likeness is None:
        return ""
    sure = "" if likeness.confidence is None else f" · {confidence_text(likeness.confidence)}"
    return f"{'Looks like' if is_sure(likeness) else 'Nearest:'} {likeness.name}{sure}"


def these(count: int, chosen: int) -> str:
    """What an action is about: those that are selected, or else all of a cluster."""
    if chosen and chosen < count:
        return f"the {chosen:,} selected" if chosen > 1 else "the one selected"
    return "it" if count == 1 else "them"


def stranger_tip(count: int, chosen: int) -> str:
    """What it does to keep those of :func:`these` as a stranger."""
    return (
        f"Dismiss {these(count, chosen)} and never ask again: not enrolled, but kept in this "
        "gallery as an example of a stranger, beside the cohort that sets the limit for naming"
    )


def total(faces: int, people: int) -> str:
    """How much there is."""
    if faces == 1:
        return "1 unknown face"
    who = people_text(people)
    return f"{faces:,} unknown faces of {who}, as far as can be told"


def hint(count: int, chosen: int) -> str:
    """How to take a cluster apart."""
    if chosen:
        return f"{chosen:,} of {count:,} selected: only these will be named."
    if count > 1:
        return "Not one person? Select the faces of one: only these will be named."
    return ""
