"""Every panel shows the gallery as it is, whatever led there.

A person's clicks are drawn at random on a small gallery: asked, confirmed, rejected, taken back,
undone, redone, renamed, merged, split, moved, deleted, erased, imported, named from the shelf.
After each of them the whole window is held against one that has just been made on the same gallery,
with the same person, face, query and tab in front.

    FACE_GALLERY_PANELS=50 FACE_GALLERY_SEED=1 pytest tests/app/test_panels.py

makes 50 histories, the first one from seed 1.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QStackedWidget, QWidget
from pytestqt.qtbot import QtBot

from engine.records.types import VectorRecord
from gallery_app.app import App
from gallery_app.controllers import map_controller, review_controller, unknowns_controller
from gallery_app.operations import corrections, enrolment, erasure, galleries, queries, unknowns
from gallery_app.widgets.controls.boxes import widgets_in
from gallery_app.window.candidates_list import DissentRow
from tests.app.conftest import DATA, PEOPLE

pytestmark = pytest.mark.slow

HISTORIES = int(os.environ.get("FACE_GALLERY_PANELS", "3"))
STEPS = 12
FIRST = int(os.environ.get("FACE_GALLERY_SEED", "1"))


# -- what is shown ------------------------------------------------------------------------------


def shown(app: App) -> dict[str, object]:
    """All that the window says of the gallery, by where it says it."""
    window, texts = app.window, _texts
    people, faces, query = window.identities, window.faces, window.query
    listed = [people.model.identity_at(row) for row in range(people.model.rowCount())]
    said: dict[str, object] = {
        "people": [(one.name, one.faces, one.portrait, one.note) for one in listed if one],
        "person": people.chosen_identity(),
        "search": people.search.placeholderText(),
        "faces title": (faces.title.text(), faces.subtitle.text(), faces.note.text()),
        "faces": [
            (face.id, face.name, face.file, face.row)
            for row in range(faces.model.rowCount())
            if (face := faces.model.face_at(row)) is not None
        ],
        "faces page": _page(faces),
        "details": texts(faces.details) if faces.details.isVisibleTo(faces) else None,
        "query page": _page(query),
        "status": (window.left_status.text(), window.right_status.text()),
        "actions": {
            name: (action.text(), action.isEnabled())
            for name, action in window.menus.actions.items()
        },
        "unknown tab": window.middle.tabText(3),
    }
    if app.state.query is not None:
        panel = {
            "name": query.name.text(),
            "verdict": query.verdict.text(),
            "note": query.note.text(),
            "heading": query.evidence.heading.text(),
            "evidence": [(tile.face_id, tile.toolTip()) for tile in query.evidence.tiles],
            "compared with": query.comparison.enrolled_caption.text(),
            "candidates": [(one.accessibleName(), texts(one)) for one in query.candidates.rows],
            "dissent": [
 row.words.text() for row in widgets_in(query.candidates.dissent, DissentRow)],
            "strictness": [
                one.text() for one in (query.strictness.words, query.strictness.alike,
                                       query.strictness.note, query.strictness.choice)
            ],
            "method": query.method.button.text(),
            "stepper": texts(query.stepper),
            "buttons": [
                (one.isVisibleTo(query), one.isEnabled(), one.text(), one.toolTip())
                for one in (query.actions.confirm, query.actions.reject,
                            query.actions.enroll, query.actions.undo)
            ],
            "remembered": query.actions.message.text(),
        }  # fmt: skip
        said.update({f"query {what}": value for what, value in panel.items()})
    if window.middle.shows(window.review):
        said["review tab"] = window.middle.tabText(2)
        review = window.review
        said["review"] = [review.model.finding_at(row) for row in range(review.model.rowCount())]
    if window.middle.shows(window.unknown):
        shelf = window.unknown
        said["unknown"] = sorted(shelf.ids())  # those put together once stay so: no two windows
        said["unknown page"] = (_page(shelf), shelf.total.text().split(" of ")[0])
    return said


def _texts(widget: QWidget) -> list[str]:
    """What is read on a widget's labels and buttons, as far as they are shown."""
    labels = [one for one in widget.findChildren(QWidget) if hasattr(one, "text")]
    return [
        one.text() if isinstance(one, QLabel) else str(one.text())
        for one in labels
        if one.isVisibleTo(widget)
    ]


