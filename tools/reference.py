"""Write the pages of docs/ that are made from the program: `make reference`.

docs/commands.md comes from the command line's tree of commands, docs/modules.md from the docstrings
of packages and modules.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = "face-gallery"
_COMMANDS = """\
# Command reference

<!-- Written by `make reference` from the program itself. Do not edit. -->

What holds for all commands (which gallery, names, JSON, exit codes, passphrases) is in
[Command line](command-line.md).
"""
_MODULES = """\
# Modules

<!-- Written by `make reference` from the docstrings. Do not edit. -->

Every package and module, with the first sentence of its docstring. How they work together is in
[Architecture](architecture.md).
"""


def commands_page(root: click.Group, sections: Mapping[str, Sequence[click.Command]]) -> str:
    """Return the reference of all commands as Markdown.

    Args:
        root: the program's group of commands.
        sections: its commands by heading, in the order in which they are shown.
    """
    context = click.Context(root, info_name=PROGRAM, **root.context_settings)
    common = _common_options(context, list(root.commands.values()))
    lines = [_COMMANDS, f"## {PROGRAM}", "", *_paragraphs(root), *_options(context, [])]
    lines += ["## Common options", "", *(f"- {record}" for record in common)]
    lines += ["- `-h, --help`: Show what a command does and takes."]
    for title, commands in sections.items():
        lines += ["", f"## {title}"]
        for command in commands:
            lines += _command(command, context, common)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _command(command: click.Command, parent: click.Context, common: list[str]) -> Iterator[str]:
    context = click.Context(command, info_name=command.name, parent=parent)
    yield from ("", f"### {context.command_path.removeprefix(PROGRAM).strip()}", "")
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield from ("```", usage, "```", "")
    yield from _paragraphs(command)
    yield from _options(context, common)
    if isinstance(command, click.Group):
        for child in command.commands.values():
            yield from _command(child, context, common)


def _paragraphs(command: click.Command) -> Iterator[str]:
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        yield from (" ".join(paragraph.replace("\b", "").split()), "")


def _options(context: click.Context, common: list[str]) -> Iterator[str]:
    """A list of the command's own options, and the common ones that it lacks."""
    records = _records(context)
    yield from (f"- {record}" for record in records if record not in common)
    yield ""
    missing = [record for record in common if record not in records]
    if missing:
        yield f"It does not take {', '.join(record.split(':')[0] for record in missing)}."


def _records(context: click.Context) -> list[str]:
    """One line for each option: its names, what it takes, what it does."""
    options = [each for each in context.command.params if isinstance(each, click.Option)]
    found = filter(None, (option.get_help_record(context) for option in options))
    return [f"`{names}`: {text.replace('  [', ' [')}" for names, text in found]


def _common_options(root: click.Context, commands: list[click.Command]) -> list[str]:
    """Options that most commands have, with the same words."""
    lists = [_records(click.Context(each, info_name=each.name, parent=root)) for each in commands]
    records = dict.fromkeys(record for records in lists for record in records)
    return [each for each in records if sum(each in records for records in lists) * 2 > len(lists)]


def modules_page(root: Path) -> str:
    """Return a list of all packages and modules of the product as Markdown."""
    lines = [_MODULES]
    for package in ("engine", "gallery_app"):
        lines += _package(root / package, root)
    return "\n".join(lines).rstrip() + "\n"


def _package(folder: Path, root: Path) -> Iterator[str]:
    """A heading and a table for a package, then for those in it."""
    yield from (f"## {folder.relative_to(root).as_posix()}", "", _sentence(folder / "__init__.py"))
    modules = sorted(set(folder.glob("*.py")) - {folder / "__init__.py"})
    if modules:
        yield from ("", "| module | |", "|---|---|")
        yield from (f"| `{module.stem}` | {_sentence(module)} |" for module in modules)
    yield ""
    for inner in sorted(folder.glob("*/__init__.py")):
        yield from _package(inner.parent, root)


def _sentence(module: Path) -> str:
    """The first sentence of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(module.read_text("utf-8"))) or ""
    paragraph = " ".join(docstring.partition("\n\n")[0].split())
    sentence = re.split(r"(?<=\.) (?=[A-Z`])", paragraph)[0]
    return re.sub(r":\w+:`~?", "`", sentence).replace("|", r"\|")


def pages() -> dict[Path, str]:
    """Return the pages as they have to be for the program as it is."""
    from gallery_app.cli import cli

    return {
        ROOT / "docs" / "commands.md": commands_page(cli, cli.sections or {}),
        ROOT / "docs" / "modules.md": modules_page(ROOT),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
