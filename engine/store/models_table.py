"""Trained models of a gallery: which there are, which are in use, and where their files lie."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import threading
from pathlib import Path

from engine.errors import ModelError
from engine.records.changes import event
from engine.records.jobs import ModelVersion
from engine.records.training_parameters import KIND_NAMES, Kind
from engine.store.database import Database
from engine.store.encryption import model_files
from engine.store.encryption.model_files import SEALED, MemoryFolder, missing_memory
from engine.store.failures import declared, on_disk
from engine.store.history_table import add_entry
from engine.utils.gallery_folder import MODELS
from engine.utils.ignoring import ignored

TRAINING = "action = 'train' AND json_valid(payload)"
"""Entries of the history that tell of a training, as a condition on ``history``."""


class ModelsTable:
    """Trained models of a gallery, and the folders of their files.

    Every change is one transaction and one history entry that cannot be undone. It moves the
    change counter, though no face comes or goes: an index of an older counter that has these faces
    is up to date, and is not rebuilt. Changes raise GalleryReadOnlyError when the gallery is open
    for reading only and GalleryWriteError when the disk refuses; whatever is raised, nothing was
    changed.

    The files of a version lie in a folder; in an encrypted gallery they lie on disk as one
    encrypted file for each version, and in clear in a folder in memory while it is open.

    Attributes:
        folder: the folder with a folder for each version.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._on_disk = database.path.parent / MODELS
        self._encrypted = database.key is not None
        self._memory = MemoryFolder()
        self._unsealing = threading.Lock()

    def close(self) -> None:
        """Remove the files in memory."""
        self._memory.close()

    # -- the registry ------------------------------------------------------------------------

    def all(self) -> list[ModelVersion]:
        """Return all versions, the last one added first; how stale they are is not known here.

        Raises:
            GalleryDamagedError: a record makes no sense.
        """
        rows = self._database.rows(
            "SELECT id, kind, created, record, active FROM models ORDER BY (SELECT max(change) "
            f"FROM history WHERE {TRAINING} AND json_extract(payload, '$.model') = models.id) "
            "DESC, created DESC, id DESC"
        )
        with self._database.sound():
            return [ModelVersion.from_row(*row) for row in rows]

    def add(self, version: ModelVersion, *, activate: bool) -> None:
        """Add a version.

        Args:
            activate: use it in place of the one of its kind.

        Raises:
            ModelError: there is one of this id, or it is to be used and has collapsed.
        """
        if activate:
            _require_usable(version)
        kept = version.to_json()
        key = (kept.pop("id"), kept.pop("kind"), kept.pop("created"))
        with self._database.transaction() as connection:
            if _find(connection, version.id) is not None:
                raise ModelError(f"There is already a model {version.id}", remedy="Train it again.")
            before = _set_active(connection, version.kind, None) if activate else None
            connection.execute(
                "INSERT INTO models (id, kind, created, record, active) VALUES (?, ?, ?, ?, ?)",
                (*key, json.dumps(kept, ensure_ascii=False), activate),
            )
            summary = event("used" if activate else "trained", version.kind, version.id)
            (decisions,) = connection.execute(
                "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'decisions'"
            ).fetchone()
            payload = {"kind": version.kind, "model": version.id, "active": activate}
            payload |= {"before": before, "last_decision": decisions}
            add_entry(connection, "train", summary, payload)

    def activate(self, model_id: str | None, kind: Kind) -> None:
        """Use a version in place of the one of its kind; None uses none. Where that is so already
        nothing is changed.

        Raises:
            ModelError: there is no such version of this kind, or it has collapsed.
        """
        with self._database.transaction() as connection:
            if model_id is not None:
                version = _require(connection, model_id)
                if version.kind != kind:
                    raise ModelError(
                        f"{model_id} is not a version of the {KIND_NAMES[kind]}",
                        remedy="Choose another.",
                    )
                _require_usable(version)
            before = _set_active(connection, kind, model_id)
            if before == model_id:
                return
            summary = event("activated", kind, model_id) if model_id else event("unused", kind)
            payload = {"kind": kind, "model": model_id, "before": before}
            add_entry(connection, "activate", summary, payload)

    def delete(self, model_id: str) -> None:
        """Delete a version from the registry, also one that is in use.

        Raises:
            ModelError: there is no such version.
        """
        with self._database.transaction() as connection:
            row = _find(connection, model_id)
            if row is None:
                raise _unknown(model_id)
            kind, active = row
            connection.execute("DELETE FROM models WHERE id = ?", (model_id,))
            summary = event("model-deleted", kind, model_id)
            payload = {"kind": kind, "model": model_id, "active": bool(active)}
            add_entry(connection, "delete-model", summary, payload)

    # -- files -------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """Return the folder of versions. Raise ModelError where there is no memory for one."""
        return self._memory.path() / MODELS if self._encrypted else self._on_disk

    def obstacle(self) -> str:
        """Return why no trained model can be used here, one sentence; "" where they can."""
        return missing_memory() if self._encrypted else ""

    def folders(self) -> list[Path]:
        """Return every folder that versions lie in: on disk and, if encrypted, in memory."""
        places = [self._on_disk]
        if self._encrypted:
            with ignored(ModelError):  # then there is none in memory
                places.append(self.folder)
        return places

    def version_folder(self, model_id: str) -> Path:
        """Return the folder of a version for reading, whether or not it exists.

        Raises:
            ModelError: of an encrypted gallery, its files cannot be decrypted.
        """
        place = self.folder / model_id
        if self._encrypted:
            with self._unsealing:
                if not place.exists() and (self._on_disk / model_id / SEALED).exists():
                    self._unseal(model_id, place)
        return place

    def save_version(self, model_id: str) -> None:
        """Save a version that was written in :attr:`folder` to disk, if it is not there yet.

        Raises:
            GalleryWriteError: the disk refuses; nothing is left there.
        """
        if not self._encrypted:
            return
        with self._database.transaction() as connection:
            key = model_files.sealing_key(connection)
        saved = self._on_disk / model_id
        remedy = "Check that the disk has space and is writable, then try again."
        with on_disk(saved, "The model could not be saved", remedy), declared(saved / SEALED):
            model_files.seal(self.folder / model_id, saved, key)

    def discard_version(self, model_id: str) -> None:
        """Remove what :meth:`save_version` saved, if anything."""
        if self._encrypted:
            shutil.rmtree(self._on_disk / model_id, ignore_errors=True)

    def _unseal(self, model_id: str, place: Path) -> None:
        with self._database.reading() as connection:
            key = model_files.kept_key(connection)
        half = place.with_name(f".unsealing-{model_id}")
        model_files.unseal(self._on_disk / model_id, half, key)
        os.rename(half, place)


