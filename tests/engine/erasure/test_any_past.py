"""Whatever was done before, an erasure leaves no byte, and what is left can be undone soundly."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from engine.errors import NameTakenError, UnknownIdentityError
from engine.records.names import name_key
from engine.store import Store
from engine.tools.needles import Needles
from engine.types import FaceBatch

NAMES = ("Aurelie Ott", "Bertil Pohl", "Carmen Quinn", "Dorian Rhys")
VECTORS = np.random.default_rng(0).standard_normal((12, 8)).astype(np.float32)


def act(store: Store, chance: random.Random) -> None:
    """One correction at random; those that cannot be made are passed over."""
    some = [chance.choice(NAMES) for _ in range(2)]
    ids = store.vectors()[0].tolist()
    faces = chance.sample(ids, min(len(ids), 2))
    numbers = [chance.randrange(len(VECTORS)) for _ in range(3)]
    actions = {
        "add": lambda: store.add(
            FaceBatch(VECTORS[numbers], [some[0]] * 3, [f"{some[1]}/{n}.npy" for n in numbers],
                      [0] * 3, [None] * 3),
            keys=name_key, action="enroll", overrule=True,
        ),
        "rename": lambda: store.rename(*some, name_key(some[1])),
        "merge": lambda: store.merge(some[:1], some[1]),
        "delete": lambda: store.delete(some[:1]),
        "note": lambda: store.note(some[0], f"knows {some[1]}"),
        "move": lambda: store.move(faces, some[0], name_key(some[0])),
        "remove": lambda: store.remove_faces(faces),
        "expel": lambda: store.expel(faces),
        "confirm": lambda: store.confirm(faces),
        "ignore": lambda: store.ignore(faces),
        "reject": lambda: store.reject(VECTORS[numbers[0]], store.identities()[0].id),
        "undo": store.undo,
        "redo": store.redo,
    }  # fmt: skip
    with suppress(UnknownIdentityError, NameTakenError, IndexError):
        actions[chance.choice(["add", "undo", "redo", *actions])]()


@pytest.mark.parametrize("seed", range(40))
def test_nothing_is_left_and_undo_is_sound(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with Store.create(tmp_path / "g", dimension=8) as store:
        for _ in range(20):
            act(store, chance)
        name = chance.choice(NAMES)
        try:
            subject, removed, _ = store.foresee_erasure([name])
        except UnknownIdentityError:
            return
        digests = [("digest", one) for one in subject.digests]
        digests += [("digest", one.hex().encode()) for one in subject.digests]
        needles = Needles(subject.names, store.vectors_to_erase(subject), digests)
        changes = [entry.change for entry in store.changes()]
        store.erase(subject, [], {"names": []})
        store.end_erasure()
        assert removed.identities == len(subject.names)

        def left() -> dict[str, int]:
            data = b"".join(path.read_bytes() for path in sorted((tmp_path / "g").iterdir()))
            return {kind: count for kind, count in needles.count(data).items() if count}

        assert left() == {}
        assert [entry.change for entry in store.changes()][1:] == changes
        assert store.redo() is None
        undone = 0
        while store.undo() is not None:
            undone += 1
            assert store.integrity() == []
        while store.redo() is not None:
            undone -= 1
            assert store.integrity() == []
        assert undone == 0
        assert left() == {}
