"""Advice on faces before they are enrolled, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath

from engine.records.advice import Advice, AdviceKind, lookalike_words
from engine.records.plans import PlannedFace


def advice_text(advice: Advice) -> str:
    """One piece of advice without its full stop; of a single face without its file."""
    if advice.kind == "name":
        return lookalike_words(advice.name, str(advice.identity))
    return _of_group(advice) if advice.group else _of_face(advice)


def advice_texts(advice: Iterable[Advice]) -> str:
    """Several pieces of advice on one face, as sentences; "" where there are none."""
    return ". ".join(map(advice_text, advice))


def why_text(face: PlannedFace) -> str:
    """Why a face is not imported, else what to know of it; "" where there is nothing."""
    return face.reason or advice_texts(face.advice)


def _of_face(advice: Advice) -> str:
    other = advice.identity
    if advice.kind == "enrolled":
        if advice.here:
            return f"The same face also appears under {other}"
        return f"Already enrolled as {'this name' if other == advice.name else other}"
    if advice.kind == "near-duplicate":
        twin = advice.twin if other is None else f"an enrolled face of {other}"
        return f"Almost the same photo as {twin}"
    if advice.kind == "odd":
        return f"Does not look like the other faces of {other}"
    return f"Looks like {other}"


def _of_group(advice: Advice) -> str:
    count, of = len(advice.rows), advice.group
    if advice.kind == "odd" and count == of > 1:
        return f"None of these faces looks like the other faces of {advice.identity}"
    if of == 1:
        who = "This face"
    elif count == 1:
        who = PurePath(advice.file).name
    else:
        who = f"{count:,} of {of:,} faces" if count < of else "All faces"
    said = _GROUP_WORDS[advice.kind, advice.identity is not None, count > 1]
    return f"{who} {said.format(advice.identity)}"


# by kind, whether an identity is named, whether of several faces
_GROUP_WORDS: Mapping[tuple[AdviceKind, bool, bool], str] = {
    ("enrolled", True, False): "is already enrolled as {}",
    ("enrolled", True, True): "are already enrolled as {}",
    ("looks-like", True, False): "looks like {}",
    ("looks-like", True, True): "look like {}",
    ("near-duplicate", True, False): "is almost the same photo as an enrolled face of {}",
    ("near-duplicate", True, True): "are almost the same photos as enrolled faces of {}",
    ("near-duplicate", False, False): "is almost the same photo as another one",
    ("near-duplicate", False, True): "are almost the same photos as others here",
    ("odd", True, False): "does not look like the other faces of {}",
    ("odd", True, True): "do not look like the other faces of {}",
}