def _page(panel: QWidget) -> int:
    stack = panel.findChild(QStackedWidget)
    assert stack is not None
    return int(stack.currentIndex())


def at_rest(app: App) -> bool:
    controllers = (app.review_controller, app.unknowns_controller, app.map_controller,
                   app.people_controller)  # fmt: skip
    pauses = [pause for controller in controllers for pause in controller.findChildren(QTimer)]
    return not app.tasks.is_busy() and not any(pause.isActive() for pause in pauses)


def wait(app: App, qtbot: QtBot) -> None:
    """Until nothing is under way, nor follows from what was."""
    for _ in range(2):
        qtbot.waitUntil(lambda: at_rest(app))
        QApplication.processEvents()


def made_anew(app: App, qtbot: QtBot) -> dict[str, object]:
    """What a window shows that is made on this gallery now."""
    state, window = app.state, app.window
    fresh = App(QApplication.instance())  # type: ignore[arg-type]
    try:
        fresh.window.resize(window.size())
        fresh.window.show()
        tab, person = window.middle.currentIndex(), state.identity
        faces = window.faces.selected_ids()
        gallery = app.context.gallery
        fresh.context.pictures.set_gallery(gallery)
        fresh.context.shelf_pictures.set_gallery(gallery)
        fresh.state.set_fpir(state.fpir)
        fresh.state.set_gallery(gallery)
        wait(fresh, qtbot)
        if person >= 0:
            fresh.people_controller.go_to_identity(person)
            wait(fresh, qtbot)
        fresh.window.faces.select(faces)
        people = window.identities
        fresh.window.identities.list.clearSelection()
        wanted = people.model.ids_at(people.list.selected_rows())
        fresh.window.identities.list.select_rows(fresh.window.identities.model.rows_of(wanted))
        asked = [
            replace(one, answer=None, record=VectorRecord(), label=_own_label(one), enrolled_as="")
            for one in state.queries
        ]
        if asked:
            fresh.state.set_queries(asked)
            fresh.state.go_to(state.position)
            with patch.object(unknowns, "keep"):  # it keeps nothing itself
                queries.identify_all(fresh.context)
                wait(fresh, qtbot)
        fresh.window.middle.setCurrentIndex(tab)
        wait(fresh, qtbot)
        return shown(fresh)
    finally:
        fresh.state.gallery = None  # it is the other's to close
        fresh.window.close()
        fresh.window.deleteLater()
        fresh.deleteLater()


def _own_label(query) -> str:  # type: ignore[no-untyped-def]
    return "" if query.face is not None else query.label


# -- what a person does -------------------------------------------------------------------------


