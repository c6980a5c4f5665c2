"""How each picture of ``tests.screens`` comes about. A scene is named after what it shows."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu

from engine.errors import EmbeddingError
from engine.records.types import Rejection
from gallery_app.recent import remember
from tests.handmade import put_to_use
from tests.screens import DATA, PHOTOS, Stage

TIGER = DATA / "Tiger_Woods" / "Tiger_Woods_0007.npy"
STRANGER = "Winona_Ryder"


def _without_stranger(stage: Stage) -> Path:
    people = [folder for folder in sorted(DATA.iterdir()) if folder.is_dir()]
    return stage.make("friends", [folder for folder in people if folder.name != STRANGER])


def welcome(stage: Stage) -> None:
    stage.settle()


def welcome_recent(stage: Stage) -> None:
    for name in ("family", "friends"):
        remember(stage.make(name, [DATA / "Tiger_Woods", DATA / "Tim_Henman"]))
    stage.app.people_controller.gallery_changed()


def gallery(stage: Stage) -> None:
    stage.open()
    stage.choose("Tiger Woods")


def known(stage: Stage) -> None:
    """A face of somebody enrolled that is not enrolled itself."""
    stage.open()
    stage.choose("Tiger Woods")
    np.save(stage.home / "query_0007.npy", np.load(TIGER) + np.float32(0.002))
    stage.ask(stage.home / "query_0007.npy")


def known_photos(stage: Stage) -> None:
    query = PHOTOS / "Tiger_Woods" / "Tiger_Woods_0023.npy"
    stage.open(stage.make("photos", sorted(PHOTOS.glob("T*"))))
    stage.choose("Tiger Woods")
    stage.ask(query)


def unknown(stage: Stage) -> None:
    stage.open(_without_stranger(stage))
    stage.ask(DATA / STRANGER / f"{STRANGER}_0003.npy")


def candidate_chosen(stage: Stage) -> None:
    unknown(stage)
    stage.window.query.candidates.rows[1].chosen.emit(
        stage.window.query.candidates.rows[1].identity_id
    )
    stage.settle()


def several(stage: Stage) -> None:
    stage.open(_without_stranger(stage))
    stage.ask(DATA / "Tim_Henman", DATA / STRANGER)
    stage.app.state.step(3)


def added(stage: Stage) -> None:
    stage.open(_without_stranger(stage))
    vector = np.load(TIGER) + np.float32(0.001)
    np.save(stage.home / "query_0007.npy", vector)
    stage.ask(stage.home / "query_0007.npy")
    stage.window.query.actions.confirm.click()
    stage.wait(lambda: bool(stage.app.state.query and stage.app.state.query.added_to))


def left_out(stage: Stage) -> None:
    stage.open()
    stage.choose("Tiger Woods")
    stage.window.faces.grid.setCurrentIndex(stage.window.faces.model.index(4))
    stage.window.faces.ask.trigger()
    stage.wait_for_answer()


def details(stage: Stage) -> None:
    stage.open()
    stage.choose("Tiger Woods")
    stage.window.faces.grid.setCurrentIndex(stage.window.faces.model.index(4))
    stage.wait(lambda: stage.window.faces.details.nearest[0].isVisible())


def empty_gallery(stage: Stage) -> None:
    from engine.gallery import Gallery

    Gallery.create(stage.home / "new.gallery").close()
    stage.open(stage.home / "new.gallery", faces=False)


def one_face(stage: Stage) -> None:
    stage.open(stage.make("one", [TIGER]))
    stage.ask(DATA / "Tiger_Woods" / "Tiger_Woods_0009.npy")


def long_names(stage: Stage) -> None:
    names = (
        "Wolfeschlegelsteinhausenbergerdorff of the very long name that goes on and on",
        "\u0645\u062d\u0645\u062f",
        "\u738b\u5c0f\u660e",
        "<b>not bold</b> & ampersand",
        "\u017b\u00f3\u0142\u0107 \u0141\u00f3d\u017a",
    )
    faces = sorted((DATA / "Tiger_Woods").glob("*.npy"))
    arrays = [np.load(face) for face in faces[: len(names)]]
    np.savez(stage.home / "names.npz", embeddings=np.stack(arrays), names=np.array(names))
    stage.open(stage.make("names", [stage.home / "names.npz"]))
    stage.choose(names[0])
    stage.ask(faces[9])


def no_match(stage: Stage) -> None:
    stage.open()
    stage.window.identities.search.setText("zzz")


def read_only(stage: Stage) -> None:
    from engine.gallery import Gallery

    folder = stage.make("busy", [DATA / "Tiger_Woods", DATA / "Tim_Henman"])
    stage.writer = Gallery.open(folder)  # type: ignore[attr-defined]
    stage.open(folder)
    stage.ask(TIGER)


def importing(stage: Stage) -> None:
    from engine.progress import Progress
    from gallery_app.tasks import Task

    stage.open()
    task = Task("Importing more-faces", lambda reporter: None)
    stage.window.busy.watch(task)
    stage.settle(0.8)
    task.reported.emit(Progress("Reading photos", 1_250, 4_324))
    stage.task = task  # type: ignore[attr-defined]


def drop(stage: Stage) -> None:
    stage.open()
    from gallery_app.window.main_window import DropVeil

    stage.window.findChild(DropVeil).cover()


def _methods(stage: Stage, **others: Any) -> None:
    """A gallery with all three methods, the middle panel on the query's own person."""
    folder = stage.make("methods", sorted(DATA.glob("T*")))
    put_to_use(folder, "triplet", "mlp", fused=True, **others)
    stage.open(folder)
    stage.choose("Tiger Woods")
    stage.wait(lambda: "mlp" in stage.app.state.methods.available)


