"""How a person asks a gallery who a face is: an embedding from a file, or an enrolled face."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import InputError
from engine.formats.checks import as_rows, check_vectors, is_usable
from engine.formats.photographs import read_photo
from engine.recognition.service import Recogniser
from engine.records.types import Evidence, Identification, Method, Vectors

_FPIR_REMEDY = "Give a number between 0 and 1, such as 0.01 for 1 stranger in 100."


class Asking:
    """The questions to a :class:`engine.gallery.Gallery`, and what they rest on."""

    _recogniser: Recogniser
    dimension: int

    def read_photo(self, path: str | Path) -> bytes:
        """A photograph beside a query as JPEG of at most 192 pixels a side.

        Raises:
            PhotoError: it is broken, too large or of another kind.
        """
        return read_photo(Path(path))

    def identify(
        self,
        queries: Vectors,
        *,
        k: int = 5,
        top: int = 5,
        method: Method = "auto",
        fpir: float = 0.01,
    ) -> Sequence[Identification]:
        """Tells who each query is.

        Args:
            queries: ``(d,)`` or ``(n, d)``.
            k: how many nearest faces are evidence.
            top: how many candidates, at most.
            fpir: the share of strangers that may get a name, in (0, 1).

        Raises:
            MismatchError: another dimension. EmbeddingError: a row is not finite or all zeros.
            InputError: ``fpir`` outside (0, 1).
        """
        if not 0 < fpir < 1:
            raise InputError(f"An FPIR of {fpir} is no share of strangers", remedy=_FPIR_REMEDY)
        rows = as_rows(queries)
        if len(rows) != 1 or not is_usable(rows[0], self.dimension):
            check_vectors(rows, dimension=self.dimension)
        return self._recogniser.identify(rows, method=method, k=k, top=top, fpir=fpir)

    def identify_enrolled(
        self,
        face: int,
        *,
        k: int = 5,
        top: int = 5,
        method: Method = "auto",
        fpir: float = 0.01,
    ) -> Identification:
        """Tells who an enrolled face would be if it were not enrolled: it is left out."""
        return self._recogniser.identify_enrolled(face, method=method, k=k, top=top, fpir=fpir)

    def evidence_for(
        self,
        query: Vectors,
        identity: int,
        *,
        method: str = "knn",
        k: int = 5,
        left_out: int | None = None,
    ) -> tuple[Evidence, ...]:
        """The faces of one identity that are nearest to a query ``(d,)``, nearest first.

        Args:
            method: as an answer names it, such as ``knn + triplet``: distances are those of its
                evidence.
            left_out: a face that is not to be among them.
        """
        return self._recogniser.evidence_for(query, identity, method=method, k=k, left_out=left_out)

    def missed(self, fpir: float, method: Method = "auto") -> float | None:
        """The share of enrolled people (FNIR on faces left out) that this FPIR would miss."""
        return self._recogniser.missed(fpir, method)

    def methods(self) -> tuple[str, ...]:
        """The methods that can be asked besides ``auto``: k-NN, and models that are in use."""
        return self._recogniser.methods()

    def auto(self) -> tuple[tuple[str, ...], str]:
        """The methods that ``auto`` stands for on this gallery, and one sentence that says why."""
        auto, basis = self._recogniser.auto(), self._recogniser.calibration().basis
        return auto.members, f"{auto.reason} {basis}".rstrip()
