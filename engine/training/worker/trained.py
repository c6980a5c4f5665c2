"""What one training brings."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.models.network import Network
from engine.progress import Measured


@dataclass(frozen=True, eq=False)
class Trained:
    """A network and how it came about.

    Attributes:
        network: of the best epoch. For an MLP it gives one logit (not a probability) for each
            label, in their order; for a triplet model a unit vector.
        curves: one point an epoch.
        collapsed: all outputs are nearly the same (triplet).
        best_epoch: whose weights were kept, from 1; 0 for the start, where no epoch was better.
        remarks: sentences for the person, such as why it stopped or was restarted.
        caveat: what was done with less than all there is, where that is too much; "" elsewhere.
    """

    network: Network
    curves: tuple[Measured, ...]
    best_epoch: int
    collapsed: bool = False
    remarks: tuple[str, ...] = field(default=())
    caveat: str = ""
