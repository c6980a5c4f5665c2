"""Maps of a gallery: every face a point, so that faces that look alike lie beside one another."""

from engine.projection.layout import DIMENSIONS, METHODS, Layout, MapMethod
from engine.projection.placing import beside_neighbours
from engine.projection.principal import Principal
from engine.projection.separation import Separation, separation

__all__ = [
    "DIMENSIONS",
    "METHODS",
    "Layout",
    "MapMethod",
    "Principal",
    "Separation",
    "beside_neighbours",
    "separation",
]