def _ask_new(stage: Stage) -> None:
    """A face of Tiger Woods that is not quite one of those enrolled."""
    ground = np.load(TIGER)
    noise = np.random.default_rng(7).normal(size=ground.shape) * 0.03
    np.save(stage.home / "query_0007.npy", (ground + noise).astype(np.float32))
    stage.ask(stage.home / "query_0007.npy")


def methods_agree(stage: Stage) -> None:
    _methods(stage)
    _ask_new(stage)


def methods_disagree(stage: Stage) -> None:
    _methods(stage, mistaken={"Tiger Woods": "Tim Henman", "Tim Henman": "Tiger Woods"})
    _ask_new(stage)


def methods_wide(stage: Stage) -> None:
    methods_disagree(stage)
    stage.window.splitter.setSizes([220, 500, 640])


def method_triplet(stage: Stage) -> None:
    methods_disagree(stage)
    stage.window.menus.methods["triplet"].trigger()
    stage.wait(lambda: stage.app.state.query.answer.method == "triplet")


def method_menu(stage: Stage) -> None:
    folder = stage.make("methods", sorted(DATA.glob("T*")))
    put_to_use(folder, "mlp")
    stage.open(folder)
    stage.wait(lambda: "mlp" in stage.app.state.methods.available)
    _ask_new(stage)
    button = stage.window.query.method.button
    entries = stage.window.menus.method
    entries.popup(QPoint(0, 0))
    entries.move(button.mapToGlobal(button.rect().topRight()) - entries.rect().bottomRight())


def rejected(stage: Stage) -> None:
    methods_agree(stage)
    stage.window.query.actions.reject.click()
    stage.wait(lambda: bool(stage.app.state.query and stage.app.state.query.rejected))
    stage.settle()


def rejected_left_out(stage: Stage) -> None:
    left_out(stage)
    stage.window.query.actions.reject.click()
    stage.wait(lambda: bool(stage.app.state.query and stage.app.state.query.rejected))
    stage.settle()


def menu(stage: Stage) -> None:
    stage.open()
    bar = stage.window.menuBar()
    entry = bar.actions()[2]
    shown = entry.menu()
    assert isinstance(shown, QMenu)
    shown.popup(stage.window.mapToGlobal(bar.actionGeometry(entry).bottomLeft() + QPoint(0, 2)))


def offer(stage: Stage) -> None:
    stage.app.open(DATA)
    stage.dialog()


def error(stage: Stage) -> None:
    stage.open()
    stage.app.failed(
        EmbeddingError(
            "It is truncated: its header claims 512 bytes of data, but it has 200",
            file="/home/you/faces/Tiger_Woods_0003.npy",
            remedy="Save it again with numpy.save(file, embeddings.astype('float32')).",
        )
    )
    stage.dialog()


def enroll(stage: Stage) -> None:
    stage.open()
    stage.window.menus.actions["enroll"].trigger()
    stage.dialog()


def enroll_warned(stage: Stage) -> None:
    """Of every kind of advice something, one face left out and one sent to somebody else."""
    stage.open(stage.make("friends", sorted(DATA.glob("T*"))))
    bad = stage.home / "notes.npy"
    bad.write_text("no vector")
    new = sorted((DATA / STRANGER).glob("*.npy"))[:3]
    np.save(stage.home / "saved_twice.npy", np.load(new[0]) + np.float32(1e-5))
    stage.window.menus.actions["enroll"].trigger()
    dialog = stage.dialog()
    dialog.name.setText("tom hanks")
    dialog.add_files([*new, stage.home / "saved_twice.npy", TIGER, _nearly(stage, TIGER), bad])
    stage.wait(lambda: len(dialog.warnings.lines) > 2)


def enroll_sent(stage: Stage) -> None:
    enroll_warned(stage)
    dialog = stage.dialog()
    dialog.name.setText("Winona Ryder")
    stage.wait(lambda: any("looks like" in line for line in dialog.warnings.text().splitlines()))
    line = next(one for one in dialog.warnings.lines if "looks like" in one.sentence.text())
    line.button.click()
    dialog.model.leave_out([3])
    stage.wait(lambda: dialog.model.draft.checked)


