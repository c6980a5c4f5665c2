"""How well faces would be recognised under labels that are only being considered."""

from __future__ import annotations

import numpy as np

from engine.identification.calibration import Calibration
from engine.identification.leaving_out import in_pieces, search_own
from engine.identification.logit import Flags
from engine.identification.templates import Templates
from engine.progress import SILENT, Reporter
from engine.records.changes import Recognition
from engine.records.types import Distance, Ids, Vectors


def recognition(
    faces: Vectors,
    owners: Ids,
    asked: Flags,
    calibration: Calibration,
    distance: Distance,
    reporter: Reporter = SILENT,
) -> Recognition:
    """Asks for some of the faces, each left out of the gallery, and counts the right answers.

    Args:
        faces: all of a gallery, prepared, ``(n, d)``.
        owners: a number for the identity of each, ``(n,)``.
        asked: which faces to ask for, ``(n,)``.
        calibration: says which candidate comes first.

    Raises:
        CancelledError: stopped by the reporter.
    """
    templates = Templates(faces.shape[1], distance)
    templates.add(owners, faces)
    table = templates.table()
    ids, rows, probes = np.arange(len(faces)), table.rows(owners), np.flatnonzero(asked)
    searches = search_own(
        (probes, rows[probes], faces[probes]),
        in_pieces(ids, rows, faces),
        len(faces),
        table,
        reporter,
        "Asking for faces",
    )
    odds = calibration.log_odds(searches.mated.features, searches.mated.filled)
    first = np.where(searches.mated.filled, odds, -np.inf).argmax(axis=1)
    right = (searches.truth() == first) & ~searches.alone
    return Recognition(int(right.sum()), int((~searches.alone).sum()))
