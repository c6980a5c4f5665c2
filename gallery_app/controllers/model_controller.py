"""The Model menu: training, versions and evaluation, joined to the panel and the dialogs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.errors import FaceGalleryError
from engine.progress import Measured
from engine.records.figures import Evaluation
from engine.records.jobs import ModelVersion, TrainingOutcome, TrainingRequest
from engine.records.training_parameters import Kind
from gallery_app.controllers.controller import Controller
from gallery_app.dialogs import file_choosers
from gallery_app.dialogs.evaluation_window import EvaluationWindow
from gallery_app.dialogs.retrain_dialog import RetrainDialog, RetrainState
from gallery_app.dialogs.training_report import TrainingReport
from gallery_app.dialogs.versions_dialog import VersionsDialog
from gallery_app.operations import models as models_operations
from gallery_app.operations.context import Context
from gallery_app.settings import VERSIONS
from gallery_app.state import ContentsChange
from gallery_app.window.main_window import MainWindow
from gallery_app.wording.model_words import stale_text

METHODS = ("knn", "mlp", "triplet", "auto")


class ModelController(Controller):
    """One method a menu entry, and what becomes of the answers."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self._outcome: TrainingOutcome | None = None
        self._versions: VersionsDialog | None = None
        self._evaluation: EvaluationWindow | None = None
        self._offered = False
        self._connect()

    def _connect(self) -> None:
        window, state = self._window, self._state
        self._on_actions(retrain=self.retrain, versions=self.versions, evaluate=self.evaluation)
        window.training.cancel_requested.connect(lambda: models_operations.cancel(self._context))
        window.training.report_requested.connect(self._show_report)
        state.gallery_changed.connect(self._gallery_changed)
        state.contents_changed.connect(self._contents_changed)

    # -- training ----------------------------------------------------------------------------

    def retrain(self) -> None:
        """Ask what to train, then train it."""
        if not self._refused_as_busy():
            models_operations.load_obstacle(self._context, self._ask)

    def _ask(self, obstacle: str) -> None:
        identities, faces = self._context.gallery.people.counts()
        dialog = RetrainDialog(RetrainState(identities, faces, obstacle), self._window)
        dialog.start_requested.connect(self.train)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def train(self, request: TrainingRequest) -> None:
        """Trains; the panel shows how it goes."""
        if self._refused_as_busy():
            return
        panel = self._window.training
        panel.start(request)
        models_operations.train(self._context, request, self._trained, self._watcher())

    def _trained(self, outcome: TrainingOutcome) -> None:
        self._outcome = outcome
        self._window.training.show_outcome(outcome)

    def _watcher(self) -> models_operations.Watcher:
        panel = self._window.training
        return models_operations.Watcher(panel.take, self._failed, self._cancelled)

    def _failed(self, error: BaseException) -> None:
        self._idle()
        self._window.training.show_failed(_words(error))

    def _cancelled(self) -> None:
        self._idle()
        self._window.training.show_cancelled()

    def _show_report(self) -> None:
        outcome = self._outcome
        if outcome is None or self._state.gallery is None:
            return
        ids = [model.id for model in outcome.models]

        def show(curves: Mapping[str, Sequence[Measured]]) -> None:
            TrainingReport(outcome, curves, self._window).open()

        models_operations.load_curves(self._context, ids, show)

    def _refused_as_busy(self) -> bool:
        busy = models_operations.is_busy(self._context)
        if busy:
            text = (
                "A training or evaluation is already running. Wait for it to finish, or cancel it."
            )
            self._window.message.show_info(text)
        return busy

    # -- versions ----------------------------------------------------------------------------

    def versions(self) -> None:
        """All versions, with what can be done to them."""
        if self._versions is None:
            context, dialog = self._context, VersionsDialog(self._window)
            dialog.activate_requested.connect(
                lambda model: models_operations.activate(context, model)
            )
            dialog.deactivate_requested.connect(self._deactivate)
            dialog.delete_requested.connect(lambda model: models_operations.delete(context, model))
            dialog.curves_requested.connect(
                lambda ids: models_operations.load_curves(context, ids, dialog.show_curves)
            )
            dialog.retrain_requested.connect(self.retrain)
            dialog.restore_columns(context.settings.get(VERSIONS))
            dialog.finished.connect(lambda _: context.settings.set(VERSIONS, dialog.column_state()))
            self._versions = dialog
        self._look()
        self._versions.show()
        self._versions.raise_()

    def _deactivate(self, kind: Kind) -> None:
        models_operations.deactivate(self._context, kind)

    def _gallery_changed(self) -> None:
        self._offered, self._outcome = False, None
        for dialog in (self._versions, self._evaluation):
            if dialog is not None:
                dialog.hide()
                dialog.deleteLater()
        self._versions = self._evaluation = None
        self._window.training.dismiss()
        self._look()

    def _contents_changed(self, change: ContentsChange) -> None:
        if change.faces or change.models:
            self._look()

    def _look(self) -> None:
        """What there is by way of models, and how stale it is."""
        if self._state.gallery is not None:
            models_operations.load_models(self._context, self._show_models)

    def _show_models(self, models: list[ModelVersion]) -> None:
        if self._versions is not None:
            self._versions.set_versions(models)
        stale = [model for model in models if model.active and model.stale]
        if stale and not self._offered and not models_operations.is_busy(self._context):
            self._offered = True  # once for a gallery; Versions… shows it at any time
            most = max(stale, key=lambda model: model.new_faces + model.gone_faces)
            self._window.message.show_info(
                f"The trained models are out of date: {stale_text(most)}.",
                "Retrain…",
                self.retrain,
            )

    # -- evaluation --------------------------------------------------------------------------

    def evaluation(self) -> None:
        """The window of figures, with the last ones in it."""
        if self._evaluation is None:
            window = EvaluationWindow(METHODS, self._window)
            window.evaluate_requested.connect(self._evaluate)
            window.save_requested.connect(self._save)
            self._evaluation = window
            models_operations.load_evaluation(self._context, self._show_evaluation)
        self._evaluation.show()
        self._evaluation.raise_()

    def _evaluate(self, protocols: Sequence[str], repeats: int, methods: Sequence[str]) -> None:
        if self._refused_as_busy():
            return
        if self._evaluation is not None:
            self._evaluation.show_running()
        self._window.training.start_evaluation()
        protocol = "both" if len(protocols) > 1 else protocols[0]
        models_operations.evaluate(
            self._context, protocol, repeats, methods, self._evaluated, self._watcher()
        )

    def _evaluated(self, evaluation: Evaluation) -> None:
        self._window.training.dismiss()
        self._idle()
        self.evaluation()
        self._show_evaluation(evaluation)

    def _show_evaluation(self, evaluation: Evaluation | None) -> None:
        if self._evaluation is not None and evaluation is not None:
            self._evaluation.show_evaluation(evaluation)

    def _idle(self) -> None:
        if self._evaluation is not None:
            self._evaluation.show_idle()

    def _save(self, evaluation: Evaluation) -> None:
        parent = self._evaluation or self._window
        path = file_choosers.choose_report(parent, self._context.settings, evaluation.gallery)
        if path is not None:
            models_operations.save_report(self._context, evaluation, path, self._saved)

    def _saved(self, path: Path) -> None:
        self._context.state.notice.emit(f"Report saved to {path}.")


def _words(error: BaseException) -> str:
    return error.reason if isinstance(error, FaceGalleryError) else str(error)
