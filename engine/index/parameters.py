"""How a graph is built and searched."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HnswParameters:
    """How the graph is built and searched.

    Attributes:
        M: links of a face on each layer above the lowest (twice as many there).
        ef_construction: breadth of the search for a new face's links.
        ef: breadth of a query until it is chosen by measurement; one with k above ``ef / 4`` is
            as broad as ``4 k``.
        seed: of the faces' layers. Adding with one thread, the same seed gives the same graph.
    """

    M: int = 16
    ef_construction: int = 100
    ef: int = 100
    seed: int = 1
