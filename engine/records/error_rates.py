"""How often a gallery is wrong: about strangers it names, and about known people it misses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ErrorRate:
    """Both errors at one strictness.

    Attributes:
        fpir: asked share of strangers that may be named (ISO/IEC 19795-1).
        promised: the share that is kept: the asked one, or the smallest that can be promised.
        fnir: share of faces of enrolled people, each left out in turn, that are not named
            correctly; None if unknown.
        fpir_alike: share of strangers who are like the enrolled that are named where ``fpir`` is
            of people at large; None where it cannot be told, or is the asked share itself.
    """

    fpir: float
    promised: float
    fnir: float | None
    fpir_alike: float | None = None


@dataclass(frozen=True)
class CohortUse:
    """A cohort that thresholds of a gallery rest on.

    Attributes:
        name: what a person calls it.
        faces, people: how many it has.
        enrolled: people of it who look like enrolled ones so surely that they are left out.
        kept: people used beside it, whom somebody kept in the gallery as strangers.
    """

    name: str
    faces: int
    people: int
    enrolled: int
    kept: int = 0


@dataclass(frozen=True)
class ErrorRates:
    """Errors of one method on one gallery.

    Attributes:
        rates: from lenient to strict.
        strictest: smallest share of strangers that can be promised; 1 where none can.
        people: number of strangers that the promise rests on.
        cohort: where they come from; None where they are the enrolled people, each left out.
        refused: names of cohorts that another network made, with the share of the gallery's
            faces that do not fit them.
    """

    rates: tuple[ErrorRate, ...]
    strictest: float
    people: int
    cohort: CohortUse | None
    refused: tuple[tuple[str, float], ...]

    def at(self, fpir: float) -> ErrorRate | None:
        """Both errors at one of the shares that were asked about."""
        return next((rate for rate in self.rates if rate.fpir == fpir), None)
