"""Which method answers, whether the methods agree, and how the window says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gallery_app import settings
from gallery_app.app import App
from gallery_app.widgets.controls.boxes import widgets_in
from gallery_app.window.candidates_list import DissentRow
from tests.app.conftest import DATA
from tests.app.test_window import answered, ask
from tests.handmade import REASON, put_to_use

pytestmark = pytest.mark.slow

MISTAKEN = {"Tiger Woods": "Tim Henman", "Tim Henman": "Tiger Woods"}
Begin = Callable[..., App]


@pytest.fixture
def begin(start: Begin, gallery_folder: Path, qtbot: QtBot) -> Begin:
    """Opens the small gallery with models of some kinds in use."""

    def make(*kinds: str, **others: object) -> App:
        put_to_use(gallery_folder, *kinds, **others)  # type: ignore[arg-type]
        return opened(start, gallery_folder, qtbot, ("knn", *kinds))

    return make


def opened(start: Begin, folder: Path, qtbot: QtBot, methods: tuple[str, ...]) -> App:
    app = start(folder)
    qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)
    qtbot.waitUntil(lambda: set(app.state.methods.available) == set(methods))
    qtbot.waitUntil(lambda: bool(app.state.methods.reason))
    return app


def choose(app: App, qtbot: QtBot, method: str) -> None:
    app.window.menus.methods[method].trigger()
    qtbot.waitUntil(lambda: method_of(app) == method)


def method_of(app: App) -> str:
    query = app.state.query
    return query.answer.method if query is not None and query.answer is not None else ""


def dissent(app: App) -> list[str]:
    return [row.words.text() for row in widgets_in(app.window.query.candidates.dissent, DissentRow)]


def test_the_panel_and_the_status_bar_say_what_auto_stands_for_and_why(begin: Begin) -> None:
    app = begin("triplet", "mlp", fused=True)
    button = app.window.query.method.button
    assert button.text() == "Auto (k-NN + triplet)"
    assert REASON in button.toolTip()
    assert app.window.right_status.text().startswith("auto: k-NN + triplet · index")


def test_a_method_without_a_model_is_greyed_and_says_what_to_do(begin: Begin) -> None:
    entries = begin("mlp").window.menus.methods
    assert entries["mlp"].isEnabled()
    assert not entries["triplet"].isEnabled()
    assert entries["triplet"].toolTip() == "No triplet model is in use: Model ▸ Retrain…"


def test_the_panel_offers_the_same_choices_as_the_menu(begin: Begin) -> None:
    app = begin("triplet")
    assert app.window.query.method.button.menu() is app.window.menus.method
    assert [name for name, entry in app.window.menus.methods.items() if entry.isChecked()] == [
        "auto"
    ]


def test_another_method_answers_all_loaded_queries_anew(
    begin: Begin, qtbot: QtBot, query_file: Path, stranger_file: Path
) -> None:
    app = begin("triplet", "mlp")
    ask(app, qtbot, query_file, stranger_file)
    choose(app, qtbot, "mlp")
    assert [query.answer.method for query in app.state.queries if query.answer] == ["mlp", "mlp"]
    assert app.window.query.method.button.text() == "MLP"
    assert app.window.right_status.text().startswith("MLP · index")


def test_the_chosen_method_is_remembered_for_the_next_start(
    begin: Begin, start: Begin, qtbot: QtBot, gallery_folder: Path
) -> None:
    app = begin("triplet")
    app.window.menus.methods["triplet"].trigger()
    app.window.close()
    again = opened(start, gallery_folder, qtbot, ("knn", "triplet"))
    assert again.state.method == "triplet"
    assert again.window.menus.methods["triplet"].isChecked()


def test_a_gallery_without_the_remembered_method_falls_back_to_auto(
    app: App, qtbot: QtBot, start: Begin, gallery_folder: Path, query_file: Path
) -> None:
    app.settings.set(settings.METHOD, "triplet")
    app.window.close()
    again = opened(start, gallery_folder, qtbot, ("knn",))
    ask(again, qtbot, query_file)
    assert again.state.method == "auto"
    assert again.settings.get(settings.METHOD) == "triplet", "the next gallery may have it"


def test_a_model_that_is_put_out_of_use_gives_way_to_auto(
    begin: Begin, qtbot: QtBot, query_file: Path
) -> None:
    from gallery_app.operations import models

    app = begin("triplet")
    ask(app, qtbot, query_file)
    choose(app, qtbot, "triplet")
    models.deactivate(app.context, "triplet")
    qtbot.waitUntil(lambda: method_of(app) == "knn")
    qtbot.waitUntil(lambda: app.state.method == "auto")
    assert not app.window.menus.methods["triplet"].isEnabled()


def test_a_question_that_is_asked_before_that_is_known_is_answered_by_auto(
    begin: Begin, qtbot: QtBot, query_file: Path
) -> None:
    app = begin("triplet")
    app.context.gallery.models.deactivate("triplet")
    app.state.set_method("triplet")
    ask(app, qtbot, query_file)
    assert method_of(app) == "knn"


def test_nothing_is_said_of_agreement_where_k_nn_is_alone(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    ask(app, qtbot, query_file)
    assert app.window.query.candidates.heading.text() == "CANDIDATES"


@pytest.mark.parametrize(
    ("kinds", "words"),
    [(("triplet",), "BOTH METHODS AGREE"), (("triplet", "mlp"), "ALL THREE METHODS AGREE")],
)
def test_methods_that_agree_are_said_to(
    begin: Begin, qtbot: QtBot, query_file: Path, kinds: tuple[str, ...], words: str
) -> None:
    app = begin(*kinds)
    ask(app, qtbot, query_file)
    heading = app.window.query.candidates.heading
    assert heading.text() == f"CANDIDATES · {words}"
    assert "same first candidate" in heading.toolTip()
    assert "k-NN: Tiger Woods, known" in heading.toolTip()
    assert dissent(app) == []


def test_a_method_that_says_somebody_else_has_a_line_that_leads_there(
    begin: Begin, qtbot: QtBot, query_file: Path
) -> None:
    app = begin("triplet", "mlp", mistaken=MISTAKEN)
    ask(app, qtbot, query_file)
    assert app.window.query.candidates.heading.text() == "CANDIDATES · 2 OF 3 METHODS AGREE"
    assert len(dissent(app)) == 1
    assert dissent(app)[0].startswith("MLP says Tim Henman, ")
    (row,) = widgets_in(app.window.query.candidates.dissent, DissentRow)
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: app.window.faces.title.text() == "Tim Henman")


def test_the_others_dissent_from_a_method_that_is_chosen_against_them(
    begin: Begin, qtbot: QtBot, query_file: Path
) -> None:
    app = begin("triplet", "mlp", mistaken=MISTAKEN)
    ask(app, qtbot, query_file)
    choose(app, qtbot, "mlp")
    assert app.window.query.candidates.heading.text() == "CANDIDATES · THE METHODS DISAGREE"
    assert [line.partition(" says ")[0] for line in dissent(app)] == ["k-NN", "Triplet"]
    assert app.window.query.evidence.heading.toolTip()


def test_distances_in_the_learned_space_are_called_so(
    begin: Begin, qtbot: QtBot, query_file: Path
) -> None:
    app = begin("triplet")
    ask(app, qtbot, query_file)
    assert "learned" not in app.window.query.candidates.rows[0].figures.text()
    choose(app, qtbot, "triplet")
    assert "in the learned space" in app.window.query.candidates.rows[0].figures.text()
    assert "in the learned space" in app.window.query.evidence.tiles[0].toolTip()


def test_an_enrolled_face_is_asked_about_by_the_chosen_method(begin: Begin, qtbot: QtBot) -> None:
    from gallery_app.operations.queries import ask_about_face

    app = begin("triplet")
    app.window.menus.methods["triplet"].trigger()
    ask_about_face(app.context, app.context.gallery.faces.of("Tiger Woods")[0].id)
    qtbot.waitUntil(lambda: answered(app))
    assert method_of(app) == "triplet"
    assert len(app.window.query.candidates.heading.toolTip()) > 0


def test_a_query_of_nearly_nobody_is_unknown_to_every_method(
    begin: Begin, qtbot: QtBot, tmp_path: Path
) -> None:
    app = begin("triplet", "mlp")
    app.window.query.strictness.kinds["alike"].trigger()  # a mean of all is like everybody
    people = [np.load(first) for first in sorted(DATA.glob("*/*_0001.npy"))]
    np.save(tmp_path / "everybody.npy", np.mean(people, axis=0, dtype=np.float32))
    ask(app, qtbot, tmp_path / "everybody.npy")
    assert app.state.query is not None
    assert app.state.query.answer is not None
    verdicts = {opinion.verdict for opinion in app.state.query.answer.opinions}
    assert verdicts == {"unknown"}
    assert "say this face is unknown" in app.window.query.candidates.heading.toolTip() or dissent(
        app
    )
