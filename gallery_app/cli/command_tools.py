"""What the commands share: which gallery, JSON on stdout, progress on stderr."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import click

from engine.errors import FaceGalleryError, GalleryNotFoundError
from engine.gallery import Gallery
from engine.progress import CancelToken, Event, Message, Progress, Reporter
from engine.records.advice import lookalike_words
from engine.utils.user_folders import config_folder
from gallery_app.cli.output import echo
from gallery_app.cli.passphrases import passphrase_of, passphrase_option
from gallery_app.recent import recent_galleries
from gallery_app.wording.number_words import left_text

_log = logging.getLogger(__name__)

F = TypeVar("F", bound=Callable[..., Any])
Sections = Mapping[str, Sequence[click.Command]]
_interrupted = CancelToken()
_WHOLE = "the whole work"
_STEPS = 1_000
_WIDTH = 35  # of the longest stage of an import

gallery_option = click.option(
    "-g",
    "--gallery",
    type=click.Path(path_type=Path, file_okay=False),
    help="The gallery's folder. [default: the one last used with `open` or `new`]",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document to stdout and nothing else."
)


class SectionedGroup(click.Group):
    """Lists its commands under headings, each with the whole of its first sentence.

    Attributes:
        sections: commands by heading.
    """

    def __init__(self, *args: Any, sections: Sections | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sections = sections
        for command in chain.from_iterable((sections or {}).values()):
            self.add_command(command)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        sections = self.sections or {"Commands": tuple(self.commands.values())}
        for title, commands in sections.items():
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (str(command.name), command.get_short_help_str(sys.maxsize))
                        for command in commands
                    ]
                )


def gallery_and_json(command: F) -> F:
    """The options that every command has."""
    return gallery_option(passphrase_option(json_option(command)))


def chosen(folder: Path | None, *, changing: bool) -> Path:
    """The folder of the gallery asked for, or of the one opened last in the window or made last,
    which is named before anything in it is changed.

    Raises:
        GalleryNotFoundError: there is none. HomeNotFoundError: nor any place to remember it.
    """
    if folder is not None:
        return folder
    recent = recent_galleries()
    if not recent:
        config_folder()
        raise GalleryNotFoundError(
            "No gallery has been opened yet", remedy="Give one with -g, or create one with `new`."
        )
    if changing:
        say(f"In {recent[0]}, the gallery last opened:")
    return recent[0]


@contextmanager
def opened(folder: Path | None, *, write: bool) -> Iterator[Gallery]:
    """The gallery asked for, or the last one opened; closed at the end."""
    folder = chosen(folder, changing=write)
    passphrase = passphrase_of(folder)
    with (
        Bar() as bar,
        Gallery.open(folder, write=write, listener=bar, passphrase=passphrase) as gallery,
    ):
        if write:
            for notice in gallery.notices:
                say(notice)
        yield gallery
        spare = not write and gallery.recogniser.unsaved
    if spare:
        _save_for_the_next(folder, passphrase)


def _save_for_the_next(folder: Path, passphrase: str | None) -> None:
    """What a question had to make anew is saved, unless somebody else is writing."""
    try:
        with Gallery.open(folder, passphrase=passphrase) as gallery:
            if gallery.writable:
                gallery.prepare()
    except FaceGalleryError:
        _log.debug("Nothing is saved for the next query", exc_info=True)
        return  # it was only to save the next question some time


def interrupt(*_: object) -> None:
    """What Ctrl+C does. Long work hears it too: Python drops an exception that comes at an awkward
    moment, such as while it frees an object.
    """
    _interrupted.cancel()
    raise KeyboardInterrupt


def was_interrupted() -> bool:
    """Whether Ctrl+C was pressed."""
    return _interrupted.cancelled


def say(text: str) -> None:
    """A sentence for the person, on stderr."""
    echo(text, err=True)


def say_lookalikes(gallery: Gallery, names: Collection[str]) -> None:
    """Say of which new names nobody could tell them from somebody's."""
    for name, other in gallery.people.lookalikes(names).items():
        say(f"{lookalike_words(name, other)}.")


def put_json(document: Any) -> None:
    """The one JSON document on stdout."""
    text = json.dumps(document, allow_nan=False)
    echo(text.replace("\x7f", "\\u007f"))  # the one control character that JSON lets through


class Bar:
    """Draws the engine's progress on stderr, one bar a stage; sentences go above it. Work that
    foresees how long all of it takes has one bar, with the time left.
    """

    def __init__(self) -> None:
        self._bar: Any = None
        self._stage = ""
        self._words = ""

    def __call__(self, event: Event) -> None:
        if isinstance(event, Message):
            self._end()
            say(event.text)
        elif isinstance(event, Progress) and sys.stderr.isatty():
            if event.overall is None:
                self._draw(event, event.stage, event.done, event.total)
            else:
                self._words = "" if event.left is None else left_text(event.left)
                self._draw(event, _WHOLE, int(event.overall * _STEPS), _STEPS)

    def _draw(self, event: Progress, bar: str, done: int, total: int) -> None:
        if bar != self._stage:
            self._end()
            self._stage = bar
            self._bar = self._made(event.stage, total, whole=bar == _WHOLE)
            self._bar.__enter__()
        self._bar.label = f"{event.stage:{_WIDTH}}"
        self._bar.update(done - self._bar.pos)

    def _made(self, stage: str, total: int, *, whole: bool) -> Any:
        return click.progressbar(
            length=total,
            label=f"{stage:{_WIDTH}}",
            update_min_steps=0,  # the words change while the bar does not
            file=sys.stderr,
            show_pos=not whole,
            show_percent=whole,
            show_eta=not whole,
            item_show_func=(lambda _: self._words) if whole else None,
        )

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
        self._bar, self._stage = None, ""

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def reporter(self) -> Reporter:
        return Reporter(self, _interrupted)
