"""What goes between this process and one that looks for faces: a JSON document a line."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np

from engine.errors import PhotoError, WorkerError
from engine.photos.network_files import DIMENSION
from engine.records.detections import (
    Box,
    CameraFrame,
    DetectedFace,
    FaceQuality,
    Photograph,
    PhotographFaces,
)
from engine.records.domains import checked, parsed
from engine.records.types import Vectors


def request_line(file: str) -> str:
    """Return the line that asks for a photograph."""
    return json.dumps({"file": file})


def read_request(line: str) -> str:
    """Return the file that is asked for."""
    return str(json.loads(line)["file"])


def faces_line(read: PhotographFaces) -> str:
    """Return the line that tells the faces of a photograph."""
    return json.dumps(_document(read))


def frame_line(frame: CameraFrame) -> str:
    """Return the line that tells a frame of a camera and the faces in it."""
    return json.dumps({"picture": _text(frame.picture), **_document(frame.found)})


def _document(read: PhotographFaces) -> dict[str, Any]:
    photograph = read.photograph
    return {
        "photograph": {
            **vars(photograph),
            "digest": photograph.digest.hex(),
            "thumbnail": _text(photograph.thumbnail),
        },
        "faces": [_face(face) for face in read.faces],
    }


def refused_line(error: PhotoError) -> str:
    """Return the line that tells why a photograph cannot be used."""
    return json.dumps({"problem": error.problem, "remedy": error.remedy})


def broken_line(error: WorkerError) -> str:
    """Return the line that tells why this process cannot look at photographs at all."""
    return json.dumps({"broken": error.problem, "file": error.file, "remedy": error.remedy})


def read_answer(line: str, file: str) -> PhotographFaces:
    """Return the faces of a photograph.

    Raises:
        PhotoError: the photograph cannot be used.
        WorkerError: nor can any other, as something is wrong with the program.
        ValueError: the line is none of this protocol.
    """
    return _answer(parsed(line), file)


def read_frame(line: str) -> CameraFrame:
    """Return a frame of a camera.

    Raises:
        WorkerError: there is none.
        ValueError: the line is none of this protocol.
    """
    document = parsed(line)
    found = _answer(document, None)
    if not isinstance(document.get("picture"), str):
        raise ValueError("a frame without a picture")
    return CameraFrame(_bytes(document["picture"]), found)


def _answer(document: Any, file: str | None) -> PhotographFaces:
    match document:
        case {"problem": str(problem), "remedy": str(remedy)} if problem:
            raise PhotoError(problem, file=file, remedy=remedy)
        case {"broken": str(problem), "file": str() | None as about, "remedy": str(remedy)} if (
            problem
        ):
            raise WorkerError(problem, file=about, remedy=remedy)
        case {"photograph": dict(described), "faces": list(faces)}:
            try:
                return _read(described, faces)
            except (KeyError, TypeError) as error:
                raise ValueError(f"a line that lacks something: {error}") from error
    raise ValueError(f"not a line of a process that looks for faces: {document!s:.80}")


def _face(face: DetectedFace) -> dict[str, Any]:
    box, quality = face.box, face.quality
    return {
        "box": [box.x, box.y, box.width, box.height],
        "quality": [quality.size, quality.sharpness, quality.turn, quality.score],
        "vector": _text(np.ascontiguousarray(face.vector, dtype="<f4").tobytes()),
        "crop": _text(face.crop),
    }


def _read(described: dict[str, Any], faces: list[Any]) -> PhotographFaces:
    photograph = Photograph(
        **{
            **described,
            "digest": bytes.fromhex(described["digest"]),
            "thumbnail": _bytes(described["thumbnail"]),
            "remarks": tuple(described["remarks"]),
        }
    )
    found = [_read_face(checked(photograph), number, face) for number, face in enumerate(faces)]
    return PhotographFaces(photograph, tuple(found))


def _read_face(photograph: Photograph, number: int, face: Any) -> DetectedFace:
    box, quality = checked(Box(*face["box"])), checked(FaceQuality(*face["quality"]))
    if not np.isfinite([*face["box"], *face["quality"]]).all():
        raise ValueError("a number of a face is none")
    return DetectedFace(
        photograph, number, box, quality, _vector(face["vector"]), _bytes(face["crop"])
    )


def _vector(text: str) -> Vectors:
    vector = np.frombuffer(_bytes(text), "<f4")
    if len(vector) != DIMENSION or not np.isfinite(vector).all():
        raise ValueError("an embedding is none")
    return vector


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
