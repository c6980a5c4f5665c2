"""A store as a keeper sees it, and a listener that can hold the builder up."""

from __future__ import annotations

import threading

import numpy as np

from engine.progress import Message, Progress

D = 16


class Faces:
    """What a keeper sees of a store: faces by id, and a change counter."""

    def __init__(self, make_faces):
        self.make_faces = make_faces
        self.rows: dict[int, np.ndarray] = {}
        self.change = 0
        self.asked: list[int | None] = []

    def add(self, count, *, first):
        ids, rows = self.make_faces(count, first=first)
        self.rows.update(zip(ids.tolist(), rows, strict=True))
        self.change += 1
        return ids, rows, self.change

    def remove(self, *ids):
        for face in ids:
            del self.rows[face]
        self.change += 1
        return np.array(ids), self.change

    def ids(self):
        return np.array(sorted(self.rows), dtype=np.int64)

    def vectors(self, ids):
        self.asked.append(None if ids is None else len(ids))
        wanted = sorted(self.rows) if ids is None else ids.tolist()
        for at in range(0, len(wanted), 400):
            some = [face for face in wanted[at : at + 400] if face in self.rows]
            yield np.array(some, np.int64), np.array([self.rows[face] for face in some], np.float32)

    def all(self):
        ids = self.ids()
        return ids, np.array([self.rows[face] for face in ids.tolist()], np.float32)


class Ear:
    """A listener that can hold the builder up at its first step."""

    def __init__(self):
        self.events = []
        self.held = threading.Event()
        self.go = threading.Event()
        self.go.set()

    def __call__(self, event):
        self.events.append(event)
        if isinstance(event, Progress) and threading.current_thread().name == "index-builder":
            self.held.set()
            assert self.go.wait()

    @property
    def messages(self):
        return [event.text for event in self.events if isinstance(event, Message)]


def finds(keeper, faces):
    """Whether every face, and no other, is found by its own vector."""
    ids, rows = faces.all()
    return len(keeper) == len(ids) and np.array_equal(keeper.search(rows, 1).ids[:, 0], ids)
