"""How much of a gallery a trained model has not seen."""

from __future__ import annotations

import numpy as np

from engine.records.types import Ids


def staleness(seen_faces: Ids, seen_owners: Ids, faces: Ids, owners: Ids) -> tuple[int, int, int]:
    """New identities, new faces and gone faces since a model was trained.

    A face that has another identity now counts as one new and one gone.

    Args:
        seen_faces: the faces it was trained on, ascending, each once; ``seen_owners`` the
            identity of each.
        faces, owners: those of the gallery now, in any order.
    """
    places = np.searchsorted(seen_faces, faces)
    places[places == len(seen_faces)] = 0
    if len(seen_faces):
        stayed = (seen_faces[places] == faces) & (seen_owners[places] == owners)
        same = int(np.count_nonzero(stayed))
    else:
        same = 0
    new_identities = np.setdiff1d(owners, seen_owners)  # each once
    return len(new_identities), len(faces) - same, len(seen_faces) - same
