"""What passes between the training process and whoever started it: one JSON document a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.errors import FaceGalleryError, TrainingError
from engine.progress import Event, Measured, Message, Progress
from engine.records.parsing import checked, parsed

DONE = "done"
FAILED = "failed"


def encoded(event: Event) -> str:
    """A line for an event of progress."""
    match event:
        case Progress(stage, done, total, overall, left):
            told = {"stage": stage, "done": int(done), "total": int(total)}
            return _line("progress", **told, overall=_number(overall), left=_number(left))
        case Message(text, alarm):
            return _line("message", text=text, alarm=alarm)
        case Measured(series, step, steps, values):
            numbers = {name: float(value) for name, value in values.items()}
            return _line(
                "measured", series=series, step=int(step), steps=int(steps), values=numbers
            )


def done(result: Mapping[str, Any]) -> str:
    """The last line of a process that brought what was asked."""
    return _line(DONE, result=result)


def failed(error: BaseException) -> str:
    """The last line of a process that did not."""
    if isinstance(error, FaceGalleryError):
        return _line(FAILED, problem=error.problem, file=error.file, remedy=error.remedy)
    return _line(
        FAILED,
        problem=f"The training failed ({type(error).__name__}: {error})",
        file=None,
        remedy="Try again; with other settings if it fails again.",
    )


def decoded(line: str) -> Event | Mapping[str, Any]:
    """An event, or the result of the last line.

    Raises:
        TrainingError: the line says that it failed.
        ValueError: not a line of this protocol.
    """
    match parsed(line):
        case {"kind": "progress", "stage": stage, "done": done, "total": total, **rest}:
            foreseen: Any = [rest.get("overall"), rest.get("left")]
            return checked(Progress(stage, done, total, *foreseen))
        case {"kind": "message", "text": text, "alarm": alarm}:
            return checked(Message(text, alarm))
        case {"kind": "measured", "series": series, "step": step, "steps": steps, "values": values}:
            return checked(Measured(series, step, steps, values))
        case {"kind": "done", "result": dict(result)}:
            return result
        case {
            "kind": "failed",
            "problem": str(problem),
            "file": str() | None as file,
            "remedy": str(remedy),
        } if problem:
            raise TrainingError(problem, file=file, remedy=remedy)
    raise ValueError(f"not a line of the training process: {line[:80]}")


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _line(kind: str, **fields: Any) -> str:
    # NaN and infinity are written as Python writes them: both ends are Python
    return json.dumps({"kind": kind, **fields}, ensure_ascii=True)