class Person:
    """Clicks in a window, as it comes; each method says what it did, or "" where it cannot be."""

    def __init__(
        self, app: App, chance: random.Random, files: list[Path], more: list[Path]
    ) -> None:
        self.app, self.chance = app, chance
        self._files, self._more = files, more
        self._named = 0
        self.can: dict[Callable[[], str], int] = {
            self.ask: 3, self.ask_several: 1, self.ask_about_face: 2, self.step: 1,
            self.confirm: 4, self.reject: 4, self.take_back: 2, self.choose_candidate: 1,
            self.enroll: 1, self.undo: 6, self.redo: 4, self.rename: 2, self.merge: 2,
            self.split: 1, self.move: 2, self.delete: 2, self.remove: 1, self.portrait: 1,
            self.confirm_faces: 1, self.note: 1, self.import_more: 2, self.erase: 1,
            self.strictness: 1, self.tab: 2, self.choose_person: 2, self.choose_face: 2,
            self.name_unknown: 2, self.dismiss_unknown: 1, self.answer_review: 1,
            self.go_to: 1, self.clear: 1,
        }  # fmt: skip

    def act(self) -> str:
        while True:
            (deed,) = self.chance.choices(list(self.can), list(self.can.values()))
            if done := deed():
                return f"{deed.__name__} {done}"

    def _names(self) -> list[str]:
        return [one.name for one in self.app.context.gallery.people.all()]

    def _some_names(self, count: int) -> list[str]:
        names = self._names()
        return self.chance.sample(names, count) if len(names) >= count else []

    def _one_name(self) -> str:
        return next(iter(self._some_names(1)), "")

    def _new_name(self) -> str:
        self._named += 1
        return f"Somebody {self._named}"

    def _correct(self, correction) -> None:  # type: ignore[no-untyped-def]
        corrections.correct(self.app.context, "Correcting", correction)

    def _press(self, button) -> str:  # type: ignore[no-untyped-def]
        if not button.isVisible() or not button.isEnabled():
            return ""
        button.click()
        return repr(button.text())

    def _trigger(self, name: str) -> str:
        action = self.app.window.menus.actions[name]
        if not action.isEnabled():
            return ""
        said = action.text()
        action.trigger()
        return repr(said)

    def ask(self) -> str:
        file = self.chance.choice(self._files)
        queries.open_queries(self.app.context, [file])
        return file.name

    def ask_several(self) -> str:
        queries.open_queries(self.app.context, self._files)
        return str(len(self._files))

    def ask_about_face(self) -> str:
        faces = self.app.window.faces.model
        if not faces.rowCount():
            return ""
        face = faces.face_at(self.chance.randrange(faces.rowCount()))
        assert face is not None
        queries.ask_about_face(self.app.context, face.id)
        return str(face.id)

    def step(self) -> str:
        if len(self.app.state.queries) < 2:
            return ""
        self.app.state.step(self.chance.choice((-1, 1)))
        return str(self.app.state.position)

    def clear(self) -> str:
        return self._trigger("clear")

    def confirm(self) -> str:
        return self._press(self.app.window.query.actions.confirm)

    def reject(self) -> str:
        return self._press(self.app.window.query.actions.reject)

    def take_back(self) -> str:
        return self._press(self.app.window.query.actions.undo)

    def choose_candidate(self) -> str:
        rows = self.app.window.query.candidates.rows
        if not rows or self.app.state.query is None:
            return ""
        row = self.chance.choice(rows)
        row.chosen.emit(row.identity_id)
        return row.name.text()

    def enroll(self) -> str:
        query = self.app.state.query
        if query is None or not query.is_open_question:
            return ""
        name = self._new_name()
        enrolment.enroll_query(self.app.context, query, name)
        return name

    def undo(self) -> str:
        return self._trigger("undo")

    def redo(self) -> str:
        return self._trigger("redo")

    def go_to(self) -> str:
        entries = self.app.context.gallery.history.changes()
        there = [one for one in entries if one.state in ("done", "undone")]
        fixed = max([one.change for one in entries if one.state == "fixed"], default=0)
        there = [one for one in there if one.change >= fixed]
        if not there:
            return ""
        change = self.chance.choice(there).change
        self._correct(lambda gallery: gallery.history.go_to(change))
        return str(change)

    def rename(self) -> str:
        name, new = self._one_name(), self._new_name()
        if name:
            self._correct(lambda gallery: gallery.corrections.rename(name, new))
        return name and f"{name} to {new}"

    def merge(self) -> str:
        names = self._some_names(2)
        if names:
            self._correct(lambda gallery: gallery.corrections.merge(names, names[0]))
        return ", ".join(names)

    def split(self) -> str:
        name, new = self._one_name(), self._new_name()
        faces = [face.id for face in self.app.context.gallery.faces.of(name)] if name else []
        if len(faces) < 2:
            return ""
        self._correct(
            lambda gallery: gallery.corrections.split(name, {new: faces[: len(faces) // 2]})
        )
        return f"{name} into {new}"

    def move(self) -> str:
        names = self._some_names(2)
        if names:
            face = self.chance.choice(self.app.context.gallery.faces.of(names[0])).id
            self._correct(lambda gallery: gallery.corrections.move([face], names[1]))
        return " to ".join(names)

    def note(self) -> str:
        name, text = self._one_name(), self._new_name()
        if name:
            self._correct(lambda gallery: gallery.corrections.set_note(name, text))
        return name

    def delete(self) -> str:
        names = [one.name for one in self.app.window.identities.selected()]
        return self._trigger("delete") and ", ".join(names)

    def remove(self) -> str:
        return self._trigger("remove")

    def portrait(self) -> str:
        return self._trigger("portrait")

    def confirm_faces(self) -> str:
        return self._trigger("confirm_faces")

    def import_more(self) -> str:
        source, context = self.chance.choice(self._more), self.app.context
        galleries.plan_import(
            context,
            [source],
            lambda plan: galleries.import_plan(context, plan, lambda _: None),
        )
        return source.name

    def erase(self) -> str:
        names = self._some_names(3)[:1]  # somebody stays
        context = self.app.context
        for name in names:
            erasure.foresee(
                context,
                name,
                lambda plan: erasure.erase(context, plan, keep_files=True, done=lambda _: None),
            )
        return ", ".join(names)

    def strictness(self) -> str:
        fpir = self.chance.choice((0.1, 0.01, 0.001))
        kind = self.chance.choice(("at-large", "alike"))
        queries.set_strictness(self.app.context, fpir)
        queries.set_strangers(self.app.context, kind)
        return f"{fpir} {kind}"

    def tab(self) -> str:
        place = self.chance.choice((0, 0, 2, 3))  # a map takes its time, and is tested on its own
        self.app.window.middle.setCurrentIndex(place)
        return str(place)

    def choose_person(self) -> str:
        people = self.app.window.identities
        if not people.model.rowCount():
            return ""
        row = self.chance.randrange(people.model.rowCount())
        people.list.setCurrentIndex(people.model.index(row))
        return str(people.chosen_identity())

    def choose_face(self) -> str:
        faces = self.app.window.faces
        if not faces.model.rowCount():
            return ""
        face = faces.model.face_at(self.chance.randrange(faces.model.rowCount()))
        assert face is not None
        faces.select_alone(face.id)
        return str(face.id)

    def name_unknown(self) -> str:
        shelf = self.app.window.unknown
        cluster = shelf.model.cluster_at(0)
        if cluster is None or not self.app.window.middle.shows(shelf):
            return ""
        name = self.chance.choice([*self._names(), self._new_name()])
        shelf.named.emit(list(cluster.ids), name)
        return name

    def dismiss_unknown(self) -> str:
        shelf = self.app.window.unknown
        cluster = shelf.model.cluster_at(0)
        if cluster is None or not self.app.window.middle.shows(shelf):
            return ""
        shelf.dismissed.emit(list(cluster.ids))
        return str(len(cluster.ids))

    def answer_review(self) -> str:
        review = self.app.window.review
        if review.asked is None or not self.app.window.middle.shows(review):
            return ""
        answers = [one for one in review.card.buttons if one not in ("merge", "enroll", "later")]
        if not answers:
            return ""
        answer = self.chance.choice(answers)
        review.answered.emit(review.asked, answer)
        return answer


# -- the two held together ----------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for controller in (map_controller, review_controller, unknowns_controller):
        monkeypatch.setattr(controller, "_PAUSE", 0)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, small_tree: Path) -> list[Path]:
    """Queries: of somebody enrolled, of strangers, and a face that is enrolled."""
    return [
        sorted((DATA / "Tiger_Woods").glob("*.npy"))[9],
        sorted((DATA / "Tom_Ridge").glob("*.npy"))[10],
        *sorted((DATA / "Winona_Ryder").glob("*.npy"))[:2],
        sorted((small_tree / "Tony_Blair").glob("*.npy"))[0],
    ]


@pytest.fixture(scope="module")
def imported() -> list[Path]:
    assert "Winona_Ryder" not in PEOPLE
    return [DATA / "Winona_Ryder", DATA / "Vladimir_Putin"]


@pytest.mark.parametrize("seed", range(FIRST, FIRST + HISTORIES))
def test_every_panel_is_as_if_made_anew(
    seed: int, app: App, asked: list[Path], imported: list[Path], qtbot: QtBot
) -> None:
    person = Person(app, random.Random(seed), asked, imported)
    app.window.menus.actions["keep_unknown"].trigger()
    wait(app, qtbot)
    history: list[str] = []
    for _ in range(STEPS):
        history.append(person.act())
        wait(app, qtbot)
        for opened in _dialogs(app):
            pytest.fail(f"a dialog: {_texts(opened)} after\n" + "\n".join(history))
        now, anew = shown(app), made_anew(app, qtbot)
        differ = {what: (now.get(what), anew.get(what)) for what in now | anew}
        differ = {what: pair for what, pair in differ.items() if pair[0] != pair[1]}
        told = [f"{what}:\n  shown {one}\n  anew  {other}" for what, (one, other) in differ.items()]
        assert not differ, "\n".join(["after", *history, "these differ:", *told])


def _dialogs(app: App) -> Iterator[QDialog]:
    return (one for one in app.window.findChildren(QDialog) if one.isVisible())
