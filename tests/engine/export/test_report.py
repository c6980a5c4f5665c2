"""The page about a gallery says what is so, and loads nothing."""

from __future__ import annotations

import html
import re
import shutil

import numpy as np
import pytest

from engine.errors import ExportError
from engine.export import report_contents
from engine.gallery import Gallery
from engine.records.exports import Selection
from gallery_app.reports import gallery_report
from gallery_app.reports.gallery_report import gallery_page
from gallery_app.wording import export_words
from gallery_app.wording.export_words import export_notes
from tests.engine.export.conftest import HARD
from tests.handmade import put_to_use


@pytest.fixture
def page(hard, tmp_path):
    return hard.exports.write("report", tmp_path / "page", page=gallery_page).path.read_text(
        encoding="utf-8"
    )


def test_it_loads_nothing_from_elsewhere(page):
    assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?!#)[a-z]+:", page)
    assert "<script" not in page
    assert "@import" not in page
    assert "prefers-color-scheme: dark" in page


def test_everybody_is_in_its_table_and_no_name_is_markup(page):
    listed = [html.unescape(one) for one in re.findall(r'<th scope="row">(.*?)</th>', page)]
    assert sorted(listed) == sorted(HARD)


def test_it_counts(page):
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
    assert facts["people"] == "26"
    assert facts["faces"] == "52"
    assert facts["with a photograph"] == "26"
    assert facts["most and fewest"] == "2 and 2"


@pytest.mark.slow
def test_the_sample_shows_distances_models_and_what_to_look_at(sample, tmp_path):
    folder = tmp_path / "sample.gallery"
    tree = tmp_path / "people"
    for person in sorted(sample.glob("[RST]*_*"))[:24]:
        shutil.copytree(person, tree / person.name)
    Gallery.create_from(folder, [tree])[0].close()
    put_to_use(folder, "triplet")
    with Gallery.open(folder) as gallery:
        done = gallery.exports.write("report", tmp_path / "page", page=gallery_page)
    page = done.path.read_text(encoding="utf-8")
    assert "Distances within and between people" in page
    assert re.search(r"The dotted line is at 0\.\d{3}: 1 in 1,000 pairs", page)
    assert "Made by hand." in page
    assert "What to check" in page


def test_what_is_sampled_or_left_out_is_said(hard, tmp_path, monkeypatch):
    monkeypatch.setattr(gallery_report, "MOST_LISTED", 5)
    monkeypatch.setattr(export_words, "MOST_LISTED", 5)
    monkeypatch.setattr(report_contents, "MOST_REVIEWED", 5)
    monkeypatch.setattr(export_words, "MOST_REVIEWED", 5)
    done = hard.exports.write("report", tmp_path / "page", page=gallery_page)
    page = done.path.read_text(encoding="utf-8")
    assert len(re.findall(r'<th scope="row">', page)) == 5
    assert "The table lists the 5 of 26 people with the most faces." in export_notes(done)
    assert all(html.escape(note, quote=False) in page for note in export_notes(done))
    assert "What to check" not in page


def test_a_gallery_of_one_face_has_a_report_too(tmp_path):
    with Gallery.create(tmp_path / "one.gallery", dimension=4) as gallery:
        with pytest.raises(ExportError, match="no faces"):
            gallery.exports.write("report", tmp_path / "none", page=gallery_page)
        gallery.enroll("Ann", np.ones(4, dtype=np.float32))
        assert gallery.exports.write("report", tmp_path / "one", page=gallery_page).faces == 1


def test_it_is_of_the_whole_gallery(hard, tmp_path):
    with pytest.raises(ExportError, match="whole gallery"):
        hard.exports.write("report", tmp_path / "page", selection=Selection(each=1))
