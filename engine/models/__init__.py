"""What a trained model is: a scaler and weights for NumPy, in versions that can be put to use."""

from engine.models.network import Layer, Network
from engine.models.scaling import fit_scaler

__all__ = ["Layer", "Network", "fit_scaler"]
