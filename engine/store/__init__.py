"""The data of a gallery: identities, faces, embeddings, thumbnails and history in SQLite."""

from engine.store.store import Store

__all__ = ["Store"]
