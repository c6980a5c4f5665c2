"""Error rates, and the strangers that they rest on, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from engine.cohorts.cohort_library import CohortEntry
from engine.records.error_rates import ErrorRate, ErrorRates
from engine.records.types import Strangers
from gallery_app.wording.number_words import faces_text, people_text, share_text

FAMILIES = "No figure covers relatives and twins: they resemble one another more than any stranger."
STRANGERS: Mapping[Strangers, str] = {
    "at-large": "People at large",
    "alike": "People like those enrolled",
}
"""Kinds of strangers that a limit can be for."""
KINDS = (
    "Which strangers the limit is for: people at large, or people like those enrolled, such as "
    "colleagues"
)
NO_COHORT = (
    "No cohort of strangers belongs to the network of this gallery's faces, so limits are for "
    "people like those enrolled. Model ▸ Error rates… adds one."
)
COHORTS = (
    "A cohort is faces of people who are enrolled nowhere. Limits for people at large rest on the "
    "cohorts of the network that made this gallery's faces."
)
TOO_FEW_ALIKE = "This gallery is too small to tell about people like those enrolled."
NOT_MEASURED = (
    "They are measured on this gallery's own faces: enroll two people or more, with two faces each."
)
ONE_MORE_PENDING = "Measuring what one more face of each person would win…"
ONE_MORE_UNKNOWN = "What one more face of each person would win cannot be told for this gallery."
_NAMED: Mapping[Strangers, str] = {
    "at-large": "strangers",
    "alike": "people like those enrolled",
}
_HALF = 0.5
_ROUNDING = 1e-9
_RULE_OF_THREE = 3.0
"""Where none of n strangers is named, up to 3 in n may be, with 95 % certainty (Hanley and
Lippman-Hand 1983, "If nothing goes wrong, is everything all right?")."""


def odds_text(share: float) -> str:
    """ "1 in 100"; never stricter than the share is."""
    if share > _HALF:
        return "more than half"
    return f"1 in {int(1 / share + _ROUNDING):,}" if share > 0 else "none"


def about_text(share: float) -> str:
    """ "about 1 in 50"."""
    odds = odds_text(share)
    return f"about {odds}" if odds.startswith("1 in") else odds


def limit_text(
    fpir: float, strangers: Strangers = "at-large", promised: float | None = None
) -> str:
    """What a strictness promises, without a full stop.

    Args:
        promised: the share that is kept, where the gallery cannot promise ``fpir``.
    """
    share = max(fpir, promised or 0)
    if share > _HALF:
        return "No limit can be promised"
    return f"Up to {odds_text(share)} {_NAMED[strangers]} is wrongly named"


def strictness_text(rate: ErrorRate, strangers: Strangers) -> str:
    """What a strictness promises on a gallery, and what that costs."""
    limit = limit_text(rate.fpir, strangers, rate.promised)
    if rate.fnir is None:
        return f"{limit}."
    missed = "no" if rate.fnir == 0 else missed_text(rate.fnir)
    return f"{limit}; {missed} known faces are missed."


def alike_text(fpir_alike: float) -> str:
    """What the limit for people at large means for those who are like the enrolled."""
    return f"Among people like those enrolled: {about_text(fpir_alike)}."


def remarks_text(rates: ErrorRates, fpir: float, strangers: Strangers) -> str:
    """What a strictness does not promise, or not to all."""
    rate = rates.at(fpir)
    said = []
    if rate is not None and rate.promised > fpir:
        said.append(f"This gallery is too small for a limit of {odds_text(fpir)}.")
    if rate is not None and rates.cohort is not None and strangers == "at-large":
        alike = rate.fpir_alike
        said.append(TOO_FEW_ALIKE if alike is None else alike_text(alike))
    return " ".join(said)


def basis_text(rates: ErrorRates, fpir: float) -> str:
    """Who the strangers are, and what so many of them can tell about a limit."""
    said, people = [], rates.people
    if rates.cohort is not None:
        kept = rates.cohort.kept
        people -= kept  # they tell nothing of rare scores
        beside = f" and {people_text(kept)} kept as strangers" if kept else ""
        said.append(f"This limit rests on {people_text(people)} of “{rates.cohort.name}”{beside}.")
        if rates.cohort.enrolled:
            said.append(
                f"{rates.cohort.enrolled:,} more look like people enrolled here and are left out."
            )
    elif rates.people:
        said.append(
            f"This limit rests on the {people_text(rates.people)} enrolled, each searched for as "
            "if not enrolled."
        )
    if people > 0 and fpir * people < _RULE_OF_THREE:
        said.append(_certain_text(_RULE_OF_THREE / people))
    return " ".join(said)


def _certain_text(least: float) -> str:
    if least > _HALF:
        return "So few can show no limit with 95 % certainty."
    return f"That many can show limits down to {odds_text(least)} with 95 % certainty."


def refused_text(rates: ErrorRates) -> list[str]:
    """A sentence on each cohort that another network made."""
    return [
        f"The cohort “{name}” is not used: another network made {share_text(share, 0)} of this "
        "gallery's faces."
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
    if before == after or with_one_more > fnir:
        return f"One more face of each person would change little: {before} in 100 are missed."
    return (
        f"With one more face of each person, about {after} in 100 known faces would be missed "
        f"instead of {before}."
    )


def origin_text(entry: CohortEntry) -> str:
    """Where a cohort came from."""
    return "with the program" if entry.bundled else "added"


def contents_text(entry: CohortEntry) -> str:
    """What a cohort holds; nothing where it cannot be read."""
    if entry.problem:
        return ""
    faces, people = faces_text(entry.faces), people_text(entry.people)
    return f"{faces} of {people}, {entry.dimension} numbers a face"


def use_text(
    entry: CohortEntry, rates: ErrorRates | None, dimension: int
) -> tuple[str, Literal["", "good", "warning"]]:
    """Whether a cohort is used for a gallery, or why not; and its tone.

    Args:
        rates: of the gallery for people at large; None while they are unknown.
        dimension: of the gallery's faces.
    """
    if entry.problem:
        return f"{entry.problem}.", "warning"
    if entry.dimension != dimension:
        return f"Not used here: faces of this gallery have {dimension} numbers.", "warning"
    if rates is None:
        return "", ""
    if entry.name in (share := dict(rates.refused)):
        alien = f"{share_text(share[entry.name], 0)} of this gallery's faces"
        return f"Not used here: another network made {alien}.", "warning"
    if rates.cohort is None:
        return "Not used here yet: too few faces are enrolled.", ""
    return "Used for this gallery.", "good"
