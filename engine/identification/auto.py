"""What the method ``auto`` stands for on one gallery."""

from __future__ import annotations

from dataclasses import dataclass

from engine.identification.calibration import Calibration


@dataclass(frozen=True)
class Auto:
    """A choice among the methods.

    Attributes:
        members: the method, or those that are fused.
        calibration: of the fusion; None for a single method, which has its own.
        reason: one sentence for the person.
    """

    members: tuple[str, ...]
    calibration: Calibration | None
    reason: str


KNN_ALONE = Auto(("knn",), None, "No trained model is in use, so auto is k-NN.")
