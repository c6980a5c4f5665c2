"""The data of a gallery: identities, faces, embeddings, thumbnails and history in SQLite."""

from engine.store.gallery_store import Store

__all__ = ["Store"]
