"""Train models, look after their versions, and measure every method on the open gallery."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.evaluation.report import write_report
from engine.progress import Event, Measured, Reporter
from engine.records.figures import Evaluation
from engine.records.jobs import ModelVersion, TrainingOutcome, TrainingRequest
from engine.records.training_parameters import Kind
from gallery_app.operations.charts import ready_to_draw
from gallery_app.operations.context import Context
from gallery_app.operations.queries import identify_all

KEY = "training"


@dataclass(frozen=True)
class Watcher:
    """Who is told of long work: every event, then exactly one of the ends."""

    told: Callable[[Event], None]
    failed: Callable[[BaseException], None]
    cancelled: Callable[[], None]


def train(
    context: Context,
    request: TrainingRequest,
    done: Callable[[TrainingOutcome], None],
    watcher: Watcher,
) -> None:
    """Trains in a process of its own; what is better is in use when it is done."""
    gallery = context.gallery

    def work(reporter: Reporter) -> TrainingOutcome:
        ready_to_draw()
        return gallery.learning.train(request, reporter)

    def trained(outcome: TrainingOutcome) -> None:
        done(outcome)
        if context.state.gallery is gallery:
            context.state.models_changed.emit()
            identify_all(context)

    task = context.tasks.run(
        "Training",
        work,
        done=trained,
        failed=watcher.failed,
        lane="training",
        key=KEY,
        shown=False,
    )
    task.told.connect(watcher.told)
    task.cancelled.connect(watcher.cancelled)


def evaluate(
    context: Context,
    protocol: str,
    repeats: int,
    methods: Sequence[str],
    done: Callable[[Evaluation], None],
    watcher: Watcher,
) -> None:
    """Measures methods and references on repeated splits of the gallery's own faces."""
    gallery = context.gallery

    def work(reporter: Reporter) -> Evaluation:
        ready_to_draw()
        return gallery.learning.evaluate(
            protocol=protocol, methods=methods, repeats=repeats, reporter=reporter
        )

    task = context.tasks.run(
        "Evaluating",
        work,
        done=done,
        failed=watcher.failed,
        lane="training",
        key=KEY,
        shown=False,
    )
    task.told.connect(watcher.told)
    task.cancelled.connect(watcher.cancelled)


def is_busy(context: Context) -> bool:
    """Whether a training or an evaluation is under way."""
    return context.tasks.is_running(KEY)


def cancel(context: Context) -> None:
    """Ends what is under way at once; nothing is changed by it."""
    context.tasks.cancel(KEY)


def load_models(context: Context, done: Callable[[list[ModelVersion]], None]) -> None:
    """All versions, and how much of the gallery is new to each."""
    gallery = context.gallery
    context.tasks.run(
        "Reading the models",
        lambda _: gallery.learning.models(),
        done=done,
        failed=context.failed,
        key="models",
        shown=False,
    )


def load_obstacle(context: Context, done: Callable[[str], None]) -> None:
    """Why nothing can be trained here, or ""."""
    gallery = context.gallery
    context.tasks.run(
        "Looking for TensorFlow",
        lambda _: gallery.learning.obstacle(),
        done=done,
        failed=context.failed,
        key="obstacle",
        shown=False,
    )


def load_curves(
    context: Context,
    ids: Sequence[str],
    done: Callable[[Mapping[str, tuple[Measured, ...]]], None],
) -> None:
    """The curves of several versions, to be compared."""
    gallery = context.gallery

    def work(_: Reporter) -> Mapping[str, tuple[Measured, ...]]:
        ready_to_draw()
        return {one: gallery.learning.curves(one) for one in ids}

    context.tasks.run(
        "Reading curves",
        work,
        done=done,
        failed=context.failed,
        key="curves",
        shown=False,
    )


def load_evaluation(context: Context, done: Callable[[Evaluation | None], None]) -> None:
    """What was measured last on this gallery."""
    gallery = context.gallery

    def work(_: Reporter) -> Evaluation | None:
        found = gallery.learning.last_evaluation()
        if found is not None:
            ready_to_draw()
        return found

    context.tasks.run(
        "Reading the evaluation",
        work,
        done=done,
        failed=context.failed,
        key="evaluation",
        shown=False,
    )


def activate(context: Context, model: str) -> None:
    """Puts a version to use; what is asked is answered anew."""
    gallery = context.gallery
    _change(context, "Putting the model to use", lambda: gallery.learning.activate(model))


def deactivate(context: Context, kind: Kind) -> None:
    """Puts no version of a kind to use."""
    gallery = context.gallery
    _change(context, "Putting the model out of use", lambda: gallery.learning.deactivate(kind))


def delete(context: Context, model: str) -> None:
    """Removes a version for good."""
    gallery = context.gallery
    _change(context, "Deleting the model", lambda: gallery.learning.delete(model))


def save_report(
    context: Context, evaluation: Evaluation, path: Path, done: Callable[[Path], None]
) -> None:
    """Writes an evaluation as an HTML file to hand on."""
    context.tasks.run(
        "Writing the report",
        lambda _: write_report(evaluation, path),
        done=lambda _: done(path),
        failed=context.failed,
        lane="change",
    )


def _change(context: Context, title: str, work: Callable[[], None]) -> None:
    gallery = context.gallery

    def done(_: None) -> None:
        if context.state.gallery is gallery:
            context.state.models_changed.emit()
            identify_all(context)

    context.tasks.run(title, lambda _: work(), done=done, failed=context.failed, lane="change")
