"""Colours that can be read, icons that follow them."""

from __future__ import annotations

import gc
import re

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QProxyStyle, QPushButton, QStyle
from pytestqt.qtbot import QtBot

from gallery_app.theme.colours import (
    DARK,
    LIGHT,
    Theme,
    apply_theme,
    current_theme,
    tabular,
    text_font,
    theme_changed,
)
from gallery_app.theme.icons import FOLDER, app_icon, icon
from gallery_app.theme.oklab import to_colors, to_pixels
from tests.app.widgets.drawing import pixels

NAMES = sorted(file.stem for file in FOLDER.glob("*.svg") if file.stem != "app")
ROLES = ("text", "muted", "accent", "on_accent", "good", "warning", "bad")
GROUNDS = ("window", "panel", "selection", "hover")
PAIRS = [
    *((words, ground) for words in ("text", "muted", "accent_text") for ground in GROUNDS),
    *((words, ground) for words in ("good", "warning", "bad") for ground in GROUNDS[:2]),
    ("on_accent", "accent"),
    ("on_accent", "accent_hover"),
]


def luminance(color: QColor) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [color.redF(), color.greenF(), color.blueF()]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: QColor, other: QColor) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("words", "ground"), PAIRS)
def test_words_stand_out_from_every_ground_they_are_written_on(
    theme: Theme, words: str, ground: str
) -> None:
    assert contrast(getattr(theme, words), getattr(theme, ground)) >= 4.5


def test_the_palette_and_the_style_sheet_follow_the_mode(mode: str, qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme = current_theme()
    assert theme.dark == (mode == "dark")
    assert app.palette().window().color() == theme.window
    assert theme.accent.name() in app.styleSheet()
    assert not re.search(r"\$\w", app.styleSheet())


def test_a_change_of_colours_is_told(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    with qtbot.waitSignal(theme_changed().changed):
        apply_theme(app, "dark")
    apply_theme(app, "light")


def test_colours_that_are_shown_already_are_not_put_on_again(mode: str, qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    with qtbot.assertNotEmitted(theme_changed().changed):
        apply_theme(app, mode)


def test_an_unknown_mode_counts_as_the_systems(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, "purple")
    assert current_theme() in (LIGHT, DARK)


def test_the_type_scale_goes_down_from_title_to_small(mode: str) -> None:
    sizes = [text_font(r).pointSizeF() for r in ("display", "title", "heading", "body", "small")]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == len(sizes)


def test_applying_the_theme_again_does_not_let_the_fonts_grow(mode: str) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before = text_font("title").pointSizeF()
    for _ in range(3):
        apply_theme(app, mode)
    assert text_font("title").pointSizeF() == before


def test_tabular_figures_do_not_change_the_font_they_are_made_from(mode: str) -> None:
    plain = text_font()
    assert tabular(plain).featureTags()
    assert not plain.featureTags()


@pytest.mark.parametrize("name", NAMES)
def test_every_icon_is_drawn(name: str, mode: str) -> None:
    drawn = pixels(icon(name).pixmap(QSize(24, 24), 1.0).toImage())
    assert (drawn[..., 3] > 128).sum() > 20


@pytest.mark.parametrize("name", NAMES)
def test_every_line_icon_is_on_the_same_grid(name: str) -> None:
    source = (FOLDER / f"{name}.svg").read_text()
    assert 'viewBox="0 0 24 24"' in source
    assert 'stroke-width="1.75"' in source
    assert 'stroke-linecap="round"' in source


@pytest.mark.parametrize("role", ROLES)
def test_an_icon_takes_the_colour_of_its_role(role: str, mode: str) -> None:
    image = icon("sample", role).pixmap(QSize(48, 48), 1.0).toImage()  # type: ignore[arg-type]
    drawn = pixels(image)
    solid = drawn[drawn[..., 3] == 255][:, :3]
    expected = getattr(current_theme(), role).getRgb()[:3]
    assert abs(solid.mean(axis=0) - expected).max() < 2


def test_an_icon_made_before_follows_a_change_of_theme(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, "light")
    search = icon("search")
    light = search.pixmap(QSize(24, 24), 1.0).toImage()
    apply_theme(app, "dark")
    dark = search.pixmap(QSize(24, 24), 1.0).toImage()
    apply_theme(app, "light")
    assert light != dark


def test_a_disabled_icon_is_fainter(mode: str) -> None:
    search = icon("search")
    size = QSize(24, 24)
    assert (
        search.pixmap(size, 1.0, QIcon.Mode.Disabled).toImage()
        != search.pixmap(size, 1.0, QIcon.Mode.Normal).toImage()
    )


def test_an_icon_is_sharp_at_double_scale(mode: str) -> None:
    pixmap = icon("search").pixmap(QSize(24, 24), 2.0)
    assert (pixmap.width(), pixmap.devicePixelRatio()) == (48, 2.0)


def test_icons_survive_copies_that_are_changed(mode: str, qtbot: QtBot) -> None:
    for _ in range(300):
        button = QPushButton(icon("search"), "")
        copy = QIcon(button.icon())
        copy.addPixmap(QPixmap(4, 4))
        assert not copy.pixmap(QSize(16, 16), 1.0).isNull()
        del button, copy
    gc.collect()


def test_a_name_without_an_icon_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon")


def test_the_application_icon_is_drawn(qtbot: QtBot) -> None:
    assert not app_icon().pixmap(64, 64).isNull()


def test_white_and_black_are_white_and_black_in_oklab() -> None:
    packed = to_pixels(np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    assert packed.tolist() == [0xFFFFFFFF, 0xFF000000]
    assert to_colors(np.array([[1.0, 0.0, 0.0]]))[0].name() == "#ffffff"


class _Iconed(QProxyStyle):
    """A system whose dialog buttons have icons, as most Linux desktops."""

    def styleHint(self, hint, option=None, widget=None, returned=None):  # type: ignore[no-untyped-def]
        if hint == QStyle.StyleHint.SH_DialogButtonBox_ButtonsHaveIcons:
            return 1
        return super().styleHint(hint, option, widget, returned)


def test_dialog_buttons_have_no_icons_whatever_the_system_has(mode: str, qtbot: QtBot) -> None:
    box = QDialogButtonBox()
    qtbot.addWidget(box)
    system = _Iconed()
    box.setStyle(system)
    box.setStandardButtons(
        QDialogButtonBox.StandardButton.Cancel | QDialogButtonBox.StandardButton.Close
    )
    hint = QStyle.StyleHint.SH_DialogButtonBox_ButtonsHaveIcons
    assert system.styleHint(hint, None, box) == 1
    assert not box.style().styleHint(hint, None, box)
