"""The command line. Qt is imported only where a window opens."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence

import click

from engine.errors import CancelledError
from engine.records.domains import harmless
from gallery_app.cli import (
    backup_commands,
    cohort_commands,
    correction_commands,
    import_commands,
    model_commands,
    photo_commands,
    privacy_commands,
    query_commands,
    window_command,
)
from gallery_app.cli.command_tools import SectionedGroup, Sections, interrupt, was_interrupted
from gallery_app.cli.export_command import export
from gallery_app.cli.import_commands import enroll
from gallery_app.cli.names_command import names
from gallery_app.cli.output import echo
from gallery_app.cli.query_commands import compare
from gallery_app.cli.review_command import review
from gallery_app.cli.scan_command import scan
from gallery_app.cli.unknown_commands import unknown
from gallery_app.cli.window_command import completion
from gallery_app.errors import PROGRAM, one_line
from gallery_app.logs import start_logging

_log = logging.getLogger(__name__)
_INTERRUPTED = 130  # as a shell says of a program that Ctrl+C ended


_SECTIONS: Sections = {
    "Galleries": (window_command.open_, import_commands.new, import_commands.import_, export),
    "Photographs": (photo_commands.embed,),
    "Recognition": (
        query_commands.identify,
        scan,
        names,
        unknown,
        compare,
        cohort_commands.error_rates,
        cohort_commands.cohort,
    ),
    "People": (
        query_commands.people,
        enroll,
        *correction_commands.PEOPLE,
        correction_commands.split,
        privacy_commands.erase,
    ),
    "Faces": (
        *correction_commands.FACES,
        review,
        correction_commands.confirm,
        correction_commands.ignore,
    ),
    "Changes": correction_commands.CHANGES,
    "Trained models": (model_commands.train, model_commands.models, model_commands.evaluate),
    "Safety": (
        query_commands.check,
        backup_commands.backup,
        backup_commands.restore,
        *privacy_commands.COMMANDS,
    ),
    "Shell": (completion,),
}


@click.group(
    cls=SectionedGroup,
    sections=_SECTIONS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("-v", "--verbose", is_flag=True, help="Also log to stderr, in detail.")
@click.version_option(package_name="face-gallery", prog_name=PROGRAM)
@click.pass_context
def cli(context: click.Context, verbose: bool) -> None:
    """Identifies faces, states how certain it is, and shows the matching faces.

    Without a command, the window opens. Everything stays on this computer.
    """
    start_logging(verbose=verbose)
    _log.debug("Command %s", context.invoked_subcommand or "open")
    if context.invoked_subcommand is None:
        context.invoke(window_command.open_)


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Returns:
        the exit code: 0 done, 1 refused or failed (one line on stderr), 2 wrong usage,
        130 interrupted with Ctrl+C.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names beyond the terminal's encoding
            stream.reconfigure(errors="backslashreplace")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, interrupt)
    return _flushed(_run(arguments))


def _run(arguments: Sequence[str]) -> int:
    try:
        result = cli.main(list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.ClickException as error:
        error.message = harmless(error.message)
        error.show()
        return error.exit_code
    except (click.Abort, CancelledError):  # ordinary: the person wants it to end
        echo("Stopped. Anything not yet saved is not in the gallery.", err=True)
        return _INTERRUPTED if was_interrupted() else 1
    except SystemExit as left:  # click's answer to a reader of the output that is gone
        return left.code if isinstance(left.code, int) else 1
    except Exception as error:
        echo(one_line(error), err=True)
        return 1
    return result if isinstance(result, int) else 0


def _flushed(code: int) -> int:
    """The exit code, after all was written: what cannot be is told here, else Python tells it
    with a trace when it ends.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if code == 0 and not isinstance(error, BrokenPipeError):
            echo(one_line(error), err=True)
        return code or 1
    return code
