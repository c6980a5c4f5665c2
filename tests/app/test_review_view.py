"""The review in the window: worst first, one key for each answer, nothing asked twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from gallery_app.app import App
from gallery_app.dialogs.charts_dialog import BalanceDialog
from gallery_app.dialogs.merge_dialog import MergeDialog
from gallery_app.state import EVERYTHING
from tests.app.test_correcting import trigger
from tests.app.test_window import dialog

pytestmark = pytest.mark.slow


@pytest.fixture
def mistaken(gallery_folder: Path) -> tuple[Path, int]:
    """A gallery in which one face of Tiger Woods is called Tim Henman."""
    with Gallery.open(gallery_folder) as gallery:
        face = gallery.faces.of("Tiger Woods")[3].id
        gallery.corrections.move([face], "Tim Henman")
    return gallery_folder, face


@pytest.fixture
def reviewed(
    start: Callable[..., App], mistaken: tuple[Path, int], qtbot: QtBot
) -> tuple[App, int]:
    """The window at its review, the mistake before it."""
    app = start(mistaken[0])
    qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)
    app.window.middle.setCurrentWidget(app.window.review)
    qtbot.waitUntil(lambda: app.window.review.asked is not None)
    return app, mistaken[1]


def asked_faces(app: App) -> set[int | None]:
    model = app.window.review.model
    return {model.finding_at(row).face for row in range(model.rowCount())}  # type: ignore[union-attr]


def press(app: App, qtbot: QtBot, key: str) -> None:
    qtbot.keyClick(app.window, key)


def test_the_wrong_name_comes_first_with_its_evidence(reviewed: tuple[App, int]) -> None:
    app, face = reviewed
    finding, card = app.window.review.asked, app.window.review.card
    assert finding is not None
    assert (finding.kind, finding.face, finding.suggestion) == ("labels", face, "Tiger Woods")
    assert card.question.text() == "Is this Tiger Woods, not Tim Henman?"
    assert card.left.name.label.text() == "Tim Henman"
    assert card.right.name.label.text() == "Tiger Woods"
    assert app.window.middle.tabText(app.window.middle.indexOf(app.window.review)).startswith(
        "Review · "
    )


def test_one_key_moves_it_where_it_belongs(reviewed: tuple[App, int], qtbot: QtBot) -> None:
    app, face = reviewed
    press(app, qtbot, "M")
    assert face not in asked_faces(app)
    owner = lambda: app.context.gallery.faces.by_ids([face])[0].name  # noqa: E731
    qtbot.waitUntil(lambda: owner() == "Tiger Woods")
    assert app.window.middle.currentWidget() is app.window.review


@pytest.mark.parametrize("key", ["C", "I"])
def test_what_was_confirmed_or_is_not_to_be_asked_never_comes_again(
    reviewed: tuple[App, int], qtbot: QtBot, key: str
) -> None:
    app, face = reviewed
    press(app, qtbot, key)
    corrections = app.context.gallery.corrections
    settled = corrections.confirmed if key == "C" else corrections.ignored
    qtbot.waitUntil(lambda: face in settled())
    app.review_controller.look()
    qtbot.waitUntil(lambda: not app.tasks.is_running("review"))
    assert face not in asked_faces(app)


def test_not_this_person_takes_it_out_for_good(reviewed: tuple[App, int], qtbot: QtBot) -> None:
    app, face = reviewed
    gallery = app.context.gallery
    vector = gallery.faces.vector(face)
    press(app, qtbot, "N")
    qtbot.waitUntil(lambda: not gallery.faces.by_ids([face]))
    candidates = gallery.identify(vector)[0].candidates
    assert "Tim Henman" not in {candidate.name for candidate in candidates}
    trigger(app, qtbot, "undo")
    qtbot.waitUntil(lambda: bool(gallery.faces.by_ids([face])))


def test_later_puts_it_at_the_end(reviewed: tuple[App, int], qtbot: QtBot) -> None:
    app, face = reviewed
    model = app.window.review.model
    count = model.rowCount()
    press(app, qtbot, "S")
    assert model.rowCount() == count
    assert model.finding_at(count - 1).face == face  # type: ignore[union-attr]


def test_a_correction_elsewhere_is_looked_at_again(reviewed: tuple[App, int], qtbot: QtBot) -> None:
    app, face = reviewed
    app.context.gallery.corrections.move([face], "Tiger Woods")
    app.state.contents_changed.emit(EVERYTHING)
    qtbot.waitUntil(lambda: face not in asked_faces(app))


def test_one_person_under_two_names_is_merged_after_a_preview(
    start: Callable[..., App], gallery_folder: Path, qtbot: QtBot
) -> None:
    with Gallery.open(gallery_folder) as gallery:
        half = [face.id for face in gallery.faces.of("Tiger Woods")[:4]]
        gallery.corrections.move(half, "T. Woods")
    app = start(gallery_folder)
    qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)
    app.window.middle.setCurrentWidget(app.window.review)
    review = app.window.review
    qtbot.waitUntil(lambda: review.asked is not None)
    merges = review.kinds.findData("merges")
    assert merges > 0
    review.kinds.setCurrentIndex(merges)
    review.kinds.activated.emit(merges)
    press(app, qtbot, "M")
    merge = dialog(MergeDialog, qtbot)
    qtbot.mouseClick(merge.ok, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "T. Woods" not in app.window.identities.model.roster.names)


def test_the_balance_of_the_gallery_is_a_chart(reviewed: tuple[App, int], qtbot: QtBot) -> None:
    app, _ = reviewed
    qtbot.mouseClick(app.window.review.balance, Qt.MouseButton.LeftButton)
    shown = dialog(BalanceDialog, qtbot)
    shown.reject()


def test_a_reader_is_asked_but_cannot_answer(
    reviewed: tuple[App, int], start: Callable[..., App], qtbot: QtBot
) -> None:
    app, _ = reviewed
    second = start(app.context.gallery.folder)
    qtbot.waitUntil(lambda: second.window.faces.model.rowCount() > 0)
    second.window.middle.setCurrentWidget(second.window.review)
    qtbot.waitUntil(lambda: second.window.review.asked is not None)
    buttons = second.window.review.card.buttons
    assert [name for name, button in buttons.items() if button.isEnabled()] == ["later"]


def test_two_people_are_not_asked_about_again(
    start: Callable[..., App], gallery_folder: Path, qtbot: QtBot
) -> None:
    with Gallery.open(gallery_folder) as gallery:
        faces = [face.id for face in gallery.faces.of("Tiger Woods")][:4]
        gallery.corrections.split("Tiger Woods", {"Eldrick Woods": faces})
    app = start(gallery_folder)
    qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)
    review = app.window.review
    app.window.middle.setCurrentWidget(review)
    qtbot.waitUntil(lambda: review.asked is not None)
    asked = next(
        one
        for row in range(review.model.rowCount())
        if (one := review.model.finding_at(row)) is not None and one.kind == "merges"
    )
    review.list.setCurrentIndex(review.model.index(review.model.row_of(asked)))
    review.card.buttons["apart"].click()
    qtbot.waitUntil(lambda: len(app.context.gallery.corrections.cannot_link()) == 1)
    app.review_controller.look()
    qtbot.waitUntil(lambda: not app.tasks.is_running("review"))
    assert review.model.row_of(asked) == -1
    trigger(app, qtbot, "undo")
    qtbot.waitUntil(lambda: review.model.row_of(asked) >= 0)
