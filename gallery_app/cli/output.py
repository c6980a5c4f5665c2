"""The one way to the terminal: text from galleries, backups and files' names cannot steer it."""

from __future__ import annotations

import click

from engine.records.domains import harmless


def echo(text: str, *, err: bool = False, lines: bool = False) -> None:
    """Write a line.

    Args:
        lines: whether the text may be several, which no name can make of one.
    """
    for line in text.split("\n") if lines else (text,):
        click.echo(harmless(line), err=err)


def ask(question: str, *, abort: bool = False) -> bool:
    """Ask on stderr. Raise click.Abort, with ``abort``, where the answer is no."""
    return click.confirm(harmless(question), err=True, abort=abort)
