"""Fits a calibration to a gallery: what its scores mean, learned from its own faces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from engine.identification.agreement import pairs_of, widest
from engine.identification.calibration import BY_TEMPLATE, Calibration
from engine.identification.learning import as_calibration, learn
from engine.identification.leaving_out import Piece, sample, search_own
from engine.identification.templates import Templates, TemplateTable
from engine.progress import SILENT, Reporter
from engine.records.types import Distance, Ids, Vectors
from engine.utils.distances import prepare
from engine.utils.exact_neighbours import AT_ONCE

Fetch = Callable[[Ids | None], Iterable[tuple[Ids, Ids, Vectors]]]
"""Face ids, or None for all, to ids, identity ids and vectors as they came, some at a time."""
_STAGE = "Calibrating"


def calibrate(
    ids: Ids,
    identity_ids: Ids,
    vectors: Vectors,
    distance: Distance,
    *,
    seed: int = 0,
    reporter: Reporter = SILENT,
) -> Calibration:
    """The same as :func:`calibrate_from`, from faces in memory.

    Args:
        ids, identity_ids: of each face, ``(n,)``; the order of the faces does not matter.
        vectors: as they came, ``(n, d)``.
    """
    order = np.argsort(ids, kind="stable")
    faces, owners, rows = ids[order], identity_ids[order], vectors[order]
    templates = Templates(vectors.shape[1], distance)
    templates.add(owners, rows)

    def fetch(wanted: Ids | None) -> Iterator[tuple[Ids, Ids, Vectors]]:
        chosen = np.arange(len(faces)) if wanted is None else np.searchsorted(faces, wanted)
        for start in range(0, len(chosen), AT_ONCE):
            part = chosen[start : start + AT_ONCE]
            yield faces[part], owners[part], rows[part]

    return calibrate_from(faces, owners, fetch, templates.table(), seed=seed, reporter=reporter)


def calibrate_from(
    ids: Ids,
    identity_ids: Ids,
    fetch: Fetch,
    table: TemplateTable,
    *,
    seed: int = 0,
    reporter: Reporter = SILENT,
) -> Calibration:
    """Learns from a gallery what its scores mean.

    Half of the queries are taken to be strangers: the faces searched without their own identity
    weigh as much as the faces searched without themselves. Of more than 10,000 faces an even
    sample is searched, each against all: the more faces there are, the nearer a stranger's best
    one is, so that a threshold fitted against a part of the gallery would not keep its promise.

    Args:
        ids, identity_ids: of each face, ``(n,)``, ascending by id.
        table: templates of all identities.
        seed: of the sample and the folds; the same gallery and seed give the same calibration.

    Raises:
        CancelledError: stopped by the reporter.
    """
    random = np.random.default_rng(seed)
    rows = sample(len(ids), random)
    one, other = pairs_of(identity_ids, rows, random)
    some = np.union1d(ids[rows], ids[other])
    known, owners, faces = _joined(_pieces(fetch(some), table), table)
    agreement = widest(*_both(known, faces, ids[one], ids[other]), table.distance)
    nothing = Calibration(len(table), BY_TEMPLATE, False, (), (), (), agreement)
    if len(table) < 2 or not len(known):
        return nothing
    asked = np.isin(known, ids[rows])
    probes = known[asked], owners[asked], faces[asked]
    pieces = _pieces(fetch(None), table)
    searches = search_own(probes, pieces, len(ids), table, reporter, _STAGE)
    learned = learn(searches, random, BY_TEMPLATE, reporter.check)
    reporter.progress(_STAGE, len(ids), len(ids))
    made = as_calibration(learned, searches, identities=len(table), agreement=agreement)
    return replace(made, faces=len(ids)) if len(rows) < len(ids) else made


def _pieces(parts: Iterable[tuple[Ids, Ids, Vectors]], table: TemplateTable) -> Iterator[Piece]:
    """Faces of those that have a template: a reader may see others come meanwhile."""
    for ids, identity_ids, vectors in parts:
        owners = table.rows(identity_ids)
        known = owners >= 0
        yield ids[known], owners[known], prepare(vectors[known], table.distance)


def _joined(pieces: Iterable[Piece], table: TemplateTable) -> Piece:
    parts = list(pieces)
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64), table.means[:0]
    ids, owners, faces = (np.concatenate(column) for column in zip(*parts, strict=True))
    return ids, owners, faces


def _both(known: Ids, faces: Vectors, one: Ids, other: Ids) -> tuple[Vectors, Vectors]:
    """The vectors of pairs of faces, given by their ids, that are both known (ascending)."""
    there = np.isin(one, known) & np.isin(other, known)
    left, right = np.searchsorted(known, one[there]), np.searchsorted(known, other[there])
    return faces[left], faces[right]
