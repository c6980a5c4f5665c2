"""What every operation needs: state, tasks, and a way to tell the person of an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.gallery import Gallery
from gallery_app.pictures import Pictures, QueryPictures, ShelfPictures
from gallery_app.settings import Settings
from gallery_app.state import AppState
from gallery_app.tasks import TaskRunner


@dataclass(frozen=True)
class Context:
    """Handed to operations, panels and dialogs; made once in ``app.py``.

    Attributes:
        failed: shows an exception as one readable message.
    """

    state: AppState
    tasks: TaskRunner
    pictures: Pictures
    shelf_pictures: ShelfPictures
    query_pictures: QueryPictures
    settings: Settings
    failed: Callable[[BaseException], None]

    @property
    def gallery(self) -> Gallery:
        """The open gallery; operations run only while there is one."""
        assert self.state.gallery is not None
        return self.state.gallery

    @property
    def all_pictures(self) -> tuple[Pictures, ...]:
        """Whatever reads pictures of the open gallery."""
        return self.pictures, self.shelf_pictures, self.query_pictures
