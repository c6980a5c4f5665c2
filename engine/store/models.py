"""The registry of trained models: which there are, and which one of each kind is in use."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from engine.errors import ModelError
from engine.records.jobs import ModelVersion
from engine.records.parameters import Kind
from engine.store.access import Access
from engine.store.recording import record_aside

TRAINING = "action = 'train' AND json_valid(payload)"
"""Entries of the history that tell of a training, as a condition on ``history``."""
_NOUNS: Mapping[Kind, str] = {"mlp": "MLP", "triplet": "triplet model"}


class Models(Access):
    """The questions and changes of a :class:`engine.store.Store` about its models.

    What is in the folder of a version is not known here. Every change is one transaction and one
    history entry, aside from what can be undone. It moves the change counter, though no face came
    or went: an index that stands for an older counter and has the same faces is up to date, and
    is not built anew.

    Changes raise GalleryReadOnlyError when it is open for reading only and GalleryWriteError when
    the disk refuses; whatever is raised, nothing was changed.
    """

    def models(self) -> list[ModelVersion]:
        """All versions, the last one noted first; how stale they are is not known here.

        Raises:
            GalleryDamagedError: a record makes no sense.
        """
        rows = self._rows(
            "SELECT id, kind, created, record, active FROM models ORDER BY (SELECT max(change) "
            f"FROM history WHERE {TRAINING} AND json_extract(payload, '$.model') = models.id) "
            "DESC, created DESC, id DESC"
        )
        with self._sound():
            return [ModelVersion.from_row(*row) for row in rows]

    def add_model(self, version: ModelVersion, *, activate: bool) -> None:
        """Notes a new version, and puts it to use in place of the one of its kind.

        Raises:
            ModelError: there is one of this id, or it is to be put to use and has collapsed.
        """
        if activate:
            _require_usable(version)
        kept = version.to_json()
        key = (kept.pop("id"), kept.pop("kind"), kept.pop("created"))
        with self._database.transaction() as connection:
            if _find(connection, version.id) is not None:
                raise ModelError(f"There is a model {version.id} already", remedy="Train it again.")
            before = _set_active(connection, version.kind, None) if activate else None
            connection.execute(
                "INSERT INTO models (id, kind, created, record, active) VALUES (?, ?, ?, ?, ?)",
                (*key, json.dumps(kept, ensure_ascii=False), activate),
            )
            use = "now in use" if activate else "not in use"
            summary = f"The {_NOUNS[version.kind]} {version.id} was trained and is {use}"
            (decisions,) = connection.execute(
                "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'decisions'"
            ).fetchone()
            payload = {"kind": version.kind, "model": version.id, "active": activate}
            payload |= {"before": before, "last_decision": decisions}
            record_aside(connection, "train", summary, payload)

    def activate_model(self, model_id: str | None, kind: Kind) -> None:
        """Puts a version to use in place of the one of its kind; None puts none to use.

        Where that is so already nothing is changed.

        Raises:
            ModelError: there is no such version of this kind, or it has collapsed.
        """
        with self._database.transaction() as connection:
            if model_id is not None:
                version = _require(connection, model_id)
                if version.kind != kind:
                    raise ModelError(f"{model_id} is no {_NOUNS[kind]}", remedy="Choose another.")
                _require_usable(version)
            before = _set_active(connection, kind, model_id)
            if before == model_id:
                return
            noun = _NOUNS[kind]
            used = f"The {noun} {model_id} is now in use" if model_id else f"No {noun} is in use"
            payload = {"kind": kind, "model": model_id, "before": before}
            record_aside(connection, "activate", used, payload)

    def delete_model(self, model_id: str) -> None:
        """Forgets a version; one that is in use is put out of use by that.

        Raises:
            ModelError: there is no such version.
        """
        with self._database.transaction() as connection:
            row = _find(connection, model_id)
            if row is None:
                raise _unknown(model_id)
            kind, active = row
            connection.execute("DELETE FROM models WHERE id = ?", (model_id,))
            summary = f"The {_NOUNS[kind]} {model_id} was deleted"
            payload = {"kind": kind, "model": model_id, "active": bool(active)}
            record_aside(connection, "delete-model", summary, payload)


def _find(connection: sqlite3.Connection, model_id: str) -> tuple[Kind, int] | None:
    """Its kind and whether it is active, though its record be damaged."""
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
            f"Model {version.id} has collapsed: it takes all faces for the same",
            remedy="Use another version, or train it again.",
        )


def _set_active(connection: sqlite3.Connection, kind: Kind, model_id: str | None) -> str | None:
    """Returns which one was active before."""
    query = "SELECT id FROM models WHERE kind = ? AND active = 1"
    row = connection.execute(query, (kind,)).fetchone()
    before = None if row is None else str(row[0])
    if before != model_id:
        connection.execute("UPDATE models SET active = 0 WHERE kind = ? AND active = 1", (kind,))
        connection.execute("UPDATE models SET active = 1 WHERE id = ?", (model_id,))
    return before


def _unknown(model_id: str) -> ModelError:
    return ModelError(f"There is no model {model_id}", remedy="See `face-gallery models`.")
