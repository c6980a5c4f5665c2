"""What looks wrong in a gallery: labels, merges, outliers, duplicates, too few faces."""

from engine.review.duplicates import exactly, limits_of
from engine.review.faces import Decided, Faces
from engine.review.nearest import Search
from engine.review.newcomers import nearest_own, twins
from engine.review.queue import review

__all__ = ["Decided", "Faces", "Search", "exactly", "limits_of", "nearest_own", "review", "twins"]
