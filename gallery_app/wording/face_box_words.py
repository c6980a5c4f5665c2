"""What is said of the faces in a photograph that is a query."""

from __future__ import annotations

from collections.abc import Sequence

from engine.records.detections import ENROLLED_SIDE, DetectedFace
from engine.utils.number_text import confidence_text, counted
from gallery_app.face_queries import FaceQuery

PASTED = "pasted picture"


def label_text(query: FaceQuery) -> str:
    """Beside a box: whose face it is, in few words."""
    if query.added_to:
        return query.added_to
    if query.answer is None:
        return "…"
    return query.answer.name or "unknown"


def is_known(query: FaceQuery) -> bool | None:
    """Whether somebody is recognised in a face, or it is enrolled; None while it is not told."""
    if query.answer is None:
        return True if query.added_to else None
    return bool(query.added_to) or query.answer.name is not None


def box_words(query: FaceQuery) -> str:
    """Of one face, for a tool tip and for those who hear the window."""
    quality = quality_text(query)
    return f"{_told(query)}, {quality}" if quality else _told(query)


def _told(query: FaceQuery) -> str:
    answer = query.answer
    if query.added_to:
        return f"{query.added_to}, enrolled"
    if answer is None:
        return "not identified yet"
    if answer.name is not None:
        return f"{answer.name}, {_confidence(answer.confidence)}known"
    closest = f", closest match: {answer.candidates[0].name}" if answer.candidates else ""
    return f"unknown{closest}"


def _confidence(confidence: float | None) -> str:
    return "" if confidence is None else f"{confidence_text(confidence)} "


def quality_text(query: FaceQuery) -> str:
    """What about a face makes it hard to recognise; "" where that is nothing."""
    face = query.photo
    if not isinstance(face, DetectedFace) or face.quality.size >= ENROLLED_SIDE:
        return ""
    return f"{face.quality.size:.0f} px face"


def photograph_tip(file: str, faces: int, taken: str | None) -> str:
    """Of a photograph in the strip of all of them."""
    when = f"\nTaken {taken.replace('T', ' ')}" if taken else ""
    return f"{file}\n{counted(faces, 'face')}{when}"


def faces_summary(known: Sequence[bool | None]) -> str:
    """How many faces of a photograph are known."""
    counts = [f"{known.count(True):,} known", f"{known.count(False):,} unknown"]
    return ", ".join(counts) if known else ""


_SMALL, _ITS_END = "This face is only ", "right person."
_TAKEN = "Another face in the photograph is "


def split_note(note: str) -> tuple[str, str]:
    """Return what the note of an answer says of this face, and what it says of the limit."""
    before, taken, name = note.partition(_TAKEN)
    small, limit = "", before.strip()
    if limit.startswith(_SMALL):
        small, end, limit = limit.partition(_ITS_END)
        small += end
    return f"{small} {taken}{name}".strip(), limit.strip()
