"""Somebody, or a model, that is gone since it was shown: the window follows without an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from engine.errors import InputError
from engine.records.types import Identification, Method
from gallery_app.app import App
from gallery_app.dialogs.merge_dialog import MergeDialog
from gallery_app.dialogs.split_dialog import SplitDialog
from gallery_app.operations import enrolment
from gallery_app.operations.queries import ask_about_face, by_method
from tests.app.test_correcting import action, names, select_people, trigger
from tests.app.test_methods import opened
from tests.app.test_window import ask, dialog
from tests.handmade import put_to_use

pytestmark = pytest.mark.slow

GONE = "No one named “Tom Ridge” is enrolled: the gallery has changed in the meantime."
Begin = Callable[..., App]


@pytest.fixture(autouse=True)
def no_error_message(qtbot: QtBot) -> Iterator[None]:
    yield
    assert not [one for one in QApplication.topLevelWidgets() if isinstance(one, QMessageBox)]


@pytest.fixture
def with_triplet(start: Begin, gallery_folder: Path, qtbot: QtBot) -> App:
    put_to_use(gallery_folder, "triplet")
    return opened(start, gallery_folder, qtbot, ("knn", "triplet"))


def says(app: App, qtbot: QtBot, words: str) -> None:
    qtbot.waitUntil(lambda: app.window.message.words.text() == words)


def rename_unseen(app: App) -> None:
    """As an erasure, a merge or another desk would, whose end the window has not heard of."""
    app.context.gallery.corrections.rename("Tom Ridge", "Thomas Ridge")


@pytest.mark.parametrize("what", ["compare", "delete"])
def test_what_is_chosen_for_somebody_who_was_renamed_meanwhile(
    app: App, qtbot: QtBot, what: str
) -> None:
    select_people(app, "Tom Ridge")
    qtbot.waitUntil(action(app, what).isEnabled)
    rename_unseen(app)
    trigger(app, qtbot, what)
    says(app, qtbot, GONE)
    qtbot.waitUntil(lambda: "Thomas Ridge" in names(app))


def test_a_merge_of_somebody_who_goes_meanwhile_closes(app: App, qtbot: QtBot) -> None:
    select_people(app, "Tom Ridge", "Tom Hanks")
    trigger(app, qtbot, "merge")
    asked = dialog(MergeDialog, qtbot)
    rename_unseen(app)
    asked.choice.button(1).setChecked(True)
    says(app, qtbot, GONE)
    qtbot.waitUntil(lambda: not [one for one in QApplication.topLevelWidgets() if one is asked])


def test_a_split_of_somebody_who_is_gone_closes(app: App, qtbot: QtBot) -> None:
    select_people(app, "Tom Ridge")
    qtbot.waitUntil(action(app, "split").isEnabled)
    rename_unseen(app)
    trigger(app, qtbot, "split")
    dialog(SplitDialog, qtbot)
    says(app, qtbot, GONE)


def test_who_is_this_about_a_face_that_is_gone(app: App, qtbot: QtBot) -> None:
    face = app.context.gallery.faces.of("Tom Ridge")[0].id
    app.context.gallery.corrections.delete(["Tom Ridge"])
    ask_about_face(app.context, face)
    says(app, qtbot, "This face is no longer enrolled: the gallery has changed in the meantime.")
    qtbot.waitUntil(lambda: "Tom Ridge" not in names(app))


def test_an_enrolment_that_is_taken_back_when_it_is_gone_already(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    ask(app, qtbot, query_file)
    enrolment.confirm(app.context, "Tiger Woods")
    qtbot.waitUntil(lambda: app.state.query is not None and bool(app.state.query.added_to))
    app.context.gallery.history.undo()
    enrolment.take_back(app.context)
    qtbot.waitUntil(lambda: app.state.query is not None and not app.state.query.added_to)


def test_the_choice_of_method_goes_back_to_auto_where_its_model_is_gone(
    with_triplet: App, qtbot: QtBot, query_file: Path
) -> None:
    app = with_triplet
    app.window.menus.methods["triplet"].trigger()
    app.context.gallery.models.deactivate("triplet")  # as an erasure does
    ask(app, qtbot, query_file)
    qtbot.waitUntil(lambda: app.state.method == "auto")
    assert app.window.query.method.button.text() == "Auto (k-NN)"
    assert not app.window.menus.methods["triplet"].isEnabled()


def test_how_much_is_missed_by_a_model_that_is_gone_is_told_of_auto(
    with_triplet: App, qtbot: QtBot
) -> None:
    app = with_triplet
    app.context.gallery.models.deactivate("triplet")
    app.window.menus.methods["triplet"].trigger()  # the strictness is measured for it
    qtbot.waitUntil(lambda: app.state.method == "auto")


def test_a_model_that_goes_while_it_is_asked(with_triplet: App, query_file: Path) -> None:
    gallery, vector = with_triplet.context.gallery, np.load(query_file)

    def answer(method: Method) -> list[Identification]:
        if method == "triplet":
            gallery.models.deactivate("triplet")
        return gallery.identify(vector, method=method)

    answered, (found,) = by_method(gallery, "triplet", answer)
    assert (answered, found.name) == ("auto", "Tiger Woods")


def test_an_error_of_another_kind_is_told(with_triplet: App) -> None:
    gallery = with_triplet.context.gallery
    with pytest.raises(InputError, match="share of strangers"):
        by_method(gallery, "triplet", lambda to: gallery.identify(np.ones(128), method=to, fpir=2))
