"""The search for what is left finds people however they are written, and nobody else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.utils.byte_search import ByteSearch
from engine.utils.name_search import Mentions
from engine.utils.person_search import PersonSearch
from tests.needles import Needles

ROWS = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
DIGEST = bytes.fromhex("00112233445566778899aabbccddeeff")
NAME = "Zoë Quist"


@pytest.mark.parametrize("offset", range(5))
@pytest.mark.parametrize("start", [0, 2, 4])
def test_four_numbers_in_a_row_are_found_wherever_they_stand(offset: int, start: int) -> None:
    part = ROWS[1, start : start + 4].tobytes()
    assert Needles(vectors=ROWS).count(bytes(offset) + part + b"x")["vector"] == 1
    assert Needles(vectors=ROWS).count(bytes(offset) + part[:-1])["vector"] == 0


def test_what_is_in_any_file_is_nobody() -> None:
    sparse = np.zeros((2, 8), dtype=np.float32)
    sparse[1, 3] = 1
    assert not any(Needles(vectors=sparse).count(sparse.tobytes()).values())
    assert not any(Needles(vectors=ROWS[:, :2]).count(ROWS.tobytes()).values())


@pytest.mark.parametrize(
    "written",
    [ROWS[0].tobytes(), DIGEST, NAME.encode()],
    ids=["vector", "digest", "name"],
)
def test_what_spans_two_pieces_is_found(
    written: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.utils.person_search._PIECE", 4_099)
    monkeypatch.setattr("engine.utils.person_search._OVERLAP", 64)
    search = PersonSearch(Mentions([NAME]), [NAME], ROWS, digests=[DIGEST])
    path = tmp_path / "any"
    path.write_bytes(bytes(13_000))
    assert not search.found_in_file(path)
    for offset in range(4_060, 4_110):
        path.write_bytes(bytes(offset) + written + bytes(9_000))
        assert search.found_in_file(path)


@pytest.mark.parametrize("offset", range(5))
def test_strings_of_bytes_are_found_wherever_they_begin(offset: int) -> None:
    search = ByteSearch([DIGEST, b"short", ROWS[0, :4].tobytes()])
    assert search.found_in(bytes(offset) + DIGEST)
    assert search.found_in(b"x" * (100 + offset) + DIGEST + b"x")
    assert not search.found_in(bytes(offset) + DIGEST[:-1])
    assert not search.found_in(bytes(offset) + DIGEST[:8] + ROWS[0, 2:4].tobytes())
    assert not ByteSearch([]).found_in(bytes(offset) + DIGEST)


@pytest.mark.parametrize(
    "written",
    [
        NAME.encode(),
        "zoë_quist/1.npy".encode(),
        "ZOË QUIST".encode("utf-16-le"),
        json.dumps(NAME).encode(),
        np.array([NAME]).tobytes(),
    ],
)
def test_a_name_is_found_in_many_forms(written: bytes) -> None:
    assert Needles([NAME]).count(b"\x00" + written + b"\x00")["name"] >= 1


def test_a_name_is_no_part_of_another_word() -> None:
    assert Needles(["Ann"]).count(b"Annabel and Joann")["name"] == 0
    mentions = Mentions(["Ann"], others=["Ann Lee"])
    assert (
        mentions.struck("ann, Annabel, Ann_Lee, ANN-1.npy")
        == "erased, Annabel, Ann_Lee, erased-1.npy"
    )
    assert not Mentions([]).found("anything")
