"""Error rates, and the strangers that they rest on, in words."""

from __future__ import annotations

from engine.records.error_rates import ErrorRates
from gallery_app.wording.number_words import people_text

FAMILIES = "No figure covers relatives and twins: they resemble one another more than any stranger."
STRANGERS = {"at-large": "People at large", "alike": "People like those enrolled"}
"""Whom a limit is for, by its value."""
_RULE_OF_THREE = 3.0
"""Where none of n strangers is named, up to 3 in n may be, with 95 % certainty (Hanley and
Lippman-Hand 1983, "If nothing goes wrong, is everything all right?")."""


def odds_text(share: float) -> str:
    """ "1 in 100"."""
    return f"1 in {round(1 / share):,}" if share > 0 else "none"


def limit_text(fpir: float, promised: float | None = None) -> str:
    """What a strictness promises about strangers, without a full stop.

    Args:
        promised: the share that is kept, where the gallery cannot promise ``fpir``.
    """
    return f"Up to {odds_text(max(fpir, promised or 0))} strangers is wrongly named"


def alike_text(fpir_alike: float) -> str:
    """What the limit for people at large means for those who are like the enrolled."""
    return f"Among people like those enrolled: about {odds_text(fpir_alike)}."


def basis_text(rates: ErrorRates, fpir: float) -> str:
    """Who the strangers are, and what so many of them can tell about a limit."""
    said = []
    if rates.cohort is not None:
        said.append(
            f"This limit rests on {people_text(rates.people)} of the cohort “{rates.cohort.name}”."
        )
        if rates.cohort.enrolled:
            said.append(
                f"{rates.cohort.enrolled:,} more look like people enrolled here and are left out."
            )
    elif rates.people:
        said.append(
            f"This limit rests on the {people_text(rates.people)} enrolled, each searched for as "
            "if not enrolled."
        )
    if rates.people and fpir * rates.people < _RULE_OF_THREE:
        least = odds_text(_RULE_OF_THREE / rates.people)
        said.append(f"So few strangers can show no limit below {least} with 95 % certainty.")
    return " ".join(said)


def refused_text(rates: ErrorRates) -> list[str]:
    """A sentence on each cohort that another network made."""
    return [
        f"The cohort “{name}” is not used: {share:.0%} of this gallery's faces were made by "
        "another network."
        for name, share in rates.refused
    ]


def missed_text(fnir: float | None) -> str:
    """Share of known faces that a strictness misses."""
    if fnir is None:
        return "unknown"
    if fnir == 0:
        return "none"
    if fnir < 0.0005:
        return "fewer than 1 in 1,000"
    if fnir < 0.01:
        return f"about {round(fnir * 1000)} in 1,000"
    return f"about {round(fnir * 100)} in 100"


def one_more_text(fnir: float, with_one_more: float) -> str:
    """What one more photograph of each person would win."""
    before, after = f"{100 * fnir:.1f}", f"{100 * with_one_more:.1f}"
    if before == after:
        return f"One more face of each person would change little: {before} in 100 are missed."
    return (
        f"With one more face of each person, about {after} in 100 known faces would be missed "
        f"instead of {before}."
    )
