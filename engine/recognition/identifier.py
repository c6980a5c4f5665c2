"""All methods at hand behind one question: who is it, by which method, and do they agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.errors import InputError
from engine.recognition import knn as knn_recognition
from engine.recognition.active_models import ActiveModels
from engine.recognition.answers import (
    AnswerColumns,
    DecisionRule,
    JoinedAnswers,
    NameLookup,
    answer_columns,
    opinions,
)
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.logit import Flags
from engine.recognition.calibration.method_selection import KNN_ALONE, MethodChoice
from engine.recognition.knn import Knn
from engine.recognition.mlp import Mlp
from engine.recognition.scores import MethodScores, fuse
from engine.recognition.space import Space
from engine.records.types import Identification, Ids, Vectors
from engine.utils.distances import between, prepare
from engine.utils.id_map import IdMap

METHODS = ("auto", "knn", "mlp", "triplet")
_BLOCK = 1_000
"""Queries answered at once."""
_WIDE_BLOCK = 16
"""The same where each meets every template."""
_RULES = 64
"""Rules kept, at most."""
_SEEN = "The model has learned from this very face, so it is surer than of a new one."
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
        names: NameLookup,
        triplet: Knn | None = None,
        mlp: Mlp | None = None,
        auto: MethodChoice = KNN_ALONE,
    ) -> None:
        self.methods: Mapping[str, Knn | Mlp] = {
            method.name: method for method in (knn, triplet, mlp) if method is not None
        }
        self.auto = auto
        self._knn = knn
        self._names = names
        self._rules: dict[tuple[tuple[str, ...], float], DecisionRule] = {}

    def identify(
        self,
        queries: Vectors,
        *,
        method: str = "auto",
        refused: Refused | None = None,
        k: int = 5,
        top: int = 5,
        fpir: float = 0.01,
    ) -> Sequence[Identification]:
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
        if len(queries) == 1 == len(self.methods) and not (refused and refused[0]):
            rule = self._rule(self._choice(method), fpir)
            return [
                knn_recognition.identify_one(self._knn, queries, rule, self._names, k=k, top=top)
            ]

        def told(rows: Sequence[int], widely: bool) -> Sequence[Identification]:
            part = queries[rows]
            looks = {
                name: one.look(part) if isinstance(one, Mlp) else one.look(part, k, widely=widely)
                for name, one in self.methods.items()
            }
            not_these = [refused[row] for row in rows] if widely and refused else None
            return self._told(part, looks, method, not_these, k=k, top=top, fpir=fpir)

        parts = [(rows, told(rows, widely)) for rows, widely in _parts(len(queries), refused)]
        return parts[0][1] if len(parts) == 1 else JoinedAnswers(parts)

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

        What a trained model has learned from a face cannot be left out of the model: ``auto`` is
        k-NN here, and the answer of a model that is asked for says so.

        Args:
            faces, owners, vectors: ids ``(m,)``, identity ids ``(m,)``, embeddings ``(m, d)``.
        """
        self._require(method)
        method = "knn" if method == "auto" else method
        made: list[Identification] = []
        for start in range(0, len(vectors), _BLOCK):
            part = slice(start, start + _BLOCK)
            looks = {
                name: one.look(vectors[part])
                if isinstance(one, Mlp)
                else one.look_enrolled(faces[part], owners[part], vectors[part], k)
                for name, one in self.methods.items()
                if name in ("knn", method)
            }
            made += self._told(
                vectors[part], looks, method, refused and refused[part], k=k, top=top, fpir=fpir
            )
        if method == "knn":
            return made
        return [replace(answer, note=f"{_SEEN} {answer.note}".strip()) for answer in made]

    def look(self, queries: Vectors, method: str = "auto") -> MethodScores:
        """What a method sees in queries ``(m, d)``, without a verdict. Raises as identify.

        ``auto`` is what it stands for with people whom all of its members have learned.
        """
        self._require(method)
        choice = self._choice(method)
        return self._seen(
            {name: self.methods[name].look(queries) for name in choice.members}, choice
        )

    def distances(self, query: Vectors, vectors: Vectors, method: str) -> Vectors:
        """From a query ``(d,)`` to vectors ``(n, d)``, as they came, in the space that the evidence
        of an answer is measured in, ``(n,)``.

        Args:
            method: as the answer names it, such as ``knn + triplet``.
        """
        space = self.methods.get(_ground(method.split(" + ")), self._knn)
        assert isinstance(space, Knn)
        rows = [prepare(space.transform(part), space.distance) for part in (query[None], vectors)]
        return np.asarray(between(rows[0], rows[1], space.distance)[0])

    def calibration_of(self, method: str) -> Calibration | None:
        """What the verdicts of a method rest on. Raises as :meth:`identify`."""
        self._require(method)
        return self._calibration(self._choice(method))

    def _choice(self, method: str) -> MethodChoice:
        return self.auto if method == "auto" else MethodChoice((method,), None, "")

    def _calibration(self, choice: MethodChoice) -> Calibration | None:
        if len(choice.members) > 1:
            return choice.calibration
        return self.methods[choice.members[0]].calibration

    def _rule(self, choice: MethodChoice, fpir: float) -> DecisionRule:
        """Kept, for working it out takes as long as a query."""
        asked = choice.members, fpir
        if asked not in self._rules:
            if len(self._rules) >= _RULES:
                self._rules.clear()
            self._rules[asked] = DecisionRule.of(self._calibration(choice), fpir)
        return self._rules[asked]

    def _require(self, method: str) -> None:
        if method not in METHODS:
            raise InputError(
                f"There is no method “{method}”", remedy=f"Choose one of {', '.join(METHODS)}."
            )
        if method != "auto" and method not in self.methods:
            raise InputError(
                f"There is no {method} model in use in this gallery",
                remedy="Train one, or put one to use: Model ▸ Versions, or "
                "`face-gallery models activate`.",
            )

    def _told(
        self,
        queries: Vectors,
        looks: Mapping[str, MethodScores],
        method: str,
        refused: Refused | None,
        *,
        k: int,
        top: int,
        fpir: float,
    ) -> Sequence[Identification]:
        def told(choice: MethodChoice) -> AnswerColumns:
            look = self._seen(looks, choice)
            ground = _ground(choice.members)
            return answer_columns(
                self._measured(queries, look.without(refused) if refused else look, ground),
                looks[ground],
                self._rule(choice, fpir),
                self._names,
                method=" + ".join(choice.members),
                k=k,
                top=top,
            )

        choice = self._choice(method)
        made: Sequence[Identification] = told(choice)
        if choice.otherwise is not None:
            knn = looks["knn"].without(refused) if refused else looks["knn"]
            unknown = self._unknown_to_the_mlp(knn)
            if unknown.any():
                rest = told(choice.otherwise)
                made = [b if other else a for a, b, other in zip(made, rest, unknown, strict=True)]
        if len(looks) < 2:
            return made
        alone = [
            opinions(
                look.without(refused) if refused else look,
                self._rule(self._choice(name), fpir),
                self._names,
                name,
            )
            for name, look in looks.items()
        ]
        return [
            replace(answer, opinions=tuple(said))
            for answer, *said in zip(made, *alone, strict=True)
        ]

    def _unknown_to_the_mlp(self, knn: MethodScores) -> Flags:
        """Queries that look most like somebody who was enrolled since it was trained, ``(m,)``."""
        if not knn.log_odds.shape[1]:
            return np.ones(len(knn), dtype=bool)  # nobody is enrolled any more
        first = knn.log_odds.argmax(axis=1)
        nearest = knn.identities[np.arange(len(first)), first]
        mlp = self.methods["mlp"]
        assert isinstance(mlp, Mlp)
        return ~mlp.knows(nearest)

    def _seen(self, looks: Mapping[str, MethodScores], choice: MethodChoice) -> MethodScores:
        if len(choice.members) == 1:
            return looks[choice.members[0]]
        assert choice.calibration is not None
        return fuse([looks[one] for one in choice.members], choice.calibration.log_odds)

    def _measured(self, queries: Vectors, look: MethodScores, ground: str) -> MethodScores:
        """Distances to templates where the methods themselves measured none."""
        missing = np.isnan(look.distances)
        if not missing.any():
            return look
        space = self.methods[ground]
        assert isinstance(space, Knn)
        distances = space.distances(queries, look.identities)
        return replace(look, distances=np.where(missing, distances, look.distances))


