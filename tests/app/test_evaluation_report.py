"""The report to hand on, the table and the JSON document: whole, safe, in plain words."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.evaluation.references import references
from engine.evaluation.runner import evaluate
from engine.records.figures import Evaluation, Sampled
from gallery_app.reports.evaluation_report import report, write_report
from gallery_app.reports.evaluation_text import summary, text_table
from gallery_app.wording.evaluation_words import conclusions
from gallery_app.wording.method_words import method_title
from tests.engine.evaluation.crowds import Known, crowd

ODD = '<b>&"'
METHODS = [
    Known("auto", confidence=0.9),
    Known("mlp $a_b$", right=False, confidence=0.5),
    *references("cosine"),
]


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    vectors, labels = crowd(40, 6, spread=0.15)
    return evaluate(vectors, labels, METHODS, repeats=2, gallery_name=ODD)


@pytest.fixture(scope="module")
def page(evaluation: Evaluation) -> str:
    return report(evaluation)


class Reader(HTMLParser):
    """Collects text, and what a browser would load; fails on tags that do not match."""

    VOID = ("meta", "br", "link", "img")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attributes:
            if name in ("src", "href", "xlink:href", "srcset", "data", "action"):
                self.loads.append(value or "")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


@pytest.mark.slow
def test_the_report_is_sound_and_loads_nothing(page: str) -> None:
    reader = read(page)
    assert reader.tags >= {"table", "svg", "style"}
    assert not reader.tags & {"script", "link", "img", "iframe", "object"}
    assert all(one.startswith("#") for one in reader.loads)
    without_namespaces = re.sub(r'xmlns(:xlink)?="[^"]*"', "", page)
    assert "http" not in without_namespaces
    assert not re.search(r"url\((?!#)", page)
    assert "@import" not in page


def test_an_odd_name_is_shown_as_it_is(page: str) -> None:
    reader = read(page)
    assert f"Evaluation of {ODD}" in reader.text
    assert "b" not in reader.tags
    assert "MLP $a_b$" in reader.text


def test_the_report_has_both_tables_all_plots_and_all_sentences(
    page: str, evaluation: Evaluation
) -> None:
    reader = read(page)
    assert page.count("<table>") == 2
    assert page.count("<svg") == 3
    for sentence in conclusions(evaluation):
        assert sentence in reader.text
    for method in METHODS:
        assert (
            reader.text.lower().count(method_title(method.name).lower()) >= 3
        )  # both tables and a plot


def test_plots_take_every_colour_from_the_page(page: str) -> None:
    drawings = "".join(re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL))
    used = set(re.findall(r"var\((--\w+)\)", drawings))
    assert used <= set(re.findall(r"(--\w+):", page))
    assert "--text" in used
    assert not re.findall(r"(?:fill|stroke): #", drawings)


def test_the_same_evaluation_gives_the_same_report(evaluation: Evaluation, page: str) -> None:
    assert report(evaluation) == page


def test_the_report_is_written_whole(evaluation: Evaluation, page: str, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    write_report(evaluation, place / "report.html")
    assert (place / "report.html").read_text(encoding="utf-8") == page
    assert [path.name for path in place.iterdir()] == ["report.html"]


def test_a_closed_evaluation_has_one_table_and_no_plots() -> None:
    vectors, labels = crowd(4, 3)
    page = report(evaluate(vectors, labels, METHODS[:1], protocol="closed", repeats=1))
    assert page.count("<table>") == 1
    assert "<svg" not in page
    assert "Evaluation of this gallery" in page


def test_the_text_tables_columns_are_aligned(evaluation: Evaluation) -> None:
    table, *_ = text_table(evaluation).split("\n\n")
    title, header, *rows = table.splitlines()
    assert title == "Everyone enrolled"
    assert len(rows) == len(METHODS)
    end = header.index("seconds") + len("seconds")
    assert all(re.match(r".*\d\.\d\d$", row[:end]) for row in rows)


def test_the_json_document_has_what_the_command_line_promises(evaluation: Evaluation) -> None:
    document = json.loads(json.dumps(summary(evaluation), allow_nan=False))
    assert document["protocol"] == "both"
    assert document["repeats"] == 2
    auto = document["methods"]["auto"]
    assert auto["interval"][0] <= auto["rank1"] <= auto["interval"][1]
    assert auto["fnir_at_fpir"]["0.001"] is None
    assert set(auto["fpir"]) == {"0.001", "0.01", "0.1"}
    for key in ("rank5", "balanced_rank1", "ece", "open_rank1"):
        assert 0 <= auto[key] <= 1
    assert document["methods"]["5-NN (plain)"]["ece"] is None


def test_a_sample_of_the_searches_is_said_everywhere(evaluation: Evaluation) -> None:
    sample = replace(evaluation, sampled=(Sampled("closed", 120, 180),))
    assert summary(sample)["sampled"]["closed"] == {"searches": 120, "of": 180}
    assert summary(evaluation)["sampled"] is None
    assert "searches sampled" in report(sample)


def test_the_json_document_of_one_protocol_leaves_the_other_empty() -> None:
    vectors, labels = crowd(8, 4)
    one, other = (
        summary(evaluate(vectors, labels, METHODS[:1], protocol=protocol, repeats=1))
        for protocol in ("closed", "open")
    )
    assert (one["protocol"], other["protocol"]) == ("closed", "open")
    assert one["methods"]["auto"]["ece"] is None
    assert other["methods"]["auto"]["balanced_rank1"] is None
    assert set(one["methods"]["auto"]) == set(other["methods"]["auto"])
