"""What looks wrong in a gallery: labels, merges, outliers, duplicates, too few faces."""

from engine.review.faces import Decided, Faces
from engine.review.queue import review

__all__ = ["Decided", "Faces", "review"]
