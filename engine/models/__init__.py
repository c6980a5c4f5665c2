"""What a trained model is: a scaler and weights for NumPy, in versions that can be put to use."""

from engine.models.network import Layer, Network
from engine.models.scaling import fit_scaler
from engine.models.staleness import staleness
from engine.models.version_files import (
    CALIBRATION,
    KNN_CALIBRATION,
    KNN_TRIALS,
    TRIALS,
    Version,
    fingerprint_of,
    load_curves,
    load_faces,
    load_network,
    load_text,
    load_version,
)
from engine.models.versions import (
    VersionContent,
    adopt_version,
    delete_version,
    remove_orphans,
    remove_unfinished,
    version_id,
    write_version,
)

__all__ = [
    "CALIBRATION",
    "KNN_CALIBRATION",
    "KNN_TRIALS",
    "TRIALS",
    "Layer",
    "Network",
    "Version",
    "VersionContent",
    "adopt_version",
    "delete_version",
    "fingerprint_of",
    "fit_scaler",
    "load_curves",
    "load_faces",
    "load_network",
    "load_text",
    "load_version",
    "remove_orphans",
    "remove_unfinished",
    "staleness",
    "version_id",
    "write_version",
]
