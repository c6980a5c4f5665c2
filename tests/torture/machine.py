"""Everything the façade can do, in any order, against plain dictionaries."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.errors import (
    EmbeddingError,
    GalleryBusyError,
    GalleryReadOnlyError,
    HistoryError,
    IdentityNameError,
    MismatchError,
    NameTakenError,
    UnknownIdentityError,
)
from engine.gallery import Gallery
from engine.records.training_parameters import Kind
from engine.store import recovery
from tests.torture.agreement import disagreements, other_answers, unsound
from tests.torture.erased import adopted, not_erased
from tests.torture.faces import POOL
from tests.torture.model import Operation
from tests.torture.proposing import CORRECTING, FILLING, GOING, KEEPING, propose
from tests.torture.worker import CORRECTIONS, Worker, begin


class Drawn:
    """Choices that Hypothesis makes, and can make smaller."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def one(self, among: Sequence[Any]) -> Any:
        return self._data.draw(st.sampled_from(list(among)))

    def some(self, among: Sequence[Any], least: int, most: int) -> list[Any]:
        if not among:
            return []
        most = min(most, len(among))
        return self._data.draw(
            st.lists(
                st.sampled_from(list(among)), min_size=min(least, most), max_size=most, unique=True
            )
        )


def none_of(problems: Iterable[str]) -> None:
    """Raises AssertionError with all of them."""
    found = list(problems)
    assert not found, "\n".join(found)


