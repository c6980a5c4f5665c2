"""The command line. Qt is imported only where a window opens."""

from __future__ import annotations

import io
import signal
import sys
import threading
from collections.abc import Sequence

import click

from engine.errors import CancelledError, FaceGalleryError
from engine.records.domains import harmless
from gallery_app.cli import (
    backups,
    changes,
    corrections,
    encryption,
    erasing,
    models,
    questions,
    sorting,
    window,
)
from gallery_app.cli.compare import compare
from gallery_app.cli.completion import completion
from gallery_app.cli.enrolment import enroll
from gallery_app.cli.export import export
from gallery_app.cli.output import echo
from gallery_app.cli.review import review
from gallery_app.cli.shared import interrupt
from gallery_app.cli.unknown import unknown

PROGRAM = "face-gallery"


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="face-gallery", prog_name=PROGRAM)
@click.pass_context
def cli(context: click.Context) -> None:
    """Tells who a face is, how sure it is, and which faces say so.

    Without a command it opens the window. Everything stays on this computer.
    """
    if context.invoked_subcommand is None:
        context.invoke(window.open_)


for command in (
    window.open_,
    changes.new,
    changes.import_,
    enroll,
    erasing.erase,
    questions.people,
    questions.identify,
    *corrections.COMMANDS,
    sorting.split,
    sorting.confirm,
    sorting.ignore,
    models.train,
    models.models,
    models.evaluate,
    review,
    compare,
    unknown,
    export,
    questions.check,
    backups.backup,
    backups.restore,
    *encryption.COMMANDS,
    completion,
):
    cli.add_command(command)


def run(arguments: Sequence[str]) -> int:
    """Runs one command.

    Returns:
        the exit code: 0 done, 1 refused or failed (one line on stderr), 2 wrong usage.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names beyond the terminal's encoding
            stream.reconfigure(errors="backslashreplace")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, interrupt)
    try:
        result = cli.main(list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.UsageError as error:
        error.message = harmless(error.message)
        error.show()
        return 2
    except (click.Abort, CancelledError):
        echo("Stopped. What had not been saved yet is not in the gallery.", err=True)
        return 1
    except (FaceGalleryError, OSError) as error:
        echo(f"{PROGRAM}: {_one_line(error)}", err=True)
        return 1
    return result if isinstance(result, int) else 0


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
