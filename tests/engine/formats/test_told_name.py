"""A folder whose identity.txt says who is in it."""

from __future__ import annotations

import shutil

import pytest

from engine.formats.sources import read_sources

FILE = "identity.txt"


@pytest.fixture
def person(sample, tmp_path):
    """A folder with one face."""
    folder = tmp_path / "people" / "person_7"
    folder.mkdir(parents=True)
    shutil.copy(sample / "Tiger_Woods" / "Tiger_Woods_0001.npy", folder)
    return folder


@pytest.mark.parametrize("name", ["Tiger Woods", "under_score", ".dot", "CON", "胡锦涛", "x" * 200])
@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_the_file_has_the_name_and_not_the_folder(person, name, ending, encoding):
    (person / FILE).write_bytes(f"{name}{ending}".encode(encoding))
    assert read_sources([person.parent]).batch.names == [name]
    (single,) = person.glob("*.npy")
    assert read_sources([single]).batch.names == [name]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00", "It is not UTF-8 text"),
        (b"x" * 5000, "It has 5,000 bytes"),
        (b"", "The name is empty"),
        (b"two\nlines", "contains control characters or line breaks"),
        (b"a/b", "is a path"),
    ],
)
def test_a_file_that_holds_no_name_leaves_its_folder_out_and_says_why(person, content, said):
    (person / FILE).write_bytes(content)
    reading = read_sources([person.parent])
    assert len(reading.batch) == 0
    (rejected,) = reading.rejected
    assert said in rejected.reason
    assert rejected.file.startswith(str(person))