class FacadeMachine(RuleBasedStateMachine):
    """``model`` is what ``worker.gallery``, and ``reader`` beside it, must hold."""

    examples = steps = longest = 0  # of all that were run

    @initialize(kinds=st.sampled_from([(), ("triplet",), ("mlp", "triplet")]))
    def create(self, kinds: tuple[Kind, ...]) -> None:
        self.kinds, self.length = kinds, 0
        self.work = Path(tempfile.mkdtemp())
        folder = self.work / "some.gallery"
        self.model = begin(folder, *kinds)
        self.worker = Worker(folder, self.work)
        self.reader = Gallery.open(folder, write=False)
        FacadeMachine.examples += 1

    def perform(self, operation: Operation) -> None:
        changed = self.model.do(operation)
        done = self.worker.do(operation)
        verb = operation[0]
        if verb in CORRECTIONS or hasattr(self.worker.gallery.corrections, verb):
            assert (done is not None) == changed, operation
        self.length += 1
        FacadeMachine.steps += 1
        FacadeMachine.longest = max(FacadeMachine.longest, self.length)

    @rule(data=st.data(), verb=st.sampled_from(FILLING))
    def fill(self, data: st.DataObject, verb: str) -> None:
        self.propose(data, verb)

    @rule(data=st.data(), verb=st.sampled_from(CORRECTING))
    def correct(self, data: st.DataObject, verb: str) -> None:
        self.propose(data, verb)

    @rule(data=st.data(), verb=st.sampled_from(CORRECTING))
    def correct_once_more(self, data: st.DataObject, verb: str) -> None:
        """They are many: half of all steps."""
        self.propose(data, verb)

    @rule(data=st.data(), verb=st.sampled_from(GOING))
    def go(self, data: st.DataObject, verb: str) -> None:
        self.propose(data, verb)

    @rule(data=st.data(), verb=st.sampled_from(KEEPING))
    def keep(self, data: st.DataObject, verb: str) -> None:
        self.propose(data, verb)

    def propose(self, data: st.DataObject, verb: str) -> None:
        operation = propose(verb, self.model, Drawn(data))
        if operation is not None:
            self.perform(operation)

    # -- what is refused changes nothing -------------------------------------------------------

    @rule(data=st.data())
    def be_refused(self, data: st.DataObject) -> None:
        data.draw(
            st.sampled_from(
                [self.ask_in_vain, self.take_names_that_are_taken, self.come_second,
                 self.let_the_reader_come_anew]
            )
        )()  # fmt: skip

    def ask_in_vain(self) -> None:
        gallery = self.worker.gallery
        fix, face = gallery.corrections, self.model.last_face + 1
        for kind, ask in (
            (UnknownIdentityError, lambda: fix.rename("Nobody", "Else")),
            (UnknownIdentityError, lambda: fix.merge(["Nobody"], "Nobody")),
            (UnknownIdentityError, lambda: fix.delete(["Nobody"])),
            (UnknownIdentityError, lambda: fix.move([face], "Ada")),
            (UnknownIdentityError, lambda: fix.expel([face])),
            (UnknownIdentityError, lambda: fix.confirm([face])),
            (UnknownIdentityError, lambda: fix.reject(POOL[0], 10_000)),
            (HistoryError, lambda: gallery.history.go_to(self.model.now.change + 1)),
            (IdentityNameError, lambda: gallery.enroll(" ", POOL[0])),
            (EmbeddingError, lambda: gallery.enroll("Ada", POOL[:0])),
            (MismatchError, lambda: gallery.enroll("Ada", POOL[:1, :3])),
        ):
            with pytest.raises(kind):
                ask()

    def take_names_that_are_taken(self) -> None:
        names = [person.name for person in self.model.people.people.values()]
        for one, other in itertools.pairwise(names):
            with pytest.raises(NameTakenError):
                self.worker.gallery.corrections.rename(one, other)

    def come_second(self) -> None:
        """Another one that would write it reads it, and cannot put a backup in its place."""
        with Gallery.open(self.worker.folder) as second:
            assert not second.writable
            assert "Opened read-only" in second.notices[0]
            with pytest.raises(GalleryReadOnlyError):
                second.enroll("Ada", POOL[0])
            with pytest.raises(GalleryReadOnlyError):
                second.history.undo()
            assert not second.try_to_write()
            none_of(disagreements(second, self.model))
        for number in list(self.model.saved)[:1]:
            with pytest.raises(GalleryBusyError):
                recovery.restore_backup(self.worker.saved(number), self.worker.folder, replace=True)

    def let_the_reader_come_anew(self) -> None:
        self.reader.close()
        self.reader = Gallery.open(self.worker.folder, write=False)

    @precondition(lambda self: self.model.people.people)
    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        """Nothing is left of a person in any file; what else is there is as it was."""
        names = [person.name for person in self.model.people.people.values()]
        name, gallery = data.draw(st.sampled_from(names)), self.worker.gallery
        gallery.erasure.erase([name])
        none_of(not_erased(gallery, self.model, name))
        self.model = adopted(gallery, self.model)

    @precondition(lambda self: any((self.worker.folder / "models").glob("triplet-*/network.npz")))
    @rule()
    def lose_a_model_for_a_while(self) -> None:
        """A damaged one is told of, and answers are given without it."""
        (weights,) = (self.worker.folder / "models").glob("triplet-*/network.npz")
        whole = weights.read_bytes()
        weights.write_bytes(whole[: len(whole) // 2])
        try:
            self.worker.open_anew()
            gallery = self.worker.gallery
            assert "triplet" not in gallery.recogniser.methods()
            none_of(disagreements(gallery, self.model))
            problems = gallery.check(repair=True).problems
            assert len(problems) == 1, problems
            assert problems[0].startswith("Model triplet-")
        finally:
            weights.write_bytes(whole)
            self.worker.open_anew()

    # -- agreement -----------------------------------------------------------------------------

    @invariant()
    def all_agree(self) -> None:
        if not hasattr(self, "worker"):
            return
        gallery, reader = self.worker.gallery, self.reader
        none_of(disagreements(gallery, self.model))
        none_of(unsound(gallery))
        none_of(disagreements(reader, self.model))
        none_of(other_answers(reader, gallery))

    def teardown(self) -> None:
        if hasattr(self, "worker"):
            self.reader.close()
            self.worker.gallery.close()
            shutil.rmtree(self.work)