def enroll_other_network(stage: Stage) -> None:
    stage.open()
    other = stage.home / "other.npy"
    np.save(other, -np.load(TIGER))
    stage.window.menus.actions["enroll"].trigger()
    dialog = stage.dialog()
    dialog.name.setText("Tiger Woods")
    dialog.add_files([other])
    stage.wait(lambda: bool(dialog.model.rowCount()))


def _nearly(stage: Stage, file: Path) -> Path:
    ground = np.load(file)
    noise = np.random.default_rng(7).normal(size=ground.shape) * 0.03
    np.save(stage.home / "holiday_0012.npy", (ground + noise).astype(np.float32))
    return stage.home / "holiday_0012.npy"


def import_preview(stage: Stage) -> None:
    """Some 500 files: new and known people, copies, a wrong folder, files that are no vectors."""
    known = sorted(DATA.glob("T*"))
    stage.open(stage.make("friends", known[1:]))
    more = stage.home / "more-faces"
    for folder in [*sorted(DATA.glob("[J-W]*_*"))[:24], known[0]]:
        shutil.copytree(folder, more / folder.name)
    wrong = more / "Holiday"
    wrong.mkdir()
    for number, face in enumerate(sorted(known[1].glob("*.npy"))[:3]):
        vector = np.load(face)
        noise = np.random.default_rng(number).normal(size=vector.shape) * 0.03
        np.save(wrong / f"holiday_{number:04}.npy", (vector + noise).astype(np.float32))
    twin = sorted(known[0].glob("*.npy"))[0]
    np.save(more / known[0].name / "a_twin.npy", np.load(twin) + np.float32(1e-5))
    (wrong / "void.npy").touch()
    (wrong / "notes.npy").write_text("no vector at all")
    stage.app.menu_controller.preview([more])
    stage.dialog().table.setFocus()


def _table(stage: Stage, columns: tuple[str, ...]) -> Path:
    """Twelve faces of three people, with several columns that can hold their names."""
    lines = [",".join([*columns, *(f"e{number}" for number in range(128))])]
    for number, person in enumerate(sorted(DATA.glob("W*_*"))[:3]):
        for face in sorted(person.glob("*.npy"))[:4]:
            cells = {"label": str(number), "first": person.name.split("_")[0]}
            cells |= {"name": person.name, "last": person.name.split("_")[-1]}
            numbers = map(repr, np.load(face).tolist())
            lines.append(",".join([*(cells[column] for column in columns), *numbers]))
    (stage.home / "faces.csv").write_text("\n".join(lines))
    return stage.home / "faces.csv"


def import_preview_column(stage: Stage) -> None:
    stage.open(stage.make("friends", sorted(DATA.glob("T*"))))
    stage.app.menu_controller.preview([_table(stage, ("label", "name"))])
    stage.dialog().table.setFocus()


def import_preview_doubt(stage: Stage) -> None:
    stage.open(stage.make("friends", sorted(DATA.glob("T*"))))
    stage.app.menu_controller.preview([_table(stage, ("first", "last"))])
    stage.dialog().columns.setFocus()


def import_preview_remarks(stage: Stage) -> None:
    import_preview(stage)
    dialog = stage.dialog()
    dialog.filter.setCurrentIndex(dialog.filter.findData("remarks"))
    dialog.model.show_only("remarks")
    dialog.model.choose(dialog.plan.without(dialog.plan.rows("near-duplicate")))
    likely = [row for row, face in enumerate(dialog.plan.faces) if face.suggestion]
    dialog.model.choose(dialog.plan.sending(likely[:1], dialog.plan.faces[likely[0]].suggestion))
    dialog.table.selectRow(1)


def import_report(stage: Stage) -> None:
    from engine.records.types import ImportReport

    rejected = tuple(
        Rejection(f"more-faces/Tom_Hanks/Tom_Hanks_{number:04}.npy", reason)
        for number, reason in enumerate(
            (
                "It is all zeros. Recompute the embedding from its photo.",
                "It is empty. Save it again with numpy.save(file, embeddings.astype('float32')).",
                "Its embeddings have 64 numbers, but 128 are needed. Use embeddings from the same "
                "network as the others.",
            )
        )
    )
    notices = ("“José” and “Jose\u0301” look alike. If they are one person, merge them.",)
    stage.open()
    stage.app.menu_controller.show_imported(ImportReport(4_321, 158, 12, rejected, notices, 1.2))
    stage.dialog()


def check(stage: Stage) -> None:
    stage.open()
    stage.window.menus.actions["check"].trigger()
    stage.dialog()


def shortcuts(stage: Stage) -> None:
    stage.open()
    stage.window.menus.actions["shortcuts"].trigger()
    stage.dialog()


def about(stage: Stage) -> None:
    stage.open()
    stage.window.menus.actions["about"].trigger()
    stage.dialog()
