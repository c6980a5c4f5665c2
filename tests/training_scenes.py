"""Pictures of training, versions and evaluation. The figures in them are made up for the picture.

Each scene takes the stage of ``tests.screens``, as those of ``tests.scenes`` do.
"""

from __future__ import annotations

import math
from typing import Any

from engine.progress import Measured, Message, Progress
from engine.records.figures import (
    BestMethod,
    ClosedFigures,
    Estimate,
    Evaluation,
    OpenFigures,
    ReliabilityBin,
)
from engine.records.jobs import ModelVersion, TrainingOutcome, TrainingRequest
from engine.records.training_parameters import as_json, parameters
from tests.screens import SMALL, WIDE, Stage

# scene, theme, size, scale, as in tests.screens
SHOTS = [
    ("training_triplet", "light", WIDE, 1), ("training_triplet", "dark", WIDE, 1),
    ("training_triplet", "light", SMALL, 1), ("training_triplet", "dark", WIDE, 2),
    ("training_mlp", "light", WIDE, 1), ("training_mlp", "dark", SMALL, 1),
    ("training_alarm", "light", WIDE, 1), ("training_alarm", "dark", SMALL, 1),
    ("training_started", "light", WIDE, 1), ("training_log", "light", WIDE, 1),
    ("training_done", "light", WIDE, 1), ("training_done", "dark", SMALL, 1),
    ("training_cancelled", "light", WIDE, 1), ("training_failed", "dark", WIDE, 1),
    ("evaluating", "light", WIDE, 1),
    ("retrain", "light", WIDE, 1), ("retrain", "dark", WIDE, 1), ("retrain", "light", WIDE, 2),
    ("retrain_advanced", "light", WIDE, 1), ("retrain_refused", "dark", WIDE, 1),
    ("versions", "light", WIDE, 1), ("versions", "dark", WIDE, 1), ("versions", "light", SMALL, 1),
    ("versions_collapsed", "light", WIDE, 1), ("versions_empty", "dark", WIDE, 1),
    ("compared_curves", "light", WIDE, 1), ("compared_curves", "dark", WIDE, 2),
    ("training_report", "light", WIDE, 1), ("training_report", "dark", WIDE, 1),
    ("evaluation", "light", WIDE, 1), ("evaluation", "dark", WIDE, 1),
    ("evaluation", "light", SMALL, 1), ("evaluation", "light", WIDE, 2),
    ("evaluation_charts", "light", WIDE, 1), ("evaluation_charts", "dark", WIDE, 1),
    ("evaluation_empty", "light", WIDE, 1), ("evaluation_running", "dark", WIDE, 1),
    ("evaluation_small", "light", WIDE, 1),
]  # fmt: skip


