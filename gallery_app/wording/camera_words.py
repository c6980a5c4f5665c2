"""What is said beside the picture of a camera."""

from __future__ import annotations

from pathlib import PurePath

from engine.errors import FaceGalleryError
from gallery_app.wording.number_words import faces_text

TITLE = "Camera"
STARTING = "Starting the camera…"
STARTING_MORE = "It takes a few seconds until the first picture is there."
FAILED = "No picture"
PRIVATE = (
    "The live picture is not kept. Of a picture that you take, the gallery keeps what you enroll "
    "or keep as unknown: the face, and a small copy of the picture."
)
TAKE, GO_ON = "&Take picture", "&Live picture"
TAKE_TIP = "Identify the faces that are in the picture now"
GO_ON_TIP = "Show what the camera sees again"


def live_text(faces: int) -> str:
    """Below the live picture."""
    if not faces:
        return "No face in the picture. Come closer, and look into the camera."
    return f"{faces_text(faces)} in the picture. Click a face to ask about it."


def still_text(faces: int) -> str:
    """Below a picture that was taken."""
    if not faces:
        return "No face was found in this picture."
    return f"Picture taken with {faces_text(faces)}. The answer is in the panel beside it."


def camera_text(source: str) -> str:
    """ "Camera 1" for the first; a device, a video or a folder by its name."""
    return f"Camera {int(source) + 1}" if source.isdecimal() else PurePath(source).name


def problem_text(error: BaseException) -> str:
    """Why there is no picture."""
    return str(error) if isinstance(error, FaceGalleryError) else f"{type(error).__name__}: {error}"
