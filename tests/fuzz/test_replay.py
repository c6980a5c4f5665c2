"""The short version of the fuzzing: past findings, the corpus, and damage by a fixed seed.

`make fuzz` is the long one, led by what of the code an input reaches.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.judging import Reader, judge
from tests.fuzz.readers import CORPUS, FINDINGS, READERS, empty, kept_inputs, scratch

SEED = 20261126
INPUTS = 250
ALL = pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())


@pytest.fixture
def place() -> Iterator[Path]:
    with scratch() as folder:
        yield Path(folder)


def require_fine(reader: Reader, data: bytes, place: Path) -> None:
    found = judge(reader, data, place)
    empty(os.fsencode(place))
    assert found is None, f"{found.kind}\n{found.story}\n{data[:2000]!r}"


@ALL
def test_what_is_sound_is_read_and_all_that_was_found_is_refused_as_declared(
    reader: Reader, place: Path
) -> None:
    for data in (*reader.seeds(), *kept_inputs(reader)):
        require_fine(reader, data, place)


@pytest.mark.slow
@ALL
def test_damaged_inputs_are_read_or_refused_as_declared(reader: Reader, place: Path) -> None:
    rng = random.Random(SEED)
    originals = [*reader.seeds(), *kept_inputs(reader)]
    for _ in range(int(INPUTS * reader.weight)):
        data = reader.mutate(rng.choice(originals), rng)
        require_fine(reader, data[: reader.largest], place)


def test_every_folder_of_inputs_belongs_to_a_reader() -> None:
    kept = {folder.name for place in (CORPUS, FINDINGS) for folder in place.glob("*")}
    assert kept <= {*READERS, "settings", "recent"}
