"""Train models, look after their versions, and measure every method on the open gallery."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.gallery import Gallery
from engine.progress import Event, Measured, Reporter
from engine.records.figures import Evaluation
from engine.records.jobs import ModelVersion, TrainingOutcome, TrainingRequest
from engine.records.training_parameters import Kind
from gallery_app.operations.analysis import ready_to_draw
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Change, Query
from gallery_app.reports.evaluation_report import write_report
from gallery_app.state import ContentsChange
from gallery_app.tasks import Task

KEY = "training"
_MODELS = ContentsChange(models=True)


@dataclass(frozen=True)
class Watcher:
    """Who is told of long work: every event, then exactly one of the ends."""

    reported: Callable[[Event], None]
    failed: Callable[[BaseException], None]
    cancelled: Callable[[], None]


def train(
    context: Context,
    request: TrainingRequest,
    done: Callable[[TrainingOutcome], None],
    watcher: Watcher,
) -> None:
    """Train in a process of its own; what is better is in use when it is done."""

    def work(gallery: Gallery, reporter: Reporter) -> TrainingOutcome:
        ready_to_draw()
        return gallery.models.train(request, reporter)

    training = Change("Training", work, KEY, "training", shown=False, changes=lambda _: _MODELS)
    _watch(training.run(context, done, failed=watcher.failed), watcher)


def evaluate(
    context: Context,
    protocol: str,
    repeats: int,
    methods: Sequence[str],
    done: Callable[[Evaluation], None],
    watcher: Watcher,
) -> None:
    """Measure methods and references on repeated splits of the gallery's own faces."""

    def work(gallery: Gallery, reporter: Reporter) -> Evaluation:
        ready_to_draw()
        return gallery.models.evaluate(
            protocol=protocol, methods=methods, repeats=repeats, reporter=reporter
        )

    query = Query("Evaluating", work, KEY, "training")
    _watch(query.run(context, done, failed=watcher.failed), watcher)


def _watch(task: Task, watcher: Watcher) -> None:
    task.reported.connect(watcher.reported)
    task.cancelled.connect(watcher.cancelled)


def is_busy(context: Context) -> bool:
    """Whether a training or an evaluation is under way."""
    return context.tasks.is_running(KEY)


def cancel(context: Context) -> None:
    """End what is under way at once; nothing is changed by it."""
    context.tasks.cancel(KEY)


def load_models(context: Context, done: Callable[[list[ModelVersion]], None]) -> None:
    """All versions, and how much of the gallery is new to each."""
    Query("Reading models", lambda gallery, _: gallery.models.all(), "models").run(context, done)


def load_obstacle(context: Context, done: Callable[[str], None]) -> None:
    """Why nothing can be trained here, or ""."""
    Query("Looking for TensorFlow", lambda gallery, _: gallery.models.obstacle(), "obstacle").run(
        context, done
    )


def load_curves(
    context: Context,
    ids: Sequence[str],
    done: Callable[[Mapping[str, tuple[Measured, ...]]], None],
) -> None:
    """The curves of several versions, to be compared."""

    def work(gallery: Gallery, _: Reporter) -> Mapping[str, tuple[Measured, ...]]:
        ready_to_draw()
        return {model: gallery.models.curves(model) for model in ids}

    Query("Reading curves", work, "curves").run(context, done)


def load_evaluation(context: Context, done: Callable[[Evaluation | None], None]) -> None:
    """What was measured last on this gallery."""

    def work(gallery: Gallery, _: Reporter) -> Evaluation | None:
        found = gallery.models.last_evaluation()
        if found is not None:
            ready_to_draw()
        return found

    Query("Reading evaluation", work, "evaluation").run(context, done)


def activate(context: Context, model: str) -> None:
    """Use a version from now on."""
    _change(context, "Activating model", lambda gallery: gallery.models.activate(model))


def deactivate(context: Context, kind: Kind) -> None:
    """Use no version of a kind from now on."""
    _change(context, "Deactivating model", lambda gallery: gallery.models.deactivate(kind))


def delete(context: Context, model: str) -> None:
    """Remove a version for good."""
    _change(context, "Deleting model", lambda gallery: gallery.models.delete(model))


def _change(context: Context, title: str, work: Callable[[Gallery], None]) -> None:
    Change(title, lambda gallery, _: work(gallery), changes=lambda _: _MODELS).run(context)


def save_report(
    context: Context, evaluation: Evaluation, path: Path, done: Callable[[Path], None]
) -> None:
    """Write an evaluation as an HTML file to hand on."""
    Query(
        "Writing report", lambda *_: write_report(evaluation, path), lane="change", shown=True
    ).run(context, lambda _: done(path))
