"""Widgets alone, offscreen, in both themes; portraits from neutral made-up traits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gallery_app.theme.colours import apply_theme
from gallery_app.widgets.faces.painting import portrait_image
from tests.app.widgets.drawing import traits_of


@pytest.fixture(params=["light", "dark"])
def mode(request: pytest.FixtureRequest, qtbot: QtBot) -> Iterator[str]:
    """Each of the two themes, applied."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, request.param)
    yield request.param
    apply_theme(app, "light")


@pytest.fixture
def picture(qtbot: QtBot) -> QPixmap:
    return QPixmap.fromImage(portrait_image(traits_of(1), 96))
