"""Neighbours and templates in, candidates with calibrated confidence and a verdict out."""

from engine.identification.agreement import disagreeing
from engine.identification.calibrating import calibrate
from engine.identification.calibration import Calibration
from engine.identification.knn import Knn
from engine.identification.templates import Templates, TemplateTable

__all__ = ["Calibration", "Knn", "TemplateTable", "Templates", "calibrate", "disagreeing"]
