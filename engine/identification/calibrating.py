"""Fits a calibration to a gallery: what its scores mean, learned from its own faces."""

from __future__ import annotations

import numpy as np

from engine.distances import prepare
from engine.identification.agreement import widest_agreement
from engine.identification.calibration import BY_TEMPLATE, Calibration
from engine.identification.learning import as_calibration, learn
from engine.identification.leaving_out import sample, search_own
from engine.identification.templates import Templates
from engine.progress import SILENT, Reporter
from engine.types import Distance, Ids, Vectors

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
    """Learns from a gallery what its scores mean.

    Half of the queries are taken to be strangers: the faces searched without their own identity
    weigh as much as the faces searched without themselves. Of more than 5,000 faces (fewer in
    galleries above 40,000, never under 1,000) an even sample is searched, against all.

    Args:
        ids, identity_ids: of each face, ``(n,)``; the order of the faces does not matter.
        vectors: as they came, ``(n, d)``.
        seed: of the sample and the folds; the same gallery and seed give the same calibration.

    Raises:
        CancelledError: stopped by the reporter.
    """
    order = np.argsort(ids, kind="stable")
    faces = prepare(vectors[order], distance)
    templates = Templates(vectors.shape[1], distance)
    templates.add(identity_ids[order], vectors[order])
    table = templates.table()
    owners = table.rows(identity_ids[order])
    random = np.random.default_rng(seed)
    probes = sample(len(faces), random)
    agreement = widest_agreement(faces, owners, probes, distance, random)
    if len(table) < 2:
        return Calibration(len(table), BY_TEMPLATE, False, (), (), (), agreement)
    searches = search_own(faces, owners, probes, table, reporter, _STAGE)
    learned = learn(searches, random, BY_TEMPLATE)
    reporter.progress(_STAGE, len(probes), len(probes))
    return as_calibration(learned, searches, identities=len(table), agreement=agreement)
