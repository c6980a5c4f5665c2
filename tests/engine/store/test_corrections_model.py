"""Corrections, undo and redo against plain dictionaries, and against the rows as they were."""

from __future__ import annotations

import copy
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.errors import HistoryError, InputError, NameTakenError, UnknownIdentityError
from engine.records.changes import Changed
from engine.records.roster import Roster
from engine.records.types import FaceBatch
from engine.store import Store
from tests.engine.store.people import People, Person

pytestmark = pytest.mark.slow

NAMES = st.sampled_from(["A", "B", "É", "C D"])
NUMBERS = st.integers(0, 4)
FACES = st.lists(st.tuples(NAMES, NUMBERS), min_size=1, max_size=6)
VECTORS = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
TABLES = ("identities", "faces", "embeddings", "photos", "decisions", "apart", "unknowns")


def rows_of(folder: Path) -> dict[str, list[Any]]:
    """What undo has to bring back, to the last byte."""
    with closing(sqlite3.connect(f"file:{folder / 'gallery.db'}?mode=ro", uri=True)) as base:
        return {
            table: base.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in TABLES
        }


class CorrectionsMachine(RuleBasedStateMachine):
    """``now`` is the model; ``past`` and ``future`` hold (change, model, rows) of other moments."""

    @initialize()
    def create(self):
        self.folder = Path(tempfile.mkdtemp()) / "gallery"
        self.store = Store.create(self.folder, dimension=4)
        self.now = People()
        self.known: Roster | None = None
        self.past: list[tuple[int, People, Any]] = []
        self.future: list[tuple[int, People, Any]] = []
        self.change, self.rows = 0, rows_of(self.folder)
        self.enroll(
            [("A", 0), ("A", 1), ("A", 2), ("B", 0), ("B", 3), ("É", 1), ("É", 4)], {}, False
        )

    # -- changes -----------------------------------------------------------------------------

    def step(self, done: Changed | None, after: People) -> None:
        """What the store says must be what the model says, and only that."""
        if after == self.now:
            assert done is None
            return
        assert done is not None
        assert done.change == self.store.history.last_change() > self.change
        self.touches(done, after)
        self.past.append((done.change, self.now, self.rows))
        self.future = []
        self.now = after

    def touches(self, done: Changed, after: People) -> None:
        before = self.now
        faces = {
            face
            for face in {*before.faces, *after.faces}
            if before.faces.get(face) != after.faces.get(face)
        }
        assert faces <= set(done.faces)
        people = {
            one
            for one in {*before.people, *after.people}
            if before.people.get(one) != after.people.get(one)
        }
        assert people.union(*before.apart ^ after.apart) <= set(done.identities)

    @rule(faces=FACES, with_photos=st.booleans(), overrule=st.booleans())
    def add(self, faces, with_photos, overrule):
        thumbnails = {i: b"%d" % i for i in range(0, len(faces), 2)} if with_photos else {}
        self.enroll(faces, thumbnails, overrule)

    def enroll(self, faces, thumbnails, overrule):
        after = copy.deepcopy(self.now)
        numbers = [number for _, number in faces]
        names = [name for name, _ in faces]
        batch = FaceBatch(VECTORS[numbers], names, names, [0] * len(faces), [None] * len(faces))
        added = self.store.faces.add(batch, thumbnails=thumbnails, overrule=overrule)
        if not len(added.rows):
            return
        for face, owner, row in zip(
            added.face_ids.tolist(), added.identity_ids.tolist(), added.rows.tolist(), strict=True
        ):
            after.people.setdefault(owner, Person(names[row]))
            after.faces[face] = (owner, numbers[row], thumbnails.get(row))
            if overrule and after.decided.get((numbers[row], owner)) == "is-not":
                del after.decided[numbers[row], owner]
        after.shelf -= after.enrolled()
        entry = self.store.history.entries(1)[0]
        assert min(added.face_ids) > max([0, *self.now.faces])
        self.step(Changed(entry.change, "", "", tuple(after.people), tuple(after.faces)), after)

    @rule(data=st.data())
    def remove(self, data):
        faces = data.draw(self.some_faces())
        after = copy.deepcopy(self.now)
        after.remove(faces)
        self.step(self.store.faces.remove(faces), after)

    @rule(names=st.lists(NAMES, max_size=2))
    def delete(self, names):
        ids = [self.now.id_of(name) for name in names]
        if None in ids:
            with pytest.raises(UnknownIdentityError):
                self.store.people.delete(names)
            return
        after = copy.deepcopy(self.now)
        after.remove([face for one in ids for face in self.now.of(one)])
        self.step(self.store.people.delete(names), after)

    @rule(name=NAMES, new=NAMES)
    def rename(self, name, new):
        person, other = self.now.id_of(name), self.now.id_of(new)
        after = copy.deepcopy(self.now)
        if person is None or (name != new and other is not None):
            with pytest.raises(UnknownIdentityError if person is None else NameTakenError):
                self.store.people.rename(name, new)
            return
        after.people[person].name = new
        self.step(self.store.people.rename(name, new), after)

    @rule(name=NAMES, text=st.sampled_from(["", "one", "two"]))
    def note(self, name, text):
        person = self.now.id_of(name)
        if person is None:
            return
        after = copy.deepcopy(self.now)
        after.people[person].note = text
        self.step(self.store.people.set_note(name, text), after)

    @rule(data=st.data(), name=NAMES)
    def choose_portrait(self, data, name):
        person = self.now.id_of(name)
        if person is None:
            return
        face = data.draw(st.sampled_from([None, *self.now.of(person)]))
        after = copy.deepcopy(self.now)
        after.people[person].chosen = face
        self.step(self.store.people.choose_portrait(name, face), after)

    @rule(data=st.data(), name=NAMES)
    def move(self, data, name):
        faces = [face for face in data.draw(self.some_faces()) if face in self.now.faces]
        if not faces:
            return
        after = copy.deepcopy(self.now)
        done = self.store.faces.move(faces, name)
        target = after.id_of(name)
        if target is None:
            target = self.store.people.find(name).id
            assert target not in self.now.people
            after.people[target] = Person(name)
        after.move(faces, target)
        self.step(done, after)

    @rule(names=st.lists(NAMES, min_size=1, max_size=3), into=NAMES)
    def merge(self, names, into):
        ids = [self.now.id_of(name) for name in dict.fromkeys(names)]
        target = self.now.id_of(into)
        if target is None or None in ids:
            with pytest.raises(UnknownIdentityError):
                self.store.people.merge(names, into)
            return
        after = copy.deepcopy(self.now)
        after.merge([one for one in ids if one != target], target)
        self.step(self.store.people.merge(names, into), after)

    @rule(data=st.data(), kind=st.sampled_from(["confirm", "unconfirm", "ignore", "unignore"]))
    def decide(self, data, kind):
        faces = [face for face in data.draw(self.some_faces()) if face in self.now.faces]
        after = copy.deepcopy(self.now)
        for face in faces:
            owner, number, _ = self.now.faces[face]
            if kind == "confirm":
                after.decided[number, owner] = "is"
            elif kind == "ignore":
                after.decided[number, None] = "ignore"
            elif kind == "unignore":
                after.decided.pop((number, None), None)
            elif after.decided.get((number, owner)) == "is":
                del after.decided[number, owner]
        self.step(getattr(self.store.decisions, kind)(faces), after)

    @rule(name=NAMES, number=NUMBERS, back=st.booleans())
    def reject(self, name, number, back):
        person = self.now.id_of(name)
        if person is None:
            return
        after = copy.deepcopy(self.now)
        if not back:
            after.decided[number, person] = "is-not"
        elif after.decided.get((number, person)) == "is-not":
            del after.decided[number, person]
        change = self.store.decisions.unreject if back else self.store.decisions.reject
        self.step(change(VECTORS[number], person), after)

    @rule(name=NAMES, other=NAMES, back=st.booleans())
    def keep_apart(self, name, other, back):
        pair = {self.now.id_of(name), self.now.id_of(other)}
        change = (
            self.store.decisions.unmark_distinct if back else self.store.decisions.mark_distinct
        )
        if None in pair or len(pair) == 1:
            with pytest.raises(UnknownIdentityError if None in pair else InputError):
                change(name, other)
            return
        after = copy.deepcopy(self.now)
        after.apart = after.apart - {frozenset(pair)} if back else after.apart | {frozenset(pair)}
        self.step(change(name, other), after)

    # -- the shelf ---------------------------------------------------------------------------

    @rule(numbers=st.lists(NUMBERS, min_size=1, max_size=3), with_photos=st.booleans())
    def keep_unknowns(self, numbers, with_photos):
        """No step: what is kept is there at every moment that does not hold it by itself."""
        count = len(numbers)
        batch = FaceBatch(VECTORS[numbers], [None] * count, ["q"] * count, numbers, [None] * count)
        thumbnails = dict.fromkeys(range(count), b"q") if with_photos else {}
        kept = self.store.unknowns.add(batch, thumbnails)
        new = set(numbers) - self.now.shelf - self.now.enrolled()
        assert kept == len(new)
        assert self.store.history.last_change() == self.change
        came = {row[3]: row for row in rows_of(self.folder)["unknowns"][-kept or 99 :]}
        assert set(came) == new
        for model, rows in [(self.now, None), *(one[1:] for one in (*self.past, *self.future))]:
            missing = new - model.shelf
            model.shelf |= missing
            if rows is not None:
                rows["unknowns"] = sorted(rows["unknowns"] + [came[number] for number in missing])

    def on_shelf(self, numbers) -> list[int]:
        return [one.id for one in self.store.unknowns.all() if one.row in numbers]

    @rule(data=st.data(), name=NAMES)
    def name_unknowns(self, data, name):
        shown = sorted(self.now.shelf - self.now.enrolled())
        numbers = data.draw(st.sets(st.sampled_from(shown))) if shown else set()
        thumbnails = {
            one.row: self.store.unknowns.thumbnail(one.id) for one in self.store.unknowns.all()
        }
        after = copy.deepcopy(self.now)
        known = {*self.now.faces}
        done = self.store.unknowns.name(self.on_shelf(numbers), name)
        faces = sorted(set(done.faces) - known) if done else []
        order = [row[0] for row in rows_of(self.folder)["faces"] if row[0] in faces]
        assert order == faces
        if faces:
            owner = self.store.people.find(name).id
            after.people.setdefault(owner, Person(name))
        vectors = self.store.faces.vectors(np.array(faces, dtype=np.int64))[2]
        for face, vector in zip(faces, vectors, strict=True):
            number = next(one for one in numbers if (VECTORS[one] == vector).all())
            after.faces[face] = (owner, number, thumbnails[number])
            if after.decided.get((number, owner)) == "is-not":
                del after.decided[number, owner]
        assert len(faces) == len(numbers)
        after.shelf -= numbers
        self.step(done, after)

    @rule(data=st.data())
    def dismiss_unknowns(self, data):
        shown = sorted(self.now.shelf - self.now.enrolled())
        numbers = data.draw(st.sets(st.sampled_from(shown))) if shown else set()
        after = copy.deepcopy(self.now)
        after.shelf -= numbers
        self.step(self.store.unknowns.dismiss(self.on_shelf(numbers)), after)

    @rule()
    def name_what_is_not_there(self):
        for change in (lambda: self.store.unknowns.name([999], "A"),
                       lambda: self.store.unknowns.dismiss([999])):  # fmt: skip
            with pytest.raises(UnknownIdentityError):
                change()

    # -- the way back ------------------------------------------------------------------------

    def some_faces(self):
        return st.lists(st.sampled_from([*self.now.faces, 999]), max_size=4, unique=True)

    @rule(times=st.integers(1, 4), back=st.booleans())
    def undo_or_redo(self, times, back):
        for _ in range(times):
            self.go_one(back)

    def go_one(self, back: bool) -> None:
        come_from, go_to = (self.past, self.future) if back else (self.future, self.past)
        done = self.store.history.undo() if back else self.store.history.redo()
        if not come_from:
            assert done is None
            return
        change, model, rows = come_from.pop()
        go_to.append((change, self.now, self.rows))
        self.touches(done, model)
        self.now = model
        assert rows_of(self.folder) == rows
        assert done.change == self.store.history.last_change() == self.change + 1
        self.change, self.rows = done.change, rows

    @rule(data=st.data())
    def go_to(self, data):
        changes = [0, *(change for change, _, _ in (*self.past, *self.future))]
        target = data.draw(st.sampled_from(changes))
        done = self.store.history.go_to(target)
        moved = False
        while self.past and self.past[-1][0] > target:
            change, model, rows = self.past.pop()
            self.future.append((change, self.now, self.rows))
            self.now, self.rows, moved = model, rows, True
        while self.future and self.future[-1][0] <= target:
            change, model, rows = self.future.pop()
            self.past.append((change, self.now, self.rows))
            self.now, self.rows, moved = model, rows, True
        assert (done is not None) == moved
        assert rows_of(self.folder) == self.rows
        assert self.store.history.last_change() == self.change + moved

    @rule()
    def go_where_there_is_nothing(self):
        with pytest.raises(HistoryError):
            self.store.history.go_to(self.store.history.last_change() + 1)

    @rule()
    def reopen(self):
        self.store.close()
        self.store = Store.open(self.folder)

    @rule()
    def look(self):
        """Now and then: what was read before is brought up to date whatever was done since."""
        self.known = self.store.people.roster(self.known)
        read = self.store.people.roster()
        assert self.known.change == read.change
        assert [*map(self.known.__getitem__, range(len(self.known)))] == [
            *map(read.__getitem__, range(len(read)))
        ]

    # -- agreement ---------------------------------------------------------------------------

    @invariant()
    def all_agree(self):
        if not hasattr(self, "store"):
            return
        self.change, self.rows = self.store.history.last_change(), rows_of(self.folder)
        assert self.store.checks.problems() == []
        self.people_agree()
        self.decisions_agree()
        self.history_agrees()

    def people_agree(self):
        ids, owners, vectors = self.store.faces.vectors()
        assert ids.tolist() == sorted(self.now.faces)
        mine = [self.now.faces[face] for face in ids.tolist()]
        assert owners.tolist() == [owner for owner, _, _ in mine]
        assert vectors.tobytes() == VECTORS[[number for _, number, _ in mine]].tobytes()
        assert [self.store.faces.thumbnail(face) for face in ids.tolist()] == [
            one for _, _, one in mine
        ]
        found = {
            one.id: (one.name, one.faces, one.portrait, one.note, one.chosen)
            for one in self.store.people.all()
        }
        assert found == {
            one: (
                person.name,
                len(self.now.of(one)),
                self.now.portrait(one),
                person.note,
                person.chosen is not None,
            )
            for one, person in self.now.people.items()
        }

    def decisions_agree(self):
        said = self.now.decided
        assert self.store.decisions.rejections(VECTORS) == [
            {one for (of, one), kind in said.items() if of == number and kind == "is-not"}
            for number in range(len(VECTORS))
        ]
        faces = sorted(self.now.faces.items())
        assert self.store.decisions.confirmed().tolist() == [
            face for face, (owner, number, _) in faces if said.get((number, owner)) == "is"
        ]
        assert self.store.decisions.ignored().tolist() == [
            face for face, (_, number, _) in faces if (number, None) in said
        ]
        assert len(self.rows["decisions"]) == len(said)
        assert self.store.decisions.cannot_link() == {
            tuple(sorted(pair)) for pair in self.now.apart
        }
        assert {
            one.row for one in self.store.unknowns.all()
        } == self.now.shelf - self.now.enrolled()
        assert self.store.unknowns.count() == len(self.store.unknowns.all())
        assert {row[3] for row in self.rows["unknowns"]} == self.now.shelf

    def history_agrees(self):
        entries = {entry.change: entry for entry in self.store.history.changes()}
        done = [change for change, entry in entries.items() if entry.state == "done"]
        undone = [change for change, entry in entries.items() if entry.state == "undone"]
        assert sorted(done) == [change for change, _, _ in self.past]
        assert sorted(undone, reverse=True) == [change for change, _, _ in self.future]
        back = entries[self.past[-1][0]].summary if self.past else None
        forth = entries[self.future[-1][0]].summary if self.future else None
        assert (self.store.history.undo_step(), self.store.history.redo_step()) == (back, forth)

    def teardown(self):
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder.parent)


CorrectionsMachine.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    derandomize=True,
    phases=[Phase.generate],  # to shrink takes minutes: raise it by hand
    suppress_health_check=list(HealthCheck),
)
TestCorrectionsAgainstDictionaries = CorrectionsMachine.TestCase
