"""The whole review: what is needed is searched once, and every finder that was asked for run."""

from __future__ import annotations

from collections.abc import Collection

from engine.progress import SILENT, Reporter
from engine.records.findings import KINDS, Balance, Finding, Kind, Review
from engine.review.duplicates import duplicates
from engine.review.faces import Faces
from engine.review.few import balance, few
from engine.review.judging import judge
from engine.review.labels import labels, outliers
from engine.review.merges import merge_findings, merges
from engine.review.nearest import Search, search


def review(
    faces: Faces,
    kinds: Collection[Kind] = KINDS,
    *,
    index: Search | None = None,
    reporter: Reporter = SILENT,
) -> Review:
    """Finds what looks wrong among faces.

    Args:
        index: of the gallery, for more faces than can be compared with one another.

    Raises:
        CancelledError: stopped by the reporter.
    """
    if not len(faces):
        return Review((), Balance((), (), 0) if "few" in kinds else None)
    nearest = search(faces, reporter, index)
    found: dict[Kind, list[Finding]] = {}
    if "duplicates" in kinds:
        found["duplicates"] = duplicates(faces, nearest)
    balanced = None
    if set(kinds) - {"duplicates"}:
        judgement = judge(faces, nearest, reporter)
        pairs = merges(faces, judgement)
        found["labels"] = labels(faces, judgement, {pair[:2] for pair in pairs})
        found["outliers"] = outliers(faces, judgement)
        found["merges"] = merge_findings(faces, pairs)
    if "few" in kinds:
        balanced = balance(faces, judgement, reporter)
        found["few"] = few(faces, balanced.enough)
    told = [one for kind in KINDS if kind in kinds for one in found[kind]]
    return Review(tuple(told), balanced)
