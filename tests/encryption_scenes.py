"""Scenes of encrypted galleries, in the manner of ``tests.scenes``."""

from __future__ import annotations

from pathlib import Path

from engine.store import encryption
from tests.screens import DATA, SMALL, WIDE, Stage
from tests.sealed import PASSPHRASE

SHOTS = [
    ("passphrase", "light", WIDE, 1), ("passphrase", "dark", WIDE, 1),
    ("passphrase_wrong", "light", WIDE, 1), ("passphrase_shown", "dark", SMALL, 1),
    ("encryption_off", "light", WIDE, 1), ("encryption_off", "dark", SMALL, 1),
    ("encryption_typed", "light", WIDE, 2), ("encryption_on", "light", WIDE, 1),
    ("encryption_on", "dark", WIDE, 1), ("encryption_missing", "light", WIDE, 1),
    ("locked", "light", WIDE, 1), ("locked_alone", "dark", WIDE, 1),
]  # fmt: skip


def _made(stage: Stage) -> Path:
    folder = stage.make("friends", sorted(DATA.glob("T*_*")))
    encryption.encrypt(folder, PASSPHRASE)
    return folder


def passphrase(stage: Stage) -> None:
    stage.app.open(_made(stage))
    stage.dialog()


def passphrase_wrong(stage: Stage) -> None:
    passphrase(stage)
    dialog = stage.dialog()
    dialog.field.setText("these are the wrong words")
    dialog.given.emit(dialog.field.text())
    stage.wait(lambda: "wrong" in dialog.message.text())


def passphrase_shown(stage: Stage) -> None:
    passphrase(stage)
    stage.dialog().field.setText(PASSPHRASE)
    stage.dialog().ok.setEnabled(True)
    stage.dialog().field.eye.setChecked(True)


def _open(stage: Stage) -> None:
    stage.app.open(_made(stage))
    stage.dialog().given.emit(PASSPHRASE)
    stage.wait(lambda: stage.app.state.gallery is not None)
    stage.wait(lambda: stage.window.faces.model.rowCount() > 0)


def encryption_off(stage: Stage) -> None:
    stage.open(stage.make("friends", sorted(DATA.glob("T*_*"))))
    stage.window.menus.actions["encryption"].trigger()
    stage.dialog()


def encryption_typed(stage: Stage) -> None:
    encryption_off(stage)
    stage.dialog().new.setText(PASSPHRASE)
    stage.dialog().again.setText(PASSPHRASE[:-1])


def encryption_on(stage: Stage) -> None:
    _open(stage)
    stage.window.menus.actions["encryption"].trigger()
    stage.dialog()


def encryption_missing(stage: Stage) -> None:
    import sys

    stage.open(stage.make("friends", sorted(DATA.glob("T*_*"))))
    sys.modules["sqlcipher3"] = None  # type: ignore[assignment]
    stage.window.menus.actions["encryption"].trigger()
    stage.dialog()


def locked(stage: Stage) -> None:
    _open(stage)
    stage.choose("Tiger Woods")
    stage.window.menus.actions["lock"].trigger()
    stage.dialog()


def locked_alone(stage: Stage) -> None:
    locked(stage)
    stage.dialog().reject()
