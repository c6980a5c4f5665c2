"""All methods of a gallery behind one question: who is it, by which method, and do they agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.errors import InputError
from engine.recognition.active_models import ActiveModel, ActiveModels
from engine.recognition.answers import (
    AnswerColumns,
    DecisionRule,
    JoinedAnswers,
    NameLookup,
    answer_columns,
    opinions,
)
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.method_selection import KNN_ALONE, MethodChoice
from engine.recognition.calibration.non_mated_scores import NonMatedScores
from engine.recognition.cohort_search import CohortSearches
from engine.recognition.knn import Knn, identify_one
from engine.recognition.logit import Flags
from engine.recognition.mlp import Mlp
from engine.recognition.scores import MethodScores, fuse
from engine.recognition.spaces import SearchedSpace
from engine.recognition.templates import TemplateTable
from engine.records.types import Candidate, Identification, Ids, Strangers, Vectors
from engine.utils.distances import between
from engine.utils.id_map import IdMap

METHODS = ("auto", "knn", "mlp", "triplet")
_BLOCK = 1_000
"""Queries answered at once."""
_WIDE_BLOCK = 16
"""Queries answered at once where each is compared with every template."""
_MOST_RULES = 64
_SEEN = (
    "The model was trained on this face, so it is more confident than it would be about a new one."
)
Refused = Sequence[frozenset[int]]
"""Of each query, the ids of identities that it is known not to be."""


@dataclass(frozen=True)
class _Options:
    """How to answer queries, see :meth:`Identifier.identify`."""

    method: str
    k: int
    top: int
    fpir: float
    strangers: Strangers


class Identifier:
    """Answers queries by any of a gallery's methods.

    Attributes:
        methods: by name; always with ``knn``.
        auto: what the method ``auto`` stands for.
    """

    def __init__(
        self,
        methods: Sequence[Knn | Mlp],
        *,
        names: NameLookup,
        auto: MethodChoice = KNN_ALONE,
        cohort: CohortSearches | None = None,
        kept: CohortSearches | None = None,
    ) -> None:
        """
        Args:
            cohort: strangers by whom thresholds are set; None where there are none.
            kept: strangers in whom nobody was recognised, to be used beside a cohort.
        """
        self.methods: Mapping[str, Knn | Mlp] = {method.name: method for method in methods}
        self.auto = auto
        self._names = names
        self._cohort = cohort
        self._kept = kept
        self._calibrations: dict[tuple[str, ...], Calibration | None] = {}
        self._rules: dict[tuple[tuple[str, ...], float, Strangers], DecisionRule] = {}

    def identify(
        self,
        queries: Vectors,
        *,
        method: str = "auto",
        refused: Refused | None = None,
        k: int = 5,
        top: int = 5,
        fpir: float = 0.01,
        strangers: Strangers = "at-large",
    ) -> Sequence[Identification]:
        """Identify each query ``(m, d)``, as it came.

        Args:
            refused: identities that queries are known not to be.
            k: how many nearest faces are shown as evidence.
            top: how many candidates, at most; only those in question are listed.
            fpir: share of non-mated queries that may get a name, in (0, 1).
            strangers: whom that share is of.

        Raises:
            InputError: there is no such method, or no model of it is in use.
        """
        self._require(method)
        quick = len(self.methods) == 1 and self._knn("knn").lda is None
        if quick and len(queries) == 1 and not (refused and refused[0]):
            rule = self._rule(self._choice(method), fpir, strangers)
            return [identify_one(self._knn("knn"), queries, rule, self._names, k=k, top=top)]
        options, parts = _Options(method, k, top, fpir, strangers), []
        for rows, all_templates in _parts(len(queries), refused):
            part = queries[rows]
            scores = {
                name: method.scores(part, k, all_templates=all_templates)
                for name, method in self.methods.items()
            }
            excluded = [refused[row] for row in rows] if all_templates and refused else None
            parts.append((rows, self._answers(part, scores, excluded, options)))
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
        strangers: Strangers = "at-large",
    ) -> list[Identification]:
        """Identify enrolled faces as if they were not enrolled: each is left out.

        What a trained model has learned from a face cannot be left out of the model: ``auto`` is
        k-NN here, and the answer of a model says so.

        Args:
            faces, owners, vectors: ids ``(m,)``, identity ids ``(m,)``, embeddings ``(m, d)``.
        """
        self._require(method)
        method = "knn" if method == "auto" else method
        options = _Options(method, k, top, fpir, strangers)
        made: list[Identification] = []
        step = _BLOCK if self._knn("knn").lda is None else 1
        for start in range(0, len(vectors), step):
            part = slice(start, start + step)
            scores = {
                name: self.methods[name].scores_left_out(
                    faces[part], owners[part], vectors[part], k
                )
                for name in self.methods
                if name in ("knn", method)
            }
            excluded = refused and refused[part]
            made += self._answers(vectors[part], scores, excluded, options)
        if method == "knn":
            return made
        return [replace(answer, note=f"{_SEEN} {answer.note}".strip()) for answer in made]

    def margin_of(
        self, fpir: float, strangers: Strangers
    ) -> Callable[[Identification, Candidate], float]:
        """Return what tells by how much a candidate of an answer exceeds what a name needs; -1
        where it would not be named.
        """

        def margin(answer: Identification, candidate: Candidate) -> float:
            members = tuple(answer.method.split(" + "))
            choice = self.auto if members == self.auto.members else self.auto.otherwise
            if choice is None or choice.members != members:
                choice = MethodChoice(members, None, "")
            rule = self._rule(choice, fpir, strangers)
            if not rule.names(candidate.score, candidate.confidence):
                return -1.0
            return candidate.score - rule.threshold

        return margin

    def scores(self, queries: Vectors, method: str = "auto") -> MethodScores:
        """Score identities for queries ``(m, d)`` without a verdict. Raises as :meth:`identify`.

        ``auto`` is what it stands for with people whom all of its members have learned.
        """
        self._require(method)
        choice = self._choice(method)
        return _fused({name: self.methods[name].scores(queries) for name in choice.members}, choice)

    def distances(self, query: Vectors, vectors: Vectors, method: str) -> Vectors:
        """Distances from a query ``(d,)`` to vectors ``(n, d)``, as they came, in the space that
        the evidence of an answer is measured in, ``(n,)``.

        Args:
            method: as the answer names it, such as ``knn + triplet``.
        """
        space = self._knn(_evidence_method(method.split(" + "))).space
        rows = space.prepared(query[None]), space.prepared(vectors)
        return np.asarray(between(*rows, space.distance)[0])

    def calibration_of(self, method: str) -> Calibration | None:
        """What the verdicts of a method rest on. Raises as :meth:`identify`."""
        self._require(method)
        return self._calibration(self._choice(method))

    def _knn(self, name: str) -> Knn:
        found = self.methods.get(name, self.methods["knn"])
        assert isinstance(found, Knn)
        return found

    def _choice(self, method: str) -> MethodChoice:
        return self.auto if method == "auto" else MethodChoice((method,), None, "")

    def _calibration(self, choice: MethodChoice) -> Calibration | None:
        """With the scores of the cohort, where there is one; cached."""
        if choice.members not in self._calibrations:
            made = choice.calibration
            if len(choice.members) == 1:
                made = self.methods[choice.members[0]].calibration
            if made is not None and self._cohort is not None:
                made = replace(made, cohort=self._cohort_scores(choice))
            self._calibrations[choice.members] = made
        return self._calibrations[choice.members]

    def _cohort_scores(self, choice: MethodChoice) -> NonMatedScores:
        assert self._cohort is not None
        drawn = self._best_scores(self._cohort, choice)
        return drawn.beside(self._best_scores(self._kept, choice)) if self._kept else drawn

    def _best_scores(self, strangers: CohortSearches, choice: MethodChoice) -> NonMatedScores:
        """Best score of each face that is not of an enrolled person."""
        cohort, knn = strangers.cohort, self._knn("knn")
        methods = [self.methods[name] for name in choice.members]
        found = strangers.shortlist(knn.space, knn.lda)
        shown = [
            None if isinstance(method, Mlp) else strangers.shortlist(method.space, method.lda)
            for method in methods
        ]

        def make() -> NonMatedScores:
            searched = {
                method.name: method.scores(cohort.vectors)
                if isinstance(method, Mlp)
                else method.scores_of(shortlist or found)
                for method, shortlist in zip(methods, shown, strict=True)
            }
            best = _fused(searched, choice).log_odds.max(axis=1, initial=-np.inf)
            claim = knn.calibration and knn.calibration.claim
            stranger = ~claim(found, cohort.people) if claim else np.ones(len(cohort), dtype=bool)
            return NonMatedScores.of(best[stranger], cohort.people[stranger])

        calibrations = [method.calibration for method in (knn, *methods)]
        basis = found, *shown, *calibrations, choice.calibration
        return strangers.scores(choice.members, basis, make)

    def _rule(self, choice: MethodChoice, fpir: float, strangers: Strangers) -> DecisionRule:
        """Cached, for making it takes as long as a query."""
        key = choice.members, fpir, strangers
        if key not in self._rules:
            if len(self._rules) >= _MOST_RULES:
                self._rules.clear()
            self._rules[key] = DecisionRule.of(self._calibration(choice), fpir, strangers)
        return self._rules[key]

    def _require(self, method: str) -> None:
        if method not in METHODS:
            raise InputError(
                f"There is no method “{method}”", remedy=f"Choose one of {', '.join(METHODS)}."
            )
        if method != "auto" and method not in self.methods:
            raise InputError(
                f"There is no {method} model in use in this gallery",
                remedy="Train one, or activate one with Model ▸ Versions or `face-gallery models "
                "activate`.",
            )

    def _answers(
        self,
        queries: Vectors,
        scores: Mapping[str, MethodScores],
        refused: Refused | None,
        options: _Options,
    ) -> Sequence[Identification]:
        """Answers from the scores of all methods, with what each method alone says."""
        choice = self._choice(options.method)
        made: Sequence[Identification] = self._chosen(queries, scores, refused, choice, options)
        if choice.otherwise is not None:
            unknown = self._unknown_to_the_mlp(scores["knn"].without(refused))
            if unknown.any():
                others = self._chosen(queries, scores, refused, choice.otherwise, options)
                made = [
                    other if row_unknown else answer
                    for answer, other, row_unknown in zip(made, others, unknown, strict=True)
                ]
        if len(scores) < 2:
            return made
        alone = [
            opinions(
                found.without(refused),
                self._rule(self._choice(name), options.fpir, options.strangers),
                self._names,
                name,
            )
            for name, found in scores.items()
        ]
        return [
            replace(answer, opinions=tuple(opinion))
            for answer, *opinion in zip(made, *alone, strict=True)
        ]

    def _chosen(
        self,
        queries: Vectors,
        scores: Mapping[str, MethodScores],
        refused: Refused | None,
        choice: MethodChoice,
        options: _Options,
    ) -> AnswerColumns:
        """Answers by one choice of methods."""
        found, shown = _fused(scores, choice).without(refused), _evidence_method(choice.members)
        missing = np.isnan(found.distances)
        if missing.any():  # to templates, where the methods themselves measured none
            measured = self._knn(shown).distances(queries, found.identities)
            found = replace(found, distances=np.where(missing, measured, found.distances))
        return answer_columns(
            found,
            scores[shown],
            self._rule(choice, options.fpir, options.strangers),
            self._names,
            method=" + ".join(choice.members),
            k=options.k,
            top=options.top,
        )

    def _unknown_to_the_mlp(self, knn: MethodScores) -> Flags:
        """Queries that look most like somebody who was enrolled since it was trained, ``(m,)``."""
        if not knn.log_odds.shape[1]:
            return np.ones(len(knn), dtype=bool)  # nobody is enrolled any more
        first = knn.log_odds.argmax(axis=1)
        mlp = self.methods["mlp"]
        assert isinstance(mlp, Mlp)
        return ~mlp.knows(knn.identities[np.arange(len(first)), first])


def _fused(scores: Mapping[str, MethodScores], choice: MethodChoice) -> MethodScores:
    if len(choice.members) == 1:
        return scores[choice.members[0]]
    assert choice.calibration is not None
    return fuse([scores[name] for name in choice.members], choice.calibration.log_odds)


def _evidence_method(members: Iterable[str]) -> str:
    """The method whose nearest faces are the evidence for an answer by these."""
    return "triplet" if {"triplet", "knn"}.intersection(members) == {"triplet"} else "knn"


def _parts(count: int, refused: Refused | None) -> Iterator[tuple[Sequence[int], bool]]:
    """Rows of queries to be answered together, and whether to compare them with every template.

    Queries that are known not to be somebody need other candidates.
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
    spaces: Sequence[SearchedSpace],
    models: ActiveModels,
    calibration: Calibration,
    owners: IdMap,
    names: NameLookup,
    cohort: CohortSearches | None = None,
    kept: CohortSearches | None = None,
) -> Identifier:
    """Join the spaces and models of a gallery into what answers queries.

    Args:
        spaces: the one that faces came in, and that of the triplet model where one is in use.
        calibration: of the original space; models bring their own, which is adapted to the
            number of people there are by now.
        owners: identity ids of face ids; followed while they change.
        names: of identity ids.
        cohort, kept: searched in these spaces, as for :class:`Identifier`.
    """
    original = spaces[0]
    methods: list[Knn | Mlp] = []
    for searched in spaces:
        fitted: Calibration | None = calibration
        if searched is not original:
            fitted = models.models["triplet"].calibration
            fitted = fitted and fitted.grown(len(searched.templates))
        joint = models.joint if searched is original else None
        methods.append(
            Knn(
                searched.index,
                searched.templates,
                owners,
                space=searched.space,
                calibration=fitted,
                joint=joint,
            )
        )
    if "mlp" in models.models:
        methods.append(_build_mlp(models.models["mlp"], original.templates.table()))
    auto = models.auto.grown(len(original.templates))
    return Identifier(methods, names=names, auto=auto, cohort=cohort, kept=kept)


def _build_mlp(model: ActiveModel, templates: TemplateTable) -> Mlp:
    """The model without the identities that are gone by now."""
    enrolled = templates.rows(model.identity_ids) >= 0
    return Mlp(model.network, np.where(enrolled, model.identity_ids, -1), model.calibration)