def _find(connection: sqlite3.Connection, model_id: str) -> tuple[Kind, int] | None:
    """Return its kind and whether it is in use, even where its record is damaged."""
    query = "SELECT kind, active FROM models WHERE id = ?"
    row: tuple[Kind, int] | None = connection.execute(query, (model_id,)).fetchone()
    return row


def _require(connection: sqlite3.Connection, model_id: str) -> ModelVersion:
    query = "SELECT id, kind, created, record, active FROM models WHERE id = ?"
    row = connection.execute(query, (model_id,)).fetchone()
    if row is None:
        raise _unknown(model_id)
    try:
        return ModelVersion.from_row(*row)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"The record of model {model_id} is damaged ({error})",
            remedy="Delete this version and train it again.",
        ) from error


def _require_usable(version: ModelVersion) -> None:
    if version.collapsed:
        raise ModelError(
            f"Model {version.id} has collapsed: it cannot tell faces apart",
            remedy="Use another version, or train it again.",
        )


def _set_active(connection: sqlite3.Connection, kind: Kind, model_id: str | None) -> str | None:
    """Use a model of a kind, or none; return which one was in use before."""
    query = "SELECT id FROM models WHERE kind = ? AND active = 1"
    row = connection.execute(query, (kind,)).fetchone()
    before = None if row is None else str(row[0])
    if before != model_id:
        connection.execute("UPDATE models SET active = 0 WHERE kind = ? AND active = 1", (kind,))
        connection.execute("UPDATE models SET active = 1 WHERE id = ?", (model_id,))
    return before


def _unknown(model_id: str) -> ModelError:
    return ModelError(f"There is no model {model_id}", remedy="See `face-gallery models`.")
