"""Strictness, what it promises on the open gallery, and the cohorts that this rests on."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from pathlib import Path

from engine.cohorts.cohort_library import CohortEntry
from engine.records.error_rates import ErrorRates
from engine.records.types import Strangers
from gallery_app import settings
from gallery_app.controllers.controller import Controller
from gallery_app.dialogs import file_choosers
from gallery_app.dialogs.error_rates_dialog import ErrorRatesDialog
from gallery_app.operations import cohorts, people, queries
from gallery_app.operations.context import Context
from gallery_app.state import ContentsChange
from gallery_app.window.main_window import MainWindow
from gallery_app.window.method_choice import STEPS, nearest_step

_BETWEEN = [math.sqrt(fpir * stricter) for fpir, stricter in itertools.pairwise(STEPS)]
FPIRS = (*STEPS, *_BETWEEN)
"""Where error rates are measured: the steps of the slider, and once between them for curves."""


class StrictnessController(Controller):
    """Joins the slider and the page of error rates to the gallery."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self._rates: Mapping[Strangers, ErrorRates] = {}
        self._cohorts: list[CohortEntry] = []
        self._dialog: ErrorRatesDialog | None = None
        state, self._panel = context.state, window.query.strictness
        state.fpir = STEPS[nearest_step(context.settings.get(settings.FPIR))]
        alike = context.settings.get(settings.STRANGERS) == "alike"
        state.strangers = "alike" if alike else "at-large"
        self._panel.show_fpir(state.fpir)
        self._panel.show_strangers(state.strangers)
        self._panel.changed.connect(lambda fpir: queries.set_strictness(context, fpir))
        self._panel.strangers_chosen.connect(lambda kind: queries.set_strangers(context, kind))
        self._panel.details_requested.connect(self.show_error_rates)
        self._on_actions(error_rates=self.show_error_rates)
        state.gallery_changed.connect(self._gallery_changed)
        state.contents_changed.connect(self._contents_changed)
        state.method_changed.connect(self._load)
        state.strictness_changed.connect(self._strictness_changed)

    def _gallery_changed(self) -> None:
        if self._dialog is not None:
            self._dialog.hide()
            self._dialog.deleteLater()
        self._dialog = None
        self._show_rates({})

    def _contents_changed(self, change: ContentsChange) -> None:
        if change.recognition:
            self._load()
        if change.cohorts and self._page is not None:
            cohorts.load_cohorts(self._context, self._show_cohorts)

    def _strictness_changed(self) -> None:
        state = self._state
        self._context.settings.set(settings.FPIR, state.fpir)
        self._context.settings.set(settings.STRANGERS, state.strangers)
        self._panel.show_fpir(state.fpir)
        self._panel.show_strangers(state.strangers)
        self._show_page()

    # -- error rates -------------------------------------------------------------------------

    def _load(self) -> None:
        if self._state.gallery is not None:
            people.load_error_rates(self._context, self._state.method, FPIRS, self._show_rates)

    def _show_rates(self, rates: Mapping[Strangers, ErrorRates]) -> None:
        self._rates = rates
        self._panel.show_rates(rates)
        self._show_page()

    # -- the page ----------------------------------------------------------------------------

    def show_error_rates(self) -> None:
        """Open the page, or bring it to the front."""
        cohorts.load_cohorts(self._context, self._open)

    def _open(self, entries: list[CohortEntry]) -> None:
        if self._dialog is None:
            dialog = ErrorRatesDialog(STEPS, self._window)
            dialog.file_requested.connect(self._add_file)
            dialog.folder_requested.connect(self._add_folder)
            dialog.remove_requested.connect(lambda name: cohorts.remove_cohort(self._context, name))
            self._dialog = dialog
        self._dialog.show()
        self._dialog.raise_()
        self._show_cohorts(entries)
        self._show_page()

    @property
    def _page(self) -> ErrorRatesDialog | None:
        """The page where it is open."""
        return self._dialog if self._dialog is not None and self._dialog.isVisible() else None

    def _show_page(self) -> None:
        page, state = self._page, self._state
        if page is None or not self._rates:
            return
        page.show_rates(self._rates, state.fpir, state.strangers)
        self._show_cohorts(self._cohorts)
        if page.is_measured():
            people.load_one_more(self._context, state.fpir, state.strangers, self._show_one_more)

    def _show_one_more(self, now: float | None, with_one_more: float | None) -> None:
        if self._page is not None:
            self._page.show_one_more(now, with_one_more)

    def _show_cohorts(self, entries: list[CohortEntry]) -> None:
        self._cohorts = entries
        gallery = self._state.gallery
        if self._page is not None and gallery is not None:
            self._page.show_cohorts(entries, self._rates.get("at-large"), gallery.dimension)

    def _add_file(self) -> None:
        parent = self._dialog or self._window
        self._add(file_choosers.choose_cohort(parent, self._context.settings))

    def _add_folder(self) -> None:
        parent, title = self._dialog or self._window, "Add a cohort"
        self._add(file_choosers.choose_folder(parent, self._context.settings, title))

    def _add(self, source: Path | None) -> None:
        if source is not None:
            cohorts.add_cohort(self._context, source)
