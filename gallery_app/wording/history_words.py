"""What a change of the history did, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.records.changes import event
from engine.utils.number_text import counted
from gallery_app.wording.number_words import faces_text, people_text

_NAMED = 5  # names in a sentence at most
_MODELS = {"mlp": "MLP", "triplet": "triplet model"}


def change_text(summary: str) -> str:
    """What :func:`engine.records.changes.event` made, as a sentence without its full stop.

    A sentence that an earlier version stored stays as it is; so does what cannot be understood.

    >>> change_text("renamed\\tAnn\\tAnne")
    '“Ann” renamed to “Anne”'
    """
    code, *facts = summary.split("\t")
    if not facts or code not in _WORDS:
        return " ".join([code, *facts])
    try:
        return _WORDS[code](*facts)
    except (TypeError, ValueError):  # too few or too many facts, or no number
        return " ".join([code, *facts])


def _added(faces: str, people: str) -> str:
    new = f", {counted(int(people), 'new person', 'new people')}" if people != "0" else ""
    return f"{_faces(faces)} added{new}"


def _merged(into: str, faces: str, dropped: str, *gone: str) -> str:
    less = f", {counted(int(dropped), 'duplicate')} dropped" if dropped != "0" else ""
    return f"{_names(gone)} merged into “{into}” with {_faces(faces)}{less}"


def _names(names: tuple[str, ...]) -> str:
    quoted = [f"“{name}”" for name in names]
    if len(quoted) > _NAMED + 1:
        quoted[_NAMED:] = [f"{len(quoted) - _NAMED:,} more"]
    *most, last = quoted
    return f"{', '.join(most)} and {last}" if most else last


def _faces(count: str) -> str:
    return faces_text(int(count))


def _unknown(count: str) -> str:
    return counted(int(count), "unknown face")


def _kept_as_strangers(count: str) -> str:
    return f"{_unknown(count)} kept as {'a stranger' if count == '1' else 'strangers'}"


def _model(kind: str, model: str) -> str:
    return f"{_MODELS.get(kind, kind)} {model}"


def _step(code: str, *facts: str) -> str:
    if code in ("undo", "redo"):  # never stored by this program; a crafted one nests without end
        raise ValueError("a step of a step")
    return change_text(event(code, *facts))


_WORDS: Mapping[str, Callable[..., str]] = {
    "added": _added,
    "removed": lambda count: f"{_faces(count)} removed",
    "moved": lambda count, name: f"{_faces(count)} moved to “{name}”",
    "expelled": lambda count, *names: f"{_faces(count)} removed: not {_names(names)}",
    "altered": lambda count: f"{counted(int(count), 'altered embedding')} removed",
    "named": lambda count, name: f"{_unknown(count)} named “{name}”",
    "dismissed": lambda count: f"{_unknown(count)} dismissed",
    "strangers": _kept_as_strangers,
    "strangers-forgotten": lambda count: f"{_faces(count)} of strangers removed",
    "rescanned": lambda photographs, faces: (
        f"{counted(int(photographs), 'photograph')} looked at again, {_faces(faces)} found"
    ),
    "rejected": lambda name: f"A query is not “{name}”",
    "unrejected": lambda name: f"A query may be “{name}” again",
    "distinct": lambda one, other: f"“{one}” and “{other}” are two people",
    "undistinct": lambda one, other: f"“{one}” and “{other}” may be one person again",
    "confirm": lambda count: f"{_faces(count)} confirmed",
    "unconfirm": lambda count: f"{_faces(count)} no longer confirmed",
    "ignore": lambda count: f"{_faces(count)} excluded from the review",
    "unignore": lambda count: f"{_faces(count)} included in the review again",
    "deleted": lambda faces, *names: f"{_names(names)} deleted with {_faces(faces)}",
    "renamed": lambda name, new: f"“{name}” renamed to “{new}”",
    "note": lambda name: f"Note on “{name}” changed",
    "note-removed": lambda name: f"Note on “{name}” removed",
    "portrait": lambda name: f"Portrait of “{name}” chosen",
    "portrait-automatic": lambda name: f"Portrait of “{name}” left to the gallery",
    "merged": _merged,
    "split": lambda name, moved, *to: f"“{name}” split: {_faces(moved)} moved to {_names(to)}",
    "used": lambda *model: f"The {_model(*model)} was trained and is now in use",
    "trained": lambda *model: f"The {_model(*model)} was trained and is not in use",
    "activated": lambda *model: f"The {_model(*model)} is now in use",
    "unused": lambda kind: f"No {_MODELS.get(kind, kind)} is in use",
    "model-deleted": lambda *model: f"The {_model(*model)} was deleted",
    "salvaged": lambda count: f"{_faces(count)} salvaged from a damaged gallery",
    "restored": lambda moment: f"Restored to the state of {moment}",
    "erased": lambda people, faces: f"{people_text(int(people))} erased with {_faces(faces)}",
    "redacted": lambda _: "Erased",
    "changes": lambda count: counted(int(count), "change"),
    "undo": lambda *step: f"Undone: {_step(*step)}",
    "redo": lambda *step: f"Redone: {_step(*step)}",
}