def triplet_point(step: int, steps: int = 100) -> Measured:
    fallen = math.exp(-step / 18)
    values = {
        "loss": 0.02 + 0.11 * fallen + 0.004 * math.sin(step / 2),
        "validation_accuracy": 0.991 - 0.05 * fallen,
        "active": 0.06 + 0.6 * fallen,
        "spread05": 1.12 + 0.05 * fallen,
        "spread50": 1.39 + 0.02 * fallen,
        "spread95": 1.58 - 0.03 * fallen,
        "norm": 1.0,
        "rate": 1e-3 * 0.5 ** (step // 25),
    }
    return Measured("triplet", step, steps, values)


def collapsing_point(step: int, steps: int = 100) -> Measured:
    fallen = math.exp(-step / 4)
    values = {
        "loss": 0.3 + 0.05 * fallen,
        "validation_accuracy": 0.06 + 0.4 * fallen,
        "active": 0.98,
        "spread05": 0.4 * fallen,
        "spread50": 0.001 + 0.9 * fallen,
        "spread95": 0.002 + 1.3 * fallen,
        "rate": 1e-3,
    }
    return Measured("triplet", step, steps, values)


def mlp_point(step: int, steps: int = 100) -> Measured:
    fallen = math.exp(-step / 9)
    values = {
        "loss": 0.9 + 4.1 * fallen,
        "validation_loss": 1.05 + 3.9 * fallen + 0.02 * math.sin(step),
        "accuracy": 0.998 - 0.95 * fallen,
        "validation_accuracy": 0.985 - 0.94 * fallen,
        "rate": 1e-3 * 0.5 ** (step // 14),
    }
    return Measured("mlp", step, steps, values)


def version(number: int, **changes: Any) -> ModelVersion:
    kind, preset = changes.get("kind", "triplet"), changes.get("preset", "default")
    made: dict[str, Any] = {
        "id": f"{kind}-2026112{number}-0930",
        "kind": kind,
        "preset": preset,
        "seed": number,
        "created": 1_795_600_000.0 + 86_400 * number,
        "seconds": 38.2,
        "active": False,
        "collapsed": False,
        "sentence": "The new triplet model names 0.4 percentage points more of the faces "
        "correctly; it is now in use.",
        "metrics": {
            "rank1": 0.994 + number / 1e3, "balanced_rank1": 0.989, "fnir": 0.019,
            "before_rank1": 0.990, "before_balanced_rank1": 0.981, "before_fnir": 0.044,
        },
        "parameters": as_json(parameters(kind, preset)),
        "identities": 158,
        "faces": 4_324,
    }  # fmt: skip
    return ModelVersion(**(made | changes))


def versions_made() -> list[ModelVersion]:
    not_better = "The new MLP was not better. The old one is kept."
    collapse = (
        "The notebooks' triplet model collapsed: it cannot tell faces apart, so it is not used."
    )
    return [
        version(1, kind="mlp", active=True, new_faces=12, new_identities=2, seconds=11.4,
                sentence="The new MLP names 0.2 percentage points more of the faces correctly; it "
                "is now in use."),
        version(2, kind="mlp", preset="notebook", seconds=7.9, sentence=not_better,
                metrics={"rank1": 0.781, "balanced_rank1": 0.742}),
        version(3, preset="notebook", collapsed=True, seconds=21.0, sentence=collapse,
                metrics={"rank1": 0.061, "balanced_rank1": 0.022, "before_rank1": 0.990}),
        version(4, active=True),
    ]  # fmt: skip


def estimate(value: float, wide: float = 0.004) -> Estimate:
    return Estimate(value, max(value - wide, 0.0), min(value + wide, 1.0))


def _closed(method: str, rank1: float, reference: bool, *loses: str) -> ClosedFigures:
    named = None if method == "most frequent person" else estimate(min(rank1 + 0.003, 1))
    seconds = 0.2 if reference else 9.3
    balanced = estimate(max(rank1 - 0.006, 0), 0.008)
    return ClosedFigures(method, reference, estimate(rank1), balanced, named, seconds, loses)


def _open(method: str, rank1: float, missed: float, reference: bool, *loses: str) -> OpenFigures:
    none = method == "most frequent person"
    fpirs = [10 ** (-3 + 3 * place / 40) for place in range(41)]
    det = tuple((fpir, min(1.0, missed * (0.01 / fpir) ** 0.4)) for fpir in fpirs)
    cmc = tuple(1 - (1 - rank1) / (1 + 0.5 * place) for place in range(20))
    bins = tuple(
        ReliabilityBin(0.05 + place / 10, (0.05 + place / 10) ** (0.8 + missed * 8), 240)
        for place in range(10)
    )
    return OpenFigures(
        method, reference, estimate(rank1), None if none else estimate(min(rank1 + 0.004, 1)), cmc,
        {"0.01": None if none else estimate(missed, 0.006), "0.1": estimate(missed / 2.5, 0.004)},
        {"0.01": None if none else estimate(0.009, 0.004), "0.1": estimate(0.094, 0.012)},
        () if none else det, None if reference else estimate(0.012, 0.003),
        () if reference else bins, 6_485, 7_210, 0.4 if reference else 14.2, loses,
    )  # fmt: skip


def evaluation_made() -> Evaluation:
    """As an evaluation of the 158 people would look."""
    rows = (
        ("auto", 0.996, 0.018), ("knn", 0.994, 0.024), ("mlp", 0.991, 0.031),
        ("triplet", 0.995, 0.019), ("mlp (notebook)", 0.781, 0.45),
        ("triplet (notebook)", 0.061, 0.97),
    )  # fmt: skip
    references = (
        ("5-NN (plain)", 0.993, 0.052), ("whitening + 5-NN", 0.992, 0.048),
        ("nearest class mean", 0.994, 0.025), ("shrinkage LDA", 0.995, 0.023),
        ("most frequent person", 0.123, 0.99),
    )  # fmt: skip
    weak = {"mlp (notebook)": ("5-NN (plain)", "shrinkage LDA"),
            "triplet (notebook)": ("most frequent person", "5-NN (plain)")}  # fmt: skip
    open_rows = [_open(name, one, two, False, *weak.get(name, ())) for name, one, two in rows]
    open_rows += [_open(name, one, two, True) for name, one, two in references]
    closed = [_closed(name, one, False, *weak.get(name, ())) for name, one, _ in rows]
    closed += [_closed(name, one, True) for name, one, _ in references]
    best = (
        BestMethod("open", "auto", "shrinkage LDA", 0.005, False),
        BestMethod("closed", "auto", "shrinkage LDA", 0.001, False),
    )
    return Evaluation(
        "sample.gallery", 158, 4_324, 0, 5, 1_796_000_000.0, 182.0, (), tuple(closed),
        tuple(open_rows), 53, best=best,
    )  # fmt: skip


def _panel(stage: Stage) -> Any:
    stage.open()
    stage.choose("Tiger Woods")
    panel = stage.window.training
    stage.panel = panel  # type: ignore[attr-defined]
    return panel


def _running(stage: Stage, point: Any, kinds: tuple[str, ...], last: int = 62) -> Any:
    panel = _panel(stage)
    panel.start(TrainingRequest(kinds=kinds))  # type: ignore[arg-type]
    panel.take(Progress("Training", 0, 100))
    for step in range(1, last):
        panel.take(point(step))
    panel.take(Progress("Training", last - 22, 100))
    stage.settle(2.2)  # so long nothing is said of the time left
    panel.take(Progress("Training", last, 100))
    panel.take(point(last))
    return panel


def training_triplet(stage: Stage) -> None:
    _running(stage, triplet_point, ("triplet",))


def training_mlp(stage: Stage) -> None:
    _running(stage, mlp_point, ("mlp", "triplet"), 40)


def training_alarm(stage: Stage) -> None:
    panel = _running(stage, collapsing_point, ("triplet",), 24)
    words = "The model collapses: all faces look alike to it. It restarts with a gentler setting."
    panel.take(Message(words, alarm=True))


def training_started(stage: Stage) -> None:
    panel = _panel(stage)
    panel.start(TrainingRequest())
    panel.take(Progress("Starting TensorFlow", 0, 0))


def training_log(stage: Stage) -> None:
    panel = _running(stage, triplet_point, ("triplet",))
    panel.take(Message("158 people, 4,324 faces; 24 people held out"))
    panel.take(Message("Epoch 48: no better for 4 epochs, the rate is halved"))
    panel.take(Message("The share of active triplets is under 1 %", alarm=True))
    panel.log_button.click()


def training_done(stage: Stage) -> None:
    panel = _running(stage, triplet_point, ("triplet",))
    panel.show_outcome(TrainingOutcome((version(4),), version(4).sentence, 38.2))


def training_cancelled(stage: Stage) -> None:
    _running(stage, triplet_point, ("triplet",)).show_cancelled()


def training_failed(stage: Stage) -> None:
    panel = _running(stage, mlp_point, ("mlp",), 12)
    panel.show_failed("The training process ended unexpectedly. Train again; free some memory.")


def evaluating(stage: Stage) -> None:
    panel = _panel(stage)
    panel.start_evaluation("Evaluating 6 methods on 5 splits")
    panel.take(Progress("Open set", 3, 10))


def _retrain(stage: Stage, reason: str = "") -> Any:
    from gallery_app.dialogs.retrain_dialog import RetrainDialog, RetrainState

    stage.open()
    dialog = RetrainDialog(RetrainState(158, 4_324, reason, "" if reason else "12 new faces"),
                           stage.window)  # fmt: skip
    dialog.open()
    return dialog


def retrain(stage: Stage) -> None:
    _retrain(stage)


def retrain_advanced(stage: Stage) -> None:
    dialog = _retrain(stage)
    dialog.more.click()
    dialog.fields.numbers["rate"].setText("5")
    dialog.fields.changed.emit()


def retrain_refused(stage: Stage) -> None:
    _retrain(stage, "Training needs TensorFlow, which is not installed. Run make setup.")


def _versions(stage: Stage, made: list[ModelVersion]) -> Any:
    from gallery_app.dialogs.versions_dialog import VersionsDialog

    stage.open()
    dialog = VersionsDialog(stage.window)
    dialog.set_versions(made)
    dialog.open()
    return dialog


def versions(stage: Stage) -> None:
    _versions(stage, versions_made()).table.select([versions_made()[0].id])


def versions_collapsed(stage: Stage) -> None:
    _versions(stage, versions_made()).table.select([versions_made()[2].id])


def versions_empty(stage: Stage) -> None:
    _versions(stage, [])


def compared_curves(stage: Stage) -> None:
    made = versions_made()
    dialog = _versions(stage, made)
    dialog.show_curves({
        made[3].id: [triplet_point(step) for step in range(1, 80)],
        made[2].id: [collapsing_point(step) for step in range(1, 60)],
    })  # fmt: skip
    dialog.hide()


def training_report(stage: Stage) -> None:
    from gallery_app.dialogs.training_report import TrainingReport

    stage.open()
    made = versions_made()[3:1:-1]
    points = {made[0].id: [triplet_point(step) for step in range(1, 80)],
              made[1].id: [collapsing_point(step) for step in range(1, 30)]}  # fmt: skip
    TrainingReport(TrainingOutcome(tuple(made), made[0].sentence, 61.0), points,
                   stage.window).open()  # fmt: skip


def _evaluation(stage: Stage) -> Any:
    from gallery_app.dialogs.evaluation_window import EvaluationWindow

    stage.open()
    window = EvaluationWindow(("auto", "knn", "mlp", "triplet"), stage.window)
    window.resize(min(1080, stage.window.width() - 120), min(780, stage.window.height() - 40))
    window.move(stage.window.pos())
    window.show()
    return window


def evaluation(stage: Stage) -> None:
    _evaluation(stage).show_evaluation(evaluation_made())


def evaluation_charts(stage: Stage) -> None:
    window = _evaluation(stage)
    window.show_evaluation(evaluation_made())
    stage.settle()
    window.page.verticalScrollBar().setValue(640)


def evaluation_empty(stage: Stage) -> None:
    _evaluation(stage)


def evaluation_running(stage: Stage) -> None:
    window = _evaluation(stage)
    window.show_evaluation(evaluation_made())
    window.show_running()


def evaluation_small(stage: Stage) -> None:
    """A gallery too small to promise 1 %."""
    from dataclasses import replace

    made = evaluation_made()
    few = tuple(
        replace(one, fnir={**one.fnir, "0.01": None}, fpir={**one.fpir, "0.01": None},
                mated=210, non_mated=64)
        for one in made.open
    )  # fmt: skip
    _evaluation(stage).show_evaluation(
        replace(made, open=few, closed=(), identities=9, faces=140,
                non_mated_identities=3)
    )  # fmt: skip
