"""The store against a dictionary: whatever is done in whatever order, both hold the same."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.errors import (
    CancelledError,
    GalleryBusyError,
    GalleryReadOnlyError,
    UnknownIdentityError,
)
from engine.progress import CancelToken, Reporter
from engine.records.types import FaceBatch
from engine.store import Store

pytestmark = pytest.mark.slow

NAMES = st.sampled_from(["A", "B", "a", "É", "C D"])
FACES = st.lists(st.tuples(NAMES, st.integers(0, 9)), max_size=6)
VECTORS = np.random.default_rng(0).standard_normal((10, 4)).astype(np.float32)


def batch_of(faces: list[tuple[str, int]]) -> FaceBatch:
    numbers = [number for _, number in faces]
    count = len(faces)
    names = [name for name, _ in faces]
    files = [str(number) for number in numbers]
    return FaceBatch(VECTORS[numbers].reshape(-1, 4), names, files, [0] * count, [None] * count)


class StoreMachine(RuleBasedStateMachine):
    """``faces`` is the model: face id to (name, number of its vector, thumbnail).

    ``refused`` holds the decisions: (name, number of the vector).
    """

    @initialize()
    def create(self):
        self.folder = Path(tempfile.mkdtemp()) / "gallery"
        self.store = Store.create(self.folder, dimension=4)
        self.reader: Store | None = None
        self.faces: dict[int, tuple[str, int, bytes | None]] = {}
        self.refused: set[tuple[str, int]] = set()
        self.changes = 0
        self.last_id = 0

    @rule(faces=FACES, with_photos=st.booleans(), overrule=st.booleans())
    def add(self, faces, with_photos, overrule):
        thumbnails = {i: b"%d" % i for i in range(0, len(faces), 2)} if with_photos else {}
        held = {(name, number) for name, number, _ in self.faces.values()}
        kept = []
        for row, face in enumerate(faces):
            if face not in held:
                held.add(face)
                kept.append(row)
        added = self.store.faces.add(batch_of(faces), thumbnails=thumbnails, overrule=overrule)
        assert added.rows.tolist() == kept
        assert len(added.duplicates) == len(faces) - len(kept)
        assert all(face > self.last_id for face in added.face_ids)
        for face, row in zip(added.face_ids.tolist(), kept, strict=True):
            self.faces[face] = (*faces[row], thumbnails.get(row))
            if overrule:
                self.refused.discard(faces[row])
        if kept:
            self.changes += 1
            self.last_id = int(added.face_ids[-1])

    @rule(faces=FACES)
    def cancel_adding(self, faces):
        token = CancelToken()
        token.cancel()
        try:
            added = self.store.faces.add(batch_of(faces), reporter=Reporter(cancel=token))
        except CancelledError:
            return
        assert len(added.face_ids) == 0

    @rule(data=st.data())
    def remove(self, data):
        ids = data.draw(st.lists(st.integers(1, self.last_id + 1), max_size=4))
        gone = {face for face in ids if face in self.faces}
        changed = self.store.faces.remove(ids)
        assert (changed is not None) == bool(gone)
        for face in gone:
            del self.faces[face]
        left = {name for name, _, _ in self.faces.values()}
        self.refused = {decision for decision in self.refused if decision[0] in left}
        self.changes += bool(gone)

    @rule(name=NAMES, number=st.integers(0, 9), again=st.booleans())
    def decide(self, name, number, again):
        identity = self.store.people.find(name)
        change = self.store.decisions.unreject if again else self.store.decisions.reject
        if identity is None:
            with pytest.raises(UnknownIdentityError):
                change(VECTORS[number], 99)
            return
        news = ((name, number) in self.refused) == again
        assert bool(change(VECTORS[number], identity.id)) == news
        self.refused ^= {(name, number)} if news else set()
        self.changes += news

    @rule()
    def reopen(self):
        self.store.close()
        self.store = Store.open(self.folder)

    @rule()
    def open_a_second_writer(self):
        with pytest.raises(GalleryBusyError):
            Store.open(self.folder)

    @precondition(lambda self: self.reader is None)
    @rule()
    def open_a_reader(self):
        self.reader = Store.open(self.folder, write=False)

    @precondition(lambda self: self.reader is not None)
    @rule(faces=FACES)
    def write_with_the_reader(self, faces):
        with pytest.raises(GalleryReadOnlyError):
            self.reader.faces.add(batch_of(faces))

    @precondition(lambda self: self.reader is not None)
    @rule()
    def close_the_reader(self):
        self.reader.close()
        self.reader = None

    @invariant()
    def all_agree(self):
        for opened in filter(None, (getattr(self, "store", None), getattr(self, "reader", None))):
            self.agrees(opened)

    def agrees(self, opened: Store) -> None:
        ids, owners, vectors = opened.faces.vectors()
        assert ids.tolist() == sorted(self.faces)
        expected = VECTORS[[self.faces[face][1] for face in ids.tolist()]]
        assert vectors.tobytes() == expected.tobytes()
        faces = opened.faces.by_ids(ids.tolist())
        assert [face.name for face in faces] == [self.faces[face][0] for face in ids.tolist()]
        assert [face.identity_id for face in faces] == owners.tolist()
        assert [opened.faces.thumbnail(face) for face in self.faces] == [
            thumbnail for _, _, thumbnail in self.faces.values()
        ]
        self.people_agree(opened)
        self.decisions_agree(opened)
        assert opened.history.last_change() == self.changes
        assert len(opened.history.entries()) == self.changes
        assert opened.checks.problems() == []

    def people_agree(self, opened: Store) -> None:
        names = sorted({name for name, _, _ in self.faces.values()})
        identities = opened.people.all()
        assert [identity.name for identity in identities] == names
        assert opened.people.counts() == (len(names), len(self.faces))
        for identity in identities:
            own = {face: kept for face, kept in self.faces.items() if kept[0] == identity.name}
            with_photo = [face for face, (_, _, thumbnail) in own.items() if thumbnail]
            assert identity.faces == len(own)
            assert identity.portrait == min(with_photo or own)
            assert [face.id for face in opened.faces.of_identity(identity.id)] == sorted(own)

    def decisions_agree(self, opened: Store) -> None:
        names = {identity.id: identity.name for identity in opened.people.all()}
        found = opened.decisions.rejections(VECTORS)
        assert self.refused == {
            (names[one], number) for number, ids in enumerate(found) for one in ids
        }
        assert len(opened.decisions.rejected_vectors()[1]) == len(self.refused)

    def teardown(self):
        if not hasattr(self, "store"):
            return
        if self.reader is not None:
            self.reader.close()
        self.store.close()
        shutil.rmtree(self.folder.parent)


StoreMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestTheStoreAgainstADictionary = StoreMachine.TestCase
