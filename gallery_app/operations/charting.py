"""Charts come with pyqtgraph, whose import takes 0.4 to 0.7 s: it is done where nobody waits."""

from __future__ import annotations


def ready_to_draw() -> None:
    """On a worker thread, before an answer that will be drawn; from the second time on at once."""
    import gallery_app.widgets.curves  # noqa: F401
