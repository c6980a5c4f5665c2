"""Trained models of a gallery: trained in a process of their own, kept, used and evaluated."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import (
    GalleryDamagedError,
    GalleryReadOnlyError,
    GalleryWriteError,
    InputError,
    ModelError,
    TrainingError,
)
from engine.models.version_files import load_curves, load_faces, load_version
from engine.models.versions import adopt_version, delete_version, remove_orphans, remove_unfinished
from engine.progress import SILENT, Measured, Reporter
from engine.recognition.active_models import load_model
from engine.recognition.recogniser import Recogniser
from engine.records.domains import parsed
from engine.records.figures import Evaluation
from engine.records.jobs import KINDS, ModelVersion, TrainingOutcome, TrainingRequest, is_version_id
from engine.records.training_parameters import Kind
from engine.records.types import Ids
from engine.store import Store
from engine.store.settings_table import EVALUATION
from engine.training.job import Job, Task, missing_tensorflow, room, run_job, settings
from engine.utils.files import discard_tree
from engine.utils.gallery_folder import INDEX, MODELS
from engine.utils.ignoring import ignored

_log = logging.getLogger(__name__)


def staleness(seen_faces: Ids, seen_owners: Ids, faces: Ids, owners: Ids) -> tuple[int, int, int]:
    """New identities, new faces and gone faces since a model was trained.

    A face that has another identity now counts as one new and one gone.

    Args:
        seen_faces: the faces it was trained on, ``(m,)``, ascending, each once;
            ``seen_owners`` the identity of each.
        faces, owners: those of the gallery now, ``(n,)``, in any order.
    """
    places = np.searchsorted(seen_faces, faces)
    places[places == len(seen_faces)] = 0
    if len(seen_faces):
        stayed = (seen_faces[places] == faces) & (seen_owners[places] == owners)
        same = int(np.count_nonzero(stayed))
    else:
        same = 0
    new_identities = np.setdiff1d(owners, seen_owners)  # each once
    return len(new_identities), len(faces) - same, len(seen_faces) - same


_PREFIX = ".unfinished-job-"


@contextmanager
def job_folder(store: Store, task: Task, asked: Mapping[str, Any]) -> Iterator[Path]:
    """A folder with all that the process needs; gone at the end, come what may.

    It lies in the gallery, on whose disk a version must be written, or among the system's
    temporary files where the gallery may not be written; of an encrypted gallery in memory.

    Raises:
        GalleryWriteError: the disk refuses. ModelError: there is no folder in memory.
    """
    place = store.models.folder if store.writable or store.encrypted else None
    with _on_disk():
        if place is not None:
            place.mkdir(mode=0o700, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    try:
        with _on_disk():
            _snapshot(store, task, asked, folder).write(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _snapshot(store: Store, task: Task, asked: Mapping[str, Any], folder: Path) -> Job:
    """The faces at this moment, without those that a person said to be somebody else's.

    Their embeddings go to the folder piece by piece, and are never in memory all at once.
    """
    while True:
        change = store.history.last_change()
        faces, owners = store.faces.membership()
        sound = ~np.isin(faces, store.decisions.contradicted())
        faces, owners = faces[sound], owners[sound]
        vectors, done = room(folder, len(faces), store.dimension), 0
        for ids, _, rows in store.faces.vector_batches():
            kept = rows[np.isin(ids, faces)][: len(vectors) - done]
            vectors[done : done + len(kept)] = kept
            done += len(kept)
        rejected, rejected_owners = store.decisions.rejected_vectors()
        if (
            store.history.last_change() == change
        ):  # else another process, or another thread, wrote meanwhile
            break
    return Job(
        task,
        asked,
        store.distance,
        faces,
        owners,
        vectors,
        rejected,
        rejected_owners,
        store.folder.name,
        {
            model.kind: str(store.models.version_folder(model.id))
            for model in store.models.all()
            if model.active
        },
    )


@contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GalleryWriteError(
            f"The faces could not be passed to the training process ({error.strerror or error})",
            file=error.filename,
            remedy="Check that the disk has space and is writable, then try again.",
        ) from error


METHODS = ("knn", "mlp", "triplet", "auto")


class TrainingService:
    """The models of one gallery. Safe to use from several threads."""

    def __init__(self, store: Store, recogniser: Recogniser) -> None:
        self._store = store
        self._recogniser = recogniser
        self._folder = store.folder / MODELS
        self._busy = threading.Lock()
        if store.writable:
            self._tidy()

    # -- versions ----------------------------------------------------------------------------

    def all(self) -> list[ModelVersion]:
        """All versions, newest first, with how much of the gallery is new to each."""
        faces, owners = self._store.faces.membership()
        return [self._with_staleness(model, faces, owners) for model in self._store.models.all()]

    def curves(self, model_id: str) -> tuple[Measured, ...]:
        """One point an epoch. Raise ModelError: unknown, or its file is damaged."""
        self._version(model_id)
        return tuple(load_curves(self._store.models.version_folder(model_id)))

    def activate(self, model_id: str) -> None:
        """Put a version to use in place of the one of its kind.

        Raises:
            ModelError: unknown, damaged, or collapsed. GalleryReadOnlyError.
        """
        version = self._version(model_id)
        load_model(self._store, version)
        self._store.models.activate(model_id, version.kind)
        self._recogniser.models_changed()

    def deactivate(self, kind: Kind) -> None:
        """Take the version of a kind out of use."""
        self._store.models.activate(None, kind)
        self._recogniser.models_changed()

    def delete(self, model_id: str) -> None:
        """Remove a version for good; one in use is put out of use by that."""
        self._store.models.delete(model_id)
        self._recogniser.models_changed()
        if is_version_id(model_id):  # else a gallery from elsewhere means another folder by it
            for place in self._store.models.folders():
                delete_version(place / model_id)
            discard_tree(self._store.folder / INDEX / model_id, self._store.folder)

    # -- training ----------------------------------------------------------------------------

    def train(self, request: TrainingRequest, reporter: Reporter = SILENT) -> TrainingOutcome:
        """Trains, judges, keeps, and puts to use what is better.

        Raises:
            InputError: a kind, preset or parameter that does not exist. GalleryReadOnlyError:
                nothing can be kept. TrainingError: too little to learn from, TensorFlow is not
                installed, or the process died. ModelError: an encrypted gallery, and no folder in
                memory. CancelledError. The gallery is then as it was.
            GalleryWriteError: the disk refuses; what was kept before that stays.
        """
        settings(request)
        if not self._store.writable:
            raise GalleryReadOnlyError(
                "Models cannot be trained: the gallery is open read-only",
                file=self._store.folder,
                remedy="Close the program that is writing to it, then reopen the gallery.",
            )
        started = time.monotonic()
        with self.at_rest(), job_folder(self._store, "train", asdict(request)) as folder:
            before = self._active()
            result = run_job(folder, reporter)
            reporter.check()
            models = self._adopted(folder, result["models"], before)
        sentence = " ".join(model.sentence for model in models)
        return TrainingOutcome(tuple(models), sentence, time.monotonic() - started)

    def evaluate(
        self,
        *,
        protocol: str = "both",
        methods: Sequence[str] = METHODS,
        repeats: int = 5,
        seed: int = 0,
        reporter: Reporter = SILENT,
    ) -> Evaluation:
        """Measure all methods and references on this gallery's own faces.

        Args:
            protocol: ``closed``, ``open`` or ``both``.
            methods: of ours; the references always take part.

        Raises:
            InputError: a protocol, method or number that does not exist. TrainingError: the
                gallery is too small. CancelledError.
        """
        if protocol not in ("closed", "open", "both") or not set(methods) <= set(METHODS):
            raise InputError("There is no such protocol or method", remedy="See `--help`.")
        if not 1 <= repeats <= 100:
            raise InputError(f"{repeats} repeats are not possible", remedy="Choose 1 to 100.")
        asked = {"protocol": protocol, "methods": [*methods], "repeats": repeats, "seed": seed}
        with self.at_rest(), job_folder(self._store, "evaluate", asked) as folder:
            evaluation = Evaluation.from_json(run_job(folder, reporter))
        if self._store.writable:
            self._store.derived.write(EVALUATION, json.dumps(evaluation.to_json()))
        return evaluation

    def last_evaluation(self) -> Evaluation | None:
        """What :meth:`evaluate` last measured here; None where there is none, or it is damaged."""
        try:
            text = self._store.derived.read(EVALUATION)
            return None if text is None else Evaluation.from_json(parsed(text))
        except ValueError:
            return None

    def obstacle(self) -> str:
        """Why nothing can be trained here, one sentence; "" where it can."""
        lacking = missing_tensorflow() or self._store.models.obstacle()
        if lacking:
            return lacking
        if not self._store.writable:
            return "The gallery is open read-only, so nothing can be trained."
        several = sum(person.faces > 1 for person in self._store.people.all())
        if several < 2:
            return "Training needs at least two people with two faces each."
        return ""

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """While it lasts no other training or evaluation begins.

        Raises:
            TrainingError: one is under way.
        """
        if not self._busy.acquire(blocking=False):
            raise TrainingError(
                "A training or evaluation is already running",
                remedy="Wait for it to finish, or cancel it.",
            )
        try:
            yield
        finally:
            self._busy.release()

    # -- inside ------------------------------------------------------------------------------

    def _version(self, model_id: str) -> ModelVersion:
        for version in self._store.models.all():
            if version.id == model_id:
                return version
        raise ModelError(f"There is no model {model_id}", remedy="See `face-gallery models`.")

    def _with_staleness(self, version: ModelVersion, faces: Ids, owners: Ids) -> ModelVersion:
        try:
            seen = load_faces(self._store.models.version_folder(version.id))
        except ModelError:
            _log.info("It cannot be told whom a model learned from", exc_info=True)
            return version  # damaged: putting it to use says so
        identities, new, gone = staleness(*seen, faces, owners)
        return replace(version, new_identities=identities, new_faces=new, gone_faces=gone)

    def _active(self) -> dict[Kind, str]:
        return {version.kind: version.id for version in self._store.models.all() if version.active}

    def _adopted(
        self, folder: Path, brought: Sequence[Mapping[str, Any]], before: Mapping[Kind, str]
    ) -> list[ModelVersion]:
        """Take what a training left in its job's folder into the gallery.

        It is not put to use where the person chose another version meanwhile.
        """
        models = []
        try:
            for outcome in brought:
                version = load_version(folder / outcome["id"]).record
                untouched = self._active().get(version.kind) == before.get(version.kind)
                version = replace(version, active=outcome["activate"] and untouched)
                self._adopt(folder / version.id, version)
                models.append(version)
        finally:
            if any(model.active for model in models):
                self._recogniser.models_changed()
        return models

    def _adopt(self, written: Path, version: ModelVersion) -> None:
        place = self._store.models.folder / version.id
        adopt_version(written, place)
        try:
            self._store.models.save_version(version.id)
            self._store.models.add(version, activate=version.active)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            self._store.models.discard_version(version.id)
            raise

    def _tidy(self) -> None:
        """Remove what a process that was killed left behind."""
        if not self._folder.is_dir():
            return
        remove_unfinished(self._folder)
        for path in self._folder.glob(".writing-*"):
            path.unlink(missing_ok=True)
        with ignored(GalleryDamagedError):  # then nobody knows what belongs here
            known = {model.id for model in self._store.models.all()}
            remove_orphans(self._folder, known)
            for kind in KINDS:
                for index in (self._store.folder / INDEX).glob(f"{kind}-*"):
                    if index.name not in known:
                        discard_tree(index, self._store.folder)
