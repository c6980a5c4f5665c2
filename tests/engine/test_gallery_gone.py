"""A gallery whose folder is deleted while it is open."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.errors import GalleryError
from engine.gallery import Gallery


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be deleted there")
def test_an_enrolment_into_a_deleted_gallery_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "gone.gallery"
    gallery = Gallery.create(folder, dimension=4)
    gallery.enroll("A", np.ones(4))
    shutil.rmtree(folder)
    with pytest.raises(GalleryError, match="gone"):
        gallery.enroll("B", np.arange(4))
    gallery.close()
