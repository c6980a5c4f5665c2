"""All methods at hand behind one question: who is it, by which method, and do they agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.errors import InputError
from engine.identification.answers import Names, answers
from engine.identification.auto import KNN_ALONE, Auto
from engine.identification.calibration import Calibration
from engine.identification.fusion import fuse
from engine.identification.knn import Knn
from engine.identification.look import Look
from engine.identification.mlp import Mlp
from engine.types import Identification, Ids, Opinion, Vectors

_BLOCK = 1_000
"""Queries answered at once."""
Refused = Sequence[frozenset[int]]


class Identifier:
    """Answers queries by any of a gallery's methods.

    Attributes:
        methods: by name; always with ``knn``.
        auto: what the method ``auto`` stands for.
    """

    def __init__(
        self,
        knn: Knn,
        *,
        names: Names,
        triplet: Knn | None = None,
        mlp: Mlp | None = None,
        auto: Auto = KNN_ALONE,
    ) -> None:
        self.methods: Mapping[str, Knn | Mlp] = {
            method.name: method for method in (knn, triplet, mlp) if method is not None
        }
        self.auto = auto
        self._knn = knn
        self._names = names

    def identify(
        self,
        queries: Vectors,
        *,
        method: str = "auto",
        refused: Refused | None = None,
        k: int = 5,
        top: int = 5,
        fpir: float = 0.01,
    ) -> list[Identification]:
        """Tells who each query ``(m, d)`` is.

        Args:
            refused: for each query the identities that it is known not to be.
            k: how many nearest faces are shown as evidence.
            top: how many candidates, at most; more than come into question are not listed.
            fpir: the share of strangers that may get a name, in (0, 1).

        Raises:
            InputError: there is no such method, or no model of it is in use.
        """
        self._require(method)
        made: list[Identification] = []
        for start in range(0, len(queries), _BLOCK):
            part = slice(start, start + _BLOCK)
            looks = {name: _looker(one, k)(queries[part]) for name, one in self.methods.items()}
            made += self._told(
                queries[part], looks, method, refused and refused[part], k=k, top=top, fpir=fpir
            )
        return made

    def identify_enrolled(
        self,
        faces: Ids,
        owners: Ids,
        vectors: Vectors,
        *,
        method: str = "auto",
        refused: Refused | None = None,
        k: int = 5,
        top: int = 5,
        fpir: float = 0.01,
    ) -> list[Identification]:
        """Tells who enrolled faces would be if they were not enrolled: each is left out.

        What a trained model has learned from a face cannot be left out of the model.

        Args:
            faces, owners, vectors: ids ``(m,)``, identity ids ``(m,)``, embeddings ``(m, d)``.
        """
        self._require(method)
        made: list[Identification] = []
        for start in range(0, len(vectors), _BLOCK):
            part = slice(start, start + _BLOCK)
            looks = {
                name: one.look(vectors[part])
                if isinstance(one, Mlp)
                else one.look_enrolled(faces[part], owners[part], vectors[part], k)
                for name, one in self.methods.items()
            }
            made += self._told(
                vectors[part], looks, method, refused and refused[part], k=k, top=top, fpir=fpir
            )
        return made

    def look(self, queries: Vectors, method: str = "auto") -> Look:
        """What a method sees in queries ``(m, d)``, without a verdict. Raises as identify."""
        self._require(method)
        members = self._members(method)
        return self._seen({name: self.methods[name].look(queries) for name in members}, members)

    def calibration_of(self, method: str) -> Calibration | None:
        """What the verdicts of a method rest on. Raises as :meth:`identify`."""
        self._require(method)
        members = self._members(method)
        if len(members) > 1:
            return self.auto.calibration
        return self.methods[members[0]].calibration

    def _members(self, method: str) -> tuple[str, ...]:
        return self.auto.members if method == "auto" else (method,)

    def _require(self, method: str) -> None:
        if method != "auto" and method not in self.methods:
            raise InputError(
                f"There is no {method} model in use in this gallery",
                remedy="Train one, or put one to use: Model ▸ Versions, or "
                "`face-gallery models activate`.",
            )

    def _told(
        self,
        queries: Vectors,
        looks: Mapping[str, Look],
        method: str,
        refused: Refused | None,
        *,
        k: int,
        top: int,
        fpir: float,
    ) -> list[Identification]:
        def told(name: str, k: int, top: int) -> list[Identification]:
            members = self._members(name)
            look = self._seen(looks, members)
            ground = looks["triplet" if members == ("triplet",) else "knn"]
            look = self._measured(queries, look.without(refused) if refused else look)
            return answers(
                look,
                ground,
                self.calibration_of(name),
                self._names,
                method=" + ".join(members),
                k=k,
                top=top,
                fpir=fpir,
            )

        made = told(method, k, top)
        if len(looks) < 2:
            return made
        apart = [told(name, 0, 1) for name in looks]
        return [
            replace(answer, opinions=tuple(map(_opinion, one)))
            for answer, *one in zip(made, *apart, strict=True)
        ]

    def _seen(self, looks: Mapping[str, Look], members: Sequence[str]) -> Look:
        if len(members) == 1:
            return looks[members[0]]
        assert self.auto.calibration is not None
        return fuse([looks[one] for one in members], self.auto.calibration.log_odds)

    def _measured(self, queries: Vectors, look: Look) -> Look:
        """Distances to templates where the method itself measures none."""
        missing = np.isnan(look.distances)
        if not missing.any():
            return look
        distances = self._knn.distances(queries, look.identities)
        return replace(look, distances=np.where(missing, distances, look.distances))


def _looker(method: Knn | Mlp, k: int) -> Callable[[Vectors], Look]:
    return method.look if isinstance(method, Mlp) else lambda queries: method.look(queries, k)


def _opinion(answer: Identification) -> Opinion:
    first = answer.candidates[0] if answer.candidates else None
    return Opinion(answer.method, first.name if first else None, answer.verdict, answer.confidence)
