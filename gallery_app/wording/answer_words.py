"""What the list of answers says."""

from __future__ import annotations

from collections.abc import Mapping

from engine.records.detections import ENROLLED_SIDE
from engine.utils.number_text import counted
from gallery_app.face_queries import SURE_NAME, SURE_STRANGER, Standing
from gallery_app.wording.number_words import faces_text, people_text

FILTERS: Mapping[Standing | None, str] = {
    None: "All",
    "known": "Known",
    "unsure": "Unsure",
    "unknown": "Unknown",
    "enrolled": "Enrolled",
}
"""What can be shown alone; None for everything."""
FILTER_TIPS: Mapping[Standing | None, str] = {
    None: "Every answer",
    "known": f"Recognised with a confidence of at least {SURE_NAME:.0%}".replace("%", " %"),
    "unsure": (
        f"Worth a look: recognised with a confidence below {SURE_NAME:.0%}, or not recognised "
        f"although the closest match has at least {SURE_STRANGER:.0%}, or recognised in a face "
        f"smaller than {ENROLLED_SIDE} pixels"
    ).replace("%", " %"),
    "unknown": f"Not recognised, and no match has {SURE_STRANGER:.0%}".replace("%", " %"),
    "enrolled": "This very face is in the gallery",
}
FORMATS: Mapping[str, str] = {"csv": "As CSV table…", "json": "As JSON…"}
NOTHING_FOUND = "No answer passes this filter and search."


def verdict_text(standing: Standing, *, known: bool) -> str:
    """ "Known", "Unknown, unsure"."""
    if standing == "enrolled":
        return "Enrolled"
    verdict = "Known" if known else "Unknown"
    return f"{verdict}, unsure" if standing == "unsure" else verdict


def tone(standing: Standing) -> str:
    """The colour of a verdict."""
    tones = {"known": "good", "unsure": "warning", "unknown": "muted", "enrolled": "muted"}
    return tones[standing]


def filter_text(standing: Standing | None, count: int) -> str:
    """Of a button that shows these alone."""
    return f"{FILTERS[standing]} {count:,}"


def chosen_text(shown: int, total: int, selected: int) -> str:
    """How many answers are listed and selected."""
    of = counted(total, "answer") if shown == total else f"{shown:,} of {total:,} answers"
    return f"{of}, {selected:,} selected" if selected > 1 else of


def unsure_text(unsure: int, known: int) -> str:
    """How many of those that would be confirmed are worth a look first; "" where none is."""
    return f" · {unsure:,} of the {known:,} to confirm are unsure" if unsure else ""


def small_text(count: int) -> str:
    """That small faces are not confirmed among many."""
    which = "1 face is" if count == 1 else f"{count:,} faces are"
    return (
        f"{which} smaller than {ENROLLED_SIDE} pixels and not confirmed with the others: select "
        "one alone to confirm it"
    )


def confirm_text(count: int) -> str:
    """Of the button that enrols known queries under their names."""
    return f"Confirm {count:,}" if count > 1 else "Confirm"


def enroll_text(count: int) -> str:
    """Of the button that enrols queries under a name that is asked for."""
    return f"Enroll {count:,} as…" if count > 1 else "Enroll as…"


def keep_text(count: int) -> str:
    """Of the button that keeps queries as unknown faces."""
    return f"Keep {count:,} as unknown" if count > 1 else "Keep as unknown"


def confirmed_text(added: int, people: int, duplicates: int) -> str:
    """What a confirmation of several queries did."""
    twice = f" {faces_text(duplicates)} had been enrolled before." if duplicates else ""
    return f"{faces_text(added)} added to {people_text(people)}; undo removes all of them.{twice}"


def kept_text(count: int, asked: int) -> str:
    """What keeping queries as unknown faces did."""
    if not count:
        return "These faces are among the unknown ones already."
    already = f"; {asked - count:,} were there already" if count < asked else ""
    return f"{faces_text(count)} kept under Unknown{already}."


def saved_text(count: int, name: str) -> str:
    """What saving answers did."""
    return f"{counted(count, 'answer')} saved to {name}."
