"""The networks that come with the program: checked, and opened on one thread."""

from __future__ import annotations

import hashlib
import importlib.util
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import PhotographsMissingError, WorkerError, install_words

if TYPE_CHECKING:
    import onnxruntime

RESNET = "dlib_face_recognition_resnet_model_v1.onnx"
LANDMARKS = "shape_predictor_5_face_landmarks.dat"
MTCNN = ("mtcnn_pnet.onnx", "mtcnn_rnet.onnx", "mtcnn_onet.onnx")
SHA256 = {
    RESNET: "63b7d1fc69e8554327d47f391fa5aa6e8f35a5fa20391c118d00ad50847bfb39",
    LANDMARKS: "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
    "mtcnn_pnet.onnx": "07a69013008e612c4d2ad31b09645038911dfec67411cd68ccd0da55ca291a35",
    "mtcnn_rnet.onnx": "de0f837f02b57e1e85959c3ae5c46bcd16162e6e95be5db8794e3c7c85a89004",
    "mtcnn_onet.onnx": "d80f19b44f72e45dd2b7d01384d56994220f60d9417b2a7fbba9041ef1d75e52",
}
NETWORK = f"dlib-resnet-v1 {SHA256[RESNET][:16]} five-point-150 {SHA256[LANDMARKS][:16]}"
"""Fingerprint of what turns a face into numbers: the weights, and how the face is aligned."""
DIMENSION = 128
"""Of the embeddings."""
_NEEDED = ("dlib", "onnxruntime")
_FOLDER = "networks"


def are_photographs_readable() -> bool:
    """Whether faces can be found in photographs here."""
    return all(importlib.util.find_spec(name) is not None for name in _NEEDED)


def require_readable_photographs() -> None:
    """
    Raises:
        PhotographsMissingError: what finds faces in photographs is not installed.
    """
    if not are_photographs_readable():
        raise PhotographsMissingError(
            "Faces in photographs cannot be found without dlib and ONNX Runtime",
            remedy=install_words("dlib-bin onnxruntime pillow-heif defusedxml watchdog"),
        )


def network_file(name: str) -> Path:
    """Return where a network is, once its content is known to be ours.

    Raises:
        WorkerError: it is gone, or it is another file.
    """
    path = Path(str(files("engine.photos"))) / _FOLDER / name
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror or error}") from error
    if found != SHA256[name]:
        raise _unusable(path, "is not the one that came with the program")
    return path


def open_network(name: str) -> onnxruntime.InferenceSession:
    """Open a network of ONNX; it runs on the thread that asks it.

    Raises:
        WorkerError: its file is gone, or another one.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # a large photograph's memory would never be given back
    path = network_file(name)
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _unusable(path: Path, what: str) -> WorkerError:
    return WorkerError(f"This network {what}", file=path, remedy="Install Face Gallery again.")
