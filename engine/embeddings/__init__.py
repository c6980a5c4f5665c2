"""Reading embeddings and photographs that people hand in, and checking every one of them."""

from engine.embeddings.checks import as_rows, check_vectors, is_usable
from engine.embeddings.photos import photo_beside, read_photo
from engine.embeddings.reading import Reading, read_file, read_sources
from engine.embeddings.rows import chosen_rows
from engine.records.names import check_name, name_key, search_key, shown_name

__all__ = [
    "Reading",
    "as_rows",
    "check_name",
    "check_vectors",
    "chosen_rows",
    "is_usable",
    "name_key",
    "photo_beside",
    "read_file",
    "read_photo",
    "read_sources",
    "search_key",
    "shown_name",
]
