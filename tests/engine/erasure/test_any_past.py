"""Whatever was done before, an erasure leaves no byte, and what is left can be undone soundly."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from engine.errors import NameTakenError, UnknownIdentityError
from engine.records.types import FaceBatch
from engine.store import Store
from tests.needles import Needles

pytestmark = pytest.mark.slow

NAMES = ("Aurelie Ott", "Bertil Pohl", "Carmen Quinn", "Dorian Rhys")
VECTORS = np.random.default_rng(0).standard_normal((12, 8)).astype(np.float32)


def act(store: Store, chance: random.Random) -> None:
    """One correction at random; those that cannot be made are passed over."""
    some = [chance.choice(NAMES) for _ in range(2)]
    ids = store.faces.vectors()[0].tolist()
    faces = chance.sample(ids, min(len(ids), 2))
    numbers = [chance.randrange(len(VECTORS)) for _ in range(3)]
    actions = {
        "add": lambda: store.faces.add(
            FaceBatch(VECTORS[numbers], [some[0]] * 3, [f"{some[1]}/{n}.npy" for n in numbers],
                      [0] * 3, [None] * 3), action="enroll", overrule=True,
        ),
        "rename": lambda: store.people.rename(*some),
        "merge": lambda: store.people.merge(some[:1], some[1]),
        "delete": lambda: store.people.delete(some[:1]),
        "note": lambda: store.people.set_note(some[0], f"knows {some[1]}"),
        "move": lambda: store.faces.move(faces, some[0]),
        "remove": lambda: store.faces.remove(faces),
        "expel": lambda: store.faces.expel(faces),
        "confirm": lambda: store.decisions.confirm(faces),
        "ignore": lambda: store.decisions.ignore(faces),
        "reject": lambda: store.decisions.reject(VECTORS[numbers[0]], store.people.all()[0].id),
        "undo": store.history.undo,
        "redo": store.history.redo,
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
            subject, removed, _ = store.erasure.foresee([name])
        except UnknownIdentityError:
            return
        digests = [("digest", one) for one in subject.digests]
        digests += [("digest", one.hex().encode()) for one in subject.digests]
        needles = Needles(subject.names, store.erasure.vectors(subject), digests)
        changes = [entry.change for entry in store.history.changes()]
        store.erasure.erase(subject, [], {"names": []})
        store.erasure.finish()
        assert removed.identities == len(subject.names)

        def left() -> dict[str, int]:
            data = b"".join(path.read_bytes() for path in sorted((tmp_path / "g").iterdir()))
            return {kind: count for kind, count in needles.count(data).items() if count}

        assert left() == {}
        assert [entry.change for entry in store.history.changes()][1:] == changes
        assert store.history.redo() is None
        undone = 0
        while store.history.undo() is not None:
            undone += 1
            assert store.checks.problems() == []
        while store.history.redo() is not None:
            undone -= 1
            assert store.checks.problems() == []
        assert undone == 0
        assert left() == {}
