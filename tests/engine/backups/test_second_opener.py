"""A gallery that was opened for reading, and what comes of it when the writer goes."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from engine.errors import GalleryError
from engine.gallery import Gallery
from tests.engine.backups.conftest import add


def test_beside_a_writer_it_stays_a_reader(folder: Path):
    with Gallery.open(folder) as writer, Gallery.open(folder) as reader:
        assert not reader.try_to_write()
        assert not reader.writable
        assert writer.writable
        assert writer.try_to_write()


def test_it_writes_once_the_writer_is_gone_and_keeps_what_it_knew(folder: Path):
    writer = Gallery.open(folder)
    with Gallery.open(folder) as reader:
        query = reader.faces.vector(1)
        before = reader.identify(query)
        add(writer, range(50, 51))
        writer.close()
        assert reader.try_to_write()
        assert reader.writable
        assert reader.people.counts() == (21, 126)
        assert reader.identify(query)[0].name == before[0].name
        add(reader, range(60, 61))
        fresh = reader.faces.vector(reader.faces.of("Person 060")[0].id)
        assert reader.identify(fresh)[0].candidates[0].name == "Person 060"
        with Gallery.open(folder) as third:
            assert not third.writable
    with Gallery.open(folder) as again:
        assert again.check().ok
        assert again.people.counts() == (22, 132)


def test_questions_go_on_while_it_takes_over(folder: Path):
    writer = Gallery.open(folder)
    query = np.random.default_rng(0).normal(size=16).astype(np.float32)
    with Gallery.open(folder) as reader:
        expected = reader.identify(query)
        answers, stop = [], threading.Event()

        def ask() -> None:
            while not stop.is_set():
                answers.append(reader.identify(query))

        asking = threading.Thread(target=ask)
        asking.start()
        writer.close()
        try:
            assert reader.try_to_write()
        finally:
            stop.set()
            asking.join()
        assert all(answer == expected for answer in answers)


def test_one_that_was_closed_takes_nothing(folder: Path):
    reader = Gallery.open(folder, write=False)
    reader.close()
    with pytest.raises(GalleryError, match="closed"):
        reader.try_to_write()
    with Gallery.open(folder) as gallery:
        assert gallery.writable
