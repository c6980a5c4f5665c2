"""Neighbours, templates and models in; candidates with calibrated confidence and a verdict out."""

from engine.identification.agreement import disagreeing, widest_agreement
from engine.identification.auto import KNN_ALONE, Auto
from engine.identification.calibrating import calibrate, calibrate_from
from engine.identification.calibration import Calibration
from engine.identification.choosing import beats, choose, show
from engine.identification.identifier import Identifier
from engine.identification.knn import Knn
from engine.identification.mlp import Mlp
from engine.identification.templates import Templates, TemplateTable
from engine.identification.trials import Trials

__all__ = [
    "KNN_ALONE",
    "Auto",
    "Calibration",
    "Identifier",
    "Knn",
    "Mlp",
    "TemplateTable",
    "Templates",
    "Trials",
    "beats",
    "calibrate",
    "calibrate_from",
    "choose",
    "disagreeing",
    "show",
    "widest_agreement",
]
