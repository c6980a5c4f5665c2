"""Networks of made-up weights, and what goes into a version of one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.models.network import Layer, Network
from engine.models.versions import VersionContent
from engine.progress import Measured
from engine.records.jobs import ModelVersion
from engine.records.training_parameters import TripletParameters, as_json


def floats(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype(np.float32)


@pytest.fixture(scope="session")
def make_network() -> Callable[..., Network]:
    """A network from 6 dimensions through ``widths``; the last layer is linear."""

    def make(*widths: int, whitened: bool = False, residual: bool = False, unit: bool = False):
        rng = np.random.default_rng(len(widths))
        sizes = (6, *widths)
        layers = tuple(
            Layer(floats(rng, i, o), floats(rng, o), relu=number < len(widths) - 1)
            for number, (i, o) in enumerate(zip(sizes, widths, strict=False))
        )
        scale = floats(rng, 6, 6) if whitened else floats(rng, 6)
        return Network("cosine", floats(rng, 6), scale, layers, residual, unit)

    return make


@pytest.fixture(scope="session")
def content_of(make_network) -> Callable[..., VersionContent]:
    """The content of a version of this id."""

    def make(name: str, **others) -> VersionContent:
        version = ModelVersion(
            id=name,
            kind="triplet",
            preset="default",
            seed=1,
            created=1_795_534_212.5,
            seconds=3.5,
            active=False,
            collapsed=False,
            sentence="It was not better; the old one stays.",
            metrics={"rank1": 0.5},
            parameters=as_json(TripletParameters()),
            identities=2,
            faces=3,
        )
        usual = {
            "network": make_network(8, 6, whitened=True, residual=True, unit=True),
            "faces": np.array([12, 3, 7], dtype=np.int64),
            "owners": np.array([2, 1, 1], dtype=np.int64),
            "curves": [
                Measured("triplet", step, 2, {"loss": 0.25 / step, "active": 0.5})
                for step in (1, 2)
            ],
            "keras": lambda path: path.write_bytes(b"PK as Keras wrote it"),
            "texts": {"calibration.json": "{}", "report.json": '{"sentence": "é"}'},
        }
        return VersionContent(version, **{**usual, **others})

    return make
