"""Answers to queries as JSON, the same from window and command line, and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Literal

from engine.records.detections import DetectedFace
from engine.records.types import Identification, Rejection
from engine.utils.files import write_atomically

AnswerFormat = Literal["json", "csv"]
Answered = tuple[str, int, Identification, object]
"""File and row of a query, the answer to it, and what it was made of, as in a batch."""
_COLUMNS = (
    "file", "row", "verdict", "name", "confidence", "closest", "distance", "method", "fpir", "note",
)  # fmt: skip


def answer_json(
    file: str, row: int, answer: Identification, photo: object = None
) -> dict[str, Any]:
    """One of the results that ``face-gallery identify --json`` prints.

    Args:
        photo: of a face found in a photograph the DetectedFace.
    """
    return {
        "file": file,
        **(face_json(photo) if isinstance(photo, DetectedFace) else {"row": int(row)}),
        "verdict": answer.verdict,
        "name": answer.name,
        "confidence": answer.confidence,
        "method": answer.method,
        "fpir": answer.fpir,
        "note": answer.note,
        "candidates": [
            {key: value for key, value in asdict(candidate).items() if key != "identity_id"}
            for candidate in answer.candidates
        ],
        "evidence": [
            {"face": face.face, "name": face.name, "distance": face.distance}
            for face in answer.evidence
        ],
        "opinions": [asdict(opinion) for opinion in answer.opinions],
    }


def face_json(face: DetectedFace) -> dict[str, Any]:
    """Where a face is in its photograph, from 0 from left to right, and how good it is."""
    box = face.box
    return {
        "face": face.number,
        "box": [round(value, 1) for value in (box.x, box.y, box.width, box.height)],
        "quality": {key: round(value, 4) for key, value in asdict(face.quality).items()},
    }


def write_answers(
    path: Path, form: AnswerFormat, answered: Iterable[Answered], errors: Iterable[Rejection]
) -> None:
    """Write a file with all answers, complete or not at all.

    Args:
        errors: files that could not be read; CSV leaves them out.

    Raises:
        OSError: nothing was written.
    """

    def write(stream: BinaryIO) -> None:
        if form == "json":
            _write_json(stream, answered, errors)
        else:
            _write_csv(stream, answered)

    write_atomically(path, write)


def _write_json(
    stream: BinaryIO, answered: Iterable[Answered], errors: Iterable[Rejection]
) -> None:
    """Answer by answer: all of them at once would take gigabytes."""
    stream.write(b'{"results": [')
    for number, answer in enumerate(answered):
        stream.write(b",\n" if number else b"\n")
        stream.write(json.dumps(answer_json(*answer), allow_nan=False).encode())
    stream.write(b'\n], "errors": ')
    stream.write(json.dumps([asdict(error) for error in errors]).encode())
    stream.write(b"}\n")


def _write_csv(stream: BinaryIO, answered: Iterable[Answered]) -> None:
    text = io.TextIOWrapper(stream, "utf-8", "replace", newline="", write_through=True)
    table = csv.writer(text)
    table.writerow(_COLUMNS)
    for file, row, answer, _ in answered:
        first = answer.candidates[0] if answer.candidates else None
        sure = "" if answer.confidence is None else f"{answer.confidence:.4f}"
        closest = (first.name, f"{first.distance:.4f}") if first is not None else ("", "")
        table.writerow(
            [file, row, answer.verdict, answer.name or "", sure, *closest, answer.method,
             answer.fpir, answer.note]
        )  # fmt: skip
    text.detach()
