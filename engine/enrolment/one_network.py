"""Sees that all faces of a gallery come from one embedding network."""

from __future__ import annotations

from contextlib import suppress

from engine import embeddings
from engine.errors import GalleryError, MismatchError
from engine.store import Store
from engine.tools.fingerprint import SAMPLE, Fingerprint
from engine.types import FaceBatch

_REMEASURE_BELOW = 500  # a fingerprint of fewer faces is measured anew when faces come in
_FEW_PEOPLE = 20  # likewise one of fewer people


class OneNetwork:
    """The fingerprint of one gallery, kept among its settings."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, batch: FaceBatch) -> None:
        """Whether a batch can be enrolled here.

        Raises:
            MismatchError: another dimension or network. EmbeddingError: a row is no embedding.
        """
        embeddings.check_vectors(batch.vectors[:], dimension=self._store.dimension)
        self.check_network(batch)

    def check_network(self, batch: FaceBatch) -> None:
        """Whether sound vectors of the right dimension can be. Raises MismatchError."""
        known = self._known()
        if known is None or not len(batch):
            return
        try:
            known.check(Fingerprint.of(batch.vectors), self._store.distance)
        except MismatchError as error:
            raise MismatchError(error.problem, file=batch.files[0], remedy=error.remedy) from None

    def remember(self) -> None:
        """Measures anew what vectors of this gallery are like, while it is small.

        Called when faces are in: a disk that refuses this has not refused them.
        """
        with suppress(GalleryError):  # it is measured when the next ones come
            kept = self._store.settings.get("fingerprint")
            known = None if kept is None else Fingerprint.from_json(kept)
            if known is None or known.count < _REMEASURE_BELOW or known.people < _FEW_PEOPLE:
                measured = self._measured()
                if measured is not None:
                    self._store.settings.set("fingerprint", measured.to_json())

    def _known(self) -> Fingerprint | None:
        kept = self._store.settings.get("fingerprint")
        if kept is not None:
            return Fingerprint.from_json(kept)
        return self._measured()  # somebody was erased, and it with them

    def _measured(self) -> Fingerprint | None:
        """Of a sample of the enrolled faces; None where there is none."""
        _, owners, vectors = self._store.faces.vectors(self._store.faces.evenly_spaced(SAMPLE))
        faces = self._store.people.counts()[1]
        return Fingerprint.of(vectors, owners, faces) if len(vectors) else None
