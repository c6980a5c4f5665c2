"""Commands about trained models: train, models, evaluate."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from engine.errors import InputError
from engine.gallery import Gallery
from engine.records.figures import Evaluation
from engine.records.jobs import KINDS, ModelVersion, TrainingRequest
from gallery_app.cli.command_tools import (
    Bar,
    SectionedGroup,
    gallery_and_json,
    opened,
    put_json,
    say,
)
from gallery_app.cli.output import echo
from gallery_app.reports.evaluation_report import write_report
from gallery_app.reports.evaluation_text import summary, text_table
from gallery_app.wording.method_words import auto_reason, members_text
from gallery_app.wording.model_words import use_anyway_text
from gallery_app.wording.number_words import faces_text


@click.command()
@click.argument("kind", type=click.Choice([*KINDS, "all"]))
@click.option(
    "--preset",
    default="default",
    show_default=True,
    type=click.Choice(["default", "notebook"]),
    help="Settings chosen by validation, or those of the notebooks.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1))
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="Override a setting, such as epochs=30 or mining=batch-hard.",
)
@click.option("--keep-present", is_flag=True, help="Do not use the new model even if it is better.")
@gallery_and_json
def train(
    kind: str, preset: str, seed: int, changes: tuple[str, ...], keep_present: bool,
    gallery: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Train the MLP, the triplet model or both; use each if auto is better with it."""
    request = TrainingRequest(
        kinds=KINDS if kind == "all" else (kind,),  # type: ignore[arg-type]
        preset=preset,  # type: ignore[arg-type]
        seed=seed,
        changes=dict(_setting(change) for change in changes),
        activate=not keep_present,
    )
    with opened(gallery, write=True) as target, Bar() as bar:
        outcome = target.models.train(request, bar.reporter())
    if as_json:
        put_json({"models": [_outcome(model) for model in outcome.models]})
        return
    for model in outcome.models:
        echo(f"{model.sentence}  [{model.id}, {model.seconds:.0f} s]")
        if anyway := use_anyway_text(model, f"`face-gallery models activate {model.id}`"):
            echo(f"  {anyway}")


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"“{text}” is not NAME=VALUE", param_hint="--set")
    if name.strip() == "hidden":
        return "hidden", [width.strip() for width in value.split(",") if width.strip()]
    return name.strip(), value.strip()


def _outcome(model: ModelVersion) -> dict[str, Any]:
    return {
        "id": model.id,
        "kind": model.kind,
        "activated": model.active,
        "collapsed": model.collapsed,
        "reason": model.sentence,
        "metrics": dict(model.metrics),
        "seconds": model.seconds,
    }


@click.group(cls=SectionedGroup, invoke_without_command=True)
@gallery_and_json
@click.pass_context
def models(context: click.Context, gallery: Path | None, as_json: bool) -> None:
    """List the versions of trained models, newest first."""
    context.obj = gallery, as_json
    if context.invoked_subcommand is not None:
        return
    with opened(gallery, write=False) as source:
        listed = source.models.all()
    if as_json:
        put_json([{**_outcome(item), **asdict(item), "stale": item.stale} for item in listed])
        return
    for model in listed:
        echo(_line(model))
    if not listed:
        say("No model has been trained yet: `face-gallery train all`.")


def _line(model: ModelVersion) -> str:
    mark = "*" if model.active else " "
    day = time.strftime("%Y-%m-%d %H:%M", time.localtime(model.created))
    rank1 = f"{model.metrics['rank1']:6.1%}" if "rank1" in model.metrics else "     –"
    changes = {"new": model.new_faces, "gone": model.gone_faces}
    stale = "".join(f"  {faces_text(count)} {word}" for word, count in changes.items() if count)
    state = "  collapsed" if model.collapsed else stale
    return f"{mark} {model.id:28} {model.preset:9} {day}  rank-1 {rank1}{state}"


@models.command()
@click.argument("model")
@gallery_and_json
@click.pass_context
def activate(context: click.Context, model: str, gallery: Path | None, as_json: bool) -> None:
    """Use the version MODEL instead of the current one of its kind."""
    gallery, as_json = gallery or context.obj[0], as_json or context.obj[1]
    with opened(gallery, write=True) as target:
        target.models.activate(model)
        auto = target.auto()
    _tell_auto(auto, {"activated": model}, as_json)


@models.command()
@click.argument("kind", type=click.Choice(KINDS))
@gallery_and_json
@click.pass_context
def deactivate(context: click.Context, kind: str, gallery: Path | None, as_json: bool) -> None:
    """Stop using the model of KIND."""
    gallery, as_json = gallery or context.obj[0], as_json or context.obj[1]
    with opened(gallery, write=True) as target:
        target.models.deactivate(kind)  # type: ignore[arg-type]
        auto = target.auto()
    _tell_auto(auto, {"deactivated": kind}, as_json)


@models.command()
@click.argument("model")
@gallery_and_json
@click.pass_context
def delete(context: click.Context, model: str, gallery: Path | None, as_json: bool) -> None:
    """Permanently delete the version MODEL."""
    gallery, as_json = gallery or context.obj[0], as_json or context.obj[1]
    with opened(gallery, write=True) as target:
        target.models.delete(model)
    put_json({"deleted": model}) if as_json else echo(f"Deleted {model}.")


def _tell_auto(
    auto: tuple[tuple[str, ...], str, str], done: Mapping[str, Any], as_json: bool
) -> None:
    members, *why = auto
    reason = auto_reason(*why)
    if as_json:
        put_json({**done, "auto": list(members), "reason": reason})
    else:
        echo(f"auto is now {members_text(members)}. {reason}")


@click.command()
@click.option(
    "--protocol",
    default="both",
    show_default=True,
    type=click.Choice(["closed", "open", "both"]),
    help="With strangers (open) or without (closed).",
)
@click.option(
    "--method",
    "methods",
    multiple=True,
    default=("all",),
    type=click.Choice(["knn", "mlp", "triplet", "auto", "all"]),
    help="May be given several times; the references are always included.",
)
@click.option("--repeats", default=5, show_default=True, type=click.IntRange(1, 100))
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1))
@click.option(
    "--report", type=click.Path(path_type=Path), help="Also write an HTML report to this file."
)
@gallery_and_json
def evaluate(
    protocol: str, methods: tuple[str, ...], repeats: int, seed: int, report: Path | None,
    gallery: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Measure every method and simple baselines on the gallery's own faces."""
    if report is not None and not report.absolute().parent.is_dir():
        raise InputError("The folder does not exist", file=report.parent, remedy="Create it first.")
    with opened(gallery, write=True) as source, Bar() as bar:
        evaluation = _evaluated(source, protocol, methods, repeats, seed, bar)
    if report is not None:
        write_report(evaluation, report)
        say(f"Wrote {report}.")
    if as_json:
        put_json(summary(evaluation))
        return
    echo(text_table(evaluation), lines=True)


def _evaluated(
    source: Gallery, protocol: str, methods: tuple[str, ...], repeats: int, seed: int, bar: Bar
) -> Evaluation:
    wanted = ("knn", "mlp", "triplet", "auto") if "all" in methods else methods
    return source.models.evaluate(
        protocol=protocol, methods=wanted, repeats=repeats, seed=seed, reporter=bar.reporter()
    )