def _ground(members: Iterable[str]) -> str:
    """The method whose nearest faces are the evidence for an answer by these."""
    return "triplet" if {"triplet", "knn"}.intersection(members) == {"triplet"} else "knn"


def _parts(count: int, refused: Refused | None) -> Iterator[tuple[Sequence[int], bool]]:
    """Rows of queries to be answered together, and whether they are to look widely: those that
    are known not to be somebody need others to be offered.
    """
    alone = [row for row, identities in enumerate(refused or ()) if identities]
    others: Sequence[int] = range(count)
    if alone:
        others = sorted({*others}.difference(alone))
    for start in range(0, len(others), _BLOCK):
        yield others[start : start + _BLOCK], False
    for start in range(0, len(alone), _WIDE_BLOCK):
        yield alone[start : start + _WIDE_BLOCK], True


def build_identifier(
    spaces: Sequence[Space],
    in_use: ActiveModels,
    calibration: Calibration,
    owners: IdMap,
    names: NameLookup,
) -> Identifier:
    """All methods of a gallery.

    Args:
        spaces: the one that faces came in, and that of the triplet model where one is in use.
        calibration: of the original space; models bring their own, which is made to fit the
            number of people there are by now.
        owners: identity ids of face ids; followed while it grows.
        names: of identity ids.
    """
    original, triplet = spaces[0], None
    for learned in spaces[1:]:
        own = in_use.models["triplet"].calibration
        triplet = _build_knn(learned, own and own.grown(len(learned.templates)), owners)
    return Identifier(
        _build_knn(original, calibration, owners, in_use.joint),
        names=names,
        triplet=triplet,
        mlp=_build_mlp(original, in_use),
        auto=in_use.auto.grown(len(original.templates)),
    )


def _build_knn(
    space: Space,
    calibration: Calibration | None,
    owners: IdMap,
    joint: Calibration | None = None,
) -> Knn:
    return Knn(
        space.keeper,
        space.templates,
        identity_of=owners.find,
        owners_of=owners.few,
        calibration=calibration,
        distance=space.distance,
        name=space.name,
        transform=space.transform,
        joint=joint,
    )


def _build_mlp(original: Space, in_use: ActiveModels) -> Mlp | None:
    """It offers nobody who is gone by now."""
    model = in_use.models.get("mlp")
    if model is None:
        return None
    there = original.templates.table().rows(model.identity_ids) >= 0
    return Mlp(model.network, np.where(there, model.identity_ids, -1), model.calibration)
