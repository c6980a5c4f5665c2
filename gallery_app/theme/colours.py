"""The colours and sizes of the window, light and dark, and their way into Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from gallery_app.theme.stylesheet import faded, stylesheet

Mode = Literal["system", "light", "dark"]

# times the system's own font size, and the weight
_SCALE: dict[str, tuple[float, QFont.Weight]] = {
    "display": (2.2, QFont.Weight.Bold),
    "title": (1.55, QFont.Weight.Bold),
    "heading": (1.15, QFont.Weight.DemiBold),
    "body": (1.0, QFont.Weight.Normal),
    "small": (0.88, QFont.Weight.Normal),
    "section": (0.84, QFont.Weight.Normal),
}


@dataclass(frozen=True)
class Theme:
    """One set of colours. Every colour of words has at least 4.5 to 1 on what it stands on.

    Attributes:
        window, panel: grounds; panels, fields and menus are ``panel``.
        line: hairlines; ``border`` is for the outline of a control.
        text, muted, accent_text: words on any ground.
        good, warning, bad: words and marks on ``window`` or ``panel``.
        accent: marks, rings and the ground of the first button; ``accent_hover`` is that
            ground under the mouse, ``on_accent`` the words on it.
        selection, hover: grounds of a chosen row and of one under the mouse.
        track: the empty part of a bar, and pictures not there yet.
    """

    dark: bool
    window: QColor
    panel: QColor
    line: QColor
    border: QColor
    text: QColor
    muted: QColor
    accent: QColor
    accent_hover: QColor
    accent_text: QColor
    on_accent: QColor
    selection: QColor
    hover: QColor
    track: QColor
    good: QColor
    warning: QColor
    bad: QColor


LIGHT = Theme(
    dark=False,
    window=QColor("#f6f7f8"),
    panel=QColor("#ffffff"),
    line=QColor("#dfe3e6"),
    border=QColor("#c3cad0"),
    text=QColor("#1c2328"),
    muted=QColor("#5f6b74"),  # a shade below the drawing's #66727b: 4.5 to 1 on selection too
    accent=QColor("#1f6feb"),
    accent_hover=QColor("#1a61d1"),
    accent_text=QColor("#1a61d1"),
    on_accent=QColor("#ffffff"),
    selection=QColor("#e8f0fe"),
    hover=QColor("#f1f3f5"),
    track=QColor("#dfe3e6"),
    good=QColor("#1a7f5a"),
    warning=QColor("#8f5a00"),
    bad=QColor("#c0322b"),
)
DARK = Theme(
    dark=True,
    window=QColor("#16191c"),
    panel=QColor("#1e2226"),
    line=QColor("#31373d"),
    border=QColor("#454d55"),
    text=QColor("#e7eaed"),
    muted=QColor("#97a3ad"),
    accent=QColor("#6ea8ff"),
    accent_hover=QColor("#8abaff"),
    accent_text=QColor("#6ea8ff"),
    on_accent=QColor("#10161f"),
    selection=QColor("#21324d"),
    hover=QColor("#272c31"),
    track=QColor("#31373d"),
    good=QColor("#58c79a"),
    warning=QColor("#e3b04b"),
    bad=QColor("#ff8f86"),
)


class _Look(QObject):
    """Which theme is shown now, and whether it follows the system."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.theme = LIGHT
        self.mode = "system"
        self.follows: QApplication | None = None
        self.dressed = False
        self.font: QFont | None = None

    def show(self, app: QApplication) -> None:
        """Dress the application for the mode, or the colour scheme that holds now.

        The mode goes first: not every platform takes a scheme that is set. What is shown already
        is not put on again: every widget is styled anew by it, which takes 0.15 s.
        """
        scheme_is_dark = app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        dark = self.mode == "dark" or (self.mode != "light" and scheme_is_dark)
        theme = DARK if dark else LIGHT
        if self.dressed and theme is self.theme:
            return
        self.theme, self.dressed = theme, True
        app.setStyleSheet("")  # Qt changes one sheet for another in 130 ms, an empty one in 30
        app.setPalette(_palette(self.theme))
        sizes = {role: text_font(role).pointSizeF() for role in _SCALE}
        app.setStyleSheet(stylesheet(self.theme, sizes))
        self.changed.emit()


_look = _Look()


def current_theme() -> Theme:
    """The colours shown now; ask anew in every paint."""
    return _look.theme


def theme_changed() -> _Look:
    """Return what has the signal ``changed``, sent after the colours were exchanged."""
    return _look


def apply_theme(app: QApplication, mode: str = "system") -> None:
    """Dress the application; in mode ``system`` it follows the system from then on.

    Args:
        mode: ``system``, ``light`` or ``dark``; anything else counts as ``system``.
    """
    schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
    if _look.follows is not app:
        app.setStyle("Fusion")
        _look.follows, _look.font, _look.dressed = app, QFont(app.font()), False
        app.styleHints().colorSchemeChanged.connect(lambda _: _look.show(app))
    _look.mode = mode
    app.styleHints().setColorScheme(schemes.get(mode, Qt.ColorScheme.Unknown))
    _look.show(app)


def text_font(role: str = "body") -> QFont:
    """The system's font in one size of the type scale."""
    factor, weight = _SCALE[role]
    font = QFont(_look.font) if _look.font is not None else QFont()
    if font.pointSizeF() > 0:
        font.setPointSizeF(font.pointSizeF() * factor)
    else:
        font.setPixelSize(round(font.pixelSize() * factor))
    font.setWeight(weight)
    return font


def tabular(font: QFont) -> QFont:
    """The font with figures of one width, so that numbers stand in columns."""
    figures = QFont(font)
    figures.setFeature(QFont.Tag("tnum"), 1)
    return figures


def _palette(theme: Theme) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    colours = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.panel,
        role.AlternateBase: theme.window,
        role.Text: theme.text,
        role.PlaceholderText: theme.muted,
        role.Button: theme.panel,
        role.ButtonText: theme.text,
        role.BrightText: theme.bad,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Accent: theme.accent,
        role.Link: theme.accent_text,
        role.LinkVisited: theme.accent_text,
        role.ToolTipBase: theme.panel,
        role.ToolTipText: theme.text,
        role.Light: theme.panel,
        role.Midlight: theme.hover,
        role.Mid: theme.line,
        role.Dark: theme.border,
        role.Shadow: QColor("#000000"),
    }
    for which, colour in colours.items():
        palette.setColor(which, colour)
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, faded(theme))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, theme.track)
    return palette
