"""What was asked about is no longer there: the panels follow, and no error message comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from engine.errors import InputError, UnknownIdentityError
from engine.gallery import Gallery
from engine.records.types import Method
from gallery_app.operations.context import Context

_T = TypeVar("_T")


def unless_gone(
    context: Context, gone: Callable[[], None] = lambda: None
) -> Callable[[BaseException], None]:
    """What to do where a question or a correction fails: an error message, but where somebody was
    renamed, merged or erased since they were shown a line that says so.

    Args:
        gone: called in that case, to close what is about them.
    """
    gallery = context.gallery

    def failed(error: BaseException) -> None:
        if not isinstance(error, UnknownIdentityError):
            context.failed(error)
        elif context.state.gallery is gallery:
            gone()
            context.state.notice.emit(f"{error.problem}: the gallery was changed meanwhile.")
            context.state.contents_changed.emit()

    return failed


def by_method(gallery: Gallery, method: Method, ask: Callable[[Method], _T]) -> tuple[Method, _T]:
    """Asks by a method, or by ``auto`` where its model was put out of use since it was chosen,
    also while it is asked.

    Returns:
        the method that answered, and the answer.
    """
    if method in gallery.methods():
        try:
            return method, ask(method)
        except InputError:
            if method in gallery.methods():
                raise
    return "auto", ask("auto")


def follow_method(context: Context, asked: Method, answered: Method) -> None:
    """The choice of method goes back to what there is."""
    if answered != asked:
        context.state.models_changed.emit()
