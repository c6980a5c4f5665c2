"""All methods behind one question, on made-up people and networks whose answers are known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from engine.errors import InputError
from engine.index.exact import ExactIndex
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.gallery_calibration import calibrate
from engine.recognition.calibration.method_selection import KNN_ALONE, MethodChoice, trial_figures
from engine.recognition.identifier import Identifier
from engine.recognition.knn import Knn
from engine.recognition.mlp import Mlp
from engine.recognition.spaces import VectorSpace
from engine.recognition.templates import Templates
from engine.records.types import Ids, Vectors
from engine.utils.id_map import IdMap
from tests.engine.recognition.galleries import DIMENSION, crowd_of, people, tried

PEOPLE, FACES = 12, 6
ALL = ("auto", "knn", "mlp", "triplet")


def turned(vectors: Vectors) -> Vectors:
    """The learned space: another one, of another dimension, in which the same people are near."""
    turn = np.random.default_rng(5).normal(size=(DIMENSION, 20)).astype(np.float32)
    return np.asarray(vectors @ turn, dtype=np.float32)


@dataclass(frozen=True)
class Setting:
    """Everybody's faces, and centres by which a classifier tells them apart."""

    owners: Ids
    vectors: Vectors
    centres: Vectors

    @property
    def ids(self) -> Ids:
        return np.arange(len(self.owners), dtype=np.int64)

    def logits(self, vectors: Vectors) -> Vectors:
        away = np.linalg.norm(vectors[:, None] - self.centres[None], axis=2)
        return np.asarray(-3 * away, dtype=np.float32)

    def knn(self, name: str = "knn", rows: Vectors | None = None) -> Knn:
        space = VectorSpace("original", self.vectors.shape[1], "euclidean")
        if name == "triplet":
            space = replace(space, name=name, transform=turned)
        rows = space.transform(self.vectors)
        index = ExactIndex(rows.shape[1], "euclidean")
        index.add(self.ids, rows)
        templates = Templates(rows.shape[1], "euclidean")
        templates.add(self.owners, rows)
        return Knn(
            index,
            templates,
            IdMap(self.ids, self.owners),
            space=space,
            calibration=calibrate(self.ids, self.owners, rows, "euclidean"),
        )

    def mlp(self, learned: int = PEOPLE, calibration: Calibration | None = None) -> Mlp:
        """A classifier of the first so many people."""
        return Mlp(
            lambda vectors: self.logits(vectors)[:, :learned],
            np.arange(learned, dtype=np.int64),
            calibration,
        )

    def identifier(self, auto: MethodChoice = KNN_ALONE, mlp: Mlp | None = None) -> Identifier:
        methods = [self.knn(), self.knn("triplet"), mlp or self.mlp()]
        return Identifier(methods, names=people, auto=auto)


@pytest.fixture(scope="module")
def setting() -> Setting:
    crowd = crowd_of(seed=2)
    owners, vectors = crowd.draw(range(PEOPLE), FACES)
    return Setting(owners, vectors, crowd.centres[:PEOPLE])


@pytest.fixture(scope="module")
def fused(setting: Setting) -> MethodChoice:
    """A fusion of all three; the calibration is that of two copies and a scrambled one."""
    _, knn = tried(setting.owners, setting.vectors)
    _, triplet = tried(setting.owners, setting.vectors, turned)
    calibration = trial_figures([knn, triplet, knn]).calibration
    return MethodChoice(("knn", "triplet", "mlp"), calibration, "All of them.", otherwise=KNN_ALONE)


@pytest.fixture(scope="module")
def queries(setting: Setting) -> Vectors:
    return crowd_of(seed=2).draw(range(PEOPLE), 1)[1]


def firsts(
    setting: Setting, fused: MethodChoice, queries: Vectors, method: str
) -> list[str | None]:
    answers = setting.identifier(fused).identify(queries, method=method)
    return [answer.candidates[0].name for answer in answers]


@pytest.mark.parametrize("method", ALL)
def test_every_method_knows_everybody(
    setting: Setting, fused: MethodChoice, queries: Vectors, method: str
) -> None:
    assert firsts(setting, fused, queries, method) == [*people(range(PEOPLE)).values()]


@pytest.mark.parametrize("method", ALL)
def test_whom_a_query_is_said_not_to_be_never_comes_up_by_any_method(
    setting: Setting, fused: MethodChoice, queries: Vectors, method: str
) -> None:
    refused = [frozenset({owner, (owner + 1) % PEOPLE}) for owner in range(PEOPLE)]
    identifier = setting.identifier(fused)
    for no, answer in zip(
        refused,
        identifier.identify(queries, method=method, refused=refused, top=PEOPLE),
        strict=True,
    ):
        offered = {candidate.identity_id for candidate in answer.candidates}
        assert offered
        assert not offered & no
        assert not {opinion.name for opinion in answer.opinions} & {*people(no).values()}


@pytest.mark.parametrize("method", ALL)
def test_one_who_is_refused_for_one_query_is_offered_for_another(
    setting: Setting, fused: MethodChoice, queries: Vectors, method: str
) -> None:
    twice = np.stack([queries[3], queries[3]])
    refused = [frozenset({3}), frozenset[int]()]
    first, second = setting.identifier(fused).identify(twice, method=method, refused=refused)
    assert first.candidates[0].name != "P3"
    assert second.candidates[0].name == "P3"


def test_everybody_refused_leaves_an_unknown_without_candidates(
    setting: Setting, fused: MethodChoice, queries: Vectors
) -> None:
    everybody = [frozenset(range(PEOPLE))]
    for method in ALL:
        (answer,) = setting.identifier(fused).identify(
            queries[:1], method=method, refused=everybody
        )
        assert (answer.verdict, answer.name, answer.candidates) == ("unknown", None, ())


def test_a_method_that_does_not_exist_is_refused_with_those_that_do(
    setting: Setting, queries: Vectors
) -> None:
    with pytest.raises(InputError, match=r"no method “svm”.*auto, knn, mlp, triplet"):
        setting.identifier().identify(queries, method="svm")


@pytest.mark.parametrize("method", ["mlp", "triplet"])
def test_a_method_without_a_model_is_refused_with_the_remedy(
    setting: Setting, queries: Vectors, method: str
) -> None:
    alone = Identifier([setting.knn()], names=people)
    for ask in (
        lambda: alone.identify(queries, method=method),
        lambda: alone.identify_enrolled(
            setting.ids, setting.owners, setting.vectors, method=method
        ),
        lambda: alone.scores(queries, method),
        lambda: alone.calibration_of(method),
    ):
        with pytest.raises(InputError, match=f"no {method} model in use.*Train one"):
            ask()


def test_each_method_gives_its_own_opinion(
    setting: Setting, fused: MethodChoice, queries: Vectors
) -> None:
    mistaken = Mlp(lambda rows: setting.logits(rows)[:, ::-1], setting.ids[:PEOPLE], None)
    answers = setting.identifier(fused, mistaken).identify(queries, method="knn")
    for number, answer in enumerate(answers):
        by_method = {opinion.method: opinion for opinion in answer.opinions}
        assert list(by_method) == ["knn", "triplet", "mlp"]
        assert by_method["knn"].name == by_method["triplet"].name == f"P{number}"
        assert by_method["mlp"].name == f"P{PEOPLE - 1 - number}"
        assert by_method["mlp"].verdict == "unknown"  # it is not calibrated
        assert by_method["knn"].verdict == answer.verdict
        assert by_method["knn"].confidence == answer.confidence


def test_one_method_alone_gives_no_opinions(setting: Setting, queries: Vectors) -> None:
    answers = Identifier([setting.knn()], names=people).identify(queries)
    assert {answer.opinions for answer in answers} == {()}


@pytest.mark.parametrize("method", ["knn", "triplet", "auto"])
def test_an_enrolled_face_is_left_out_in_every_space(
    setting: Setting, fused: MethodChoice, method: str
) -> None:
    auto = replace(fused, members=("knn", "triplet"), otherwise=None)
    auto = replace(
        auto, calibration=trial_figures([tried(setting.owners, setting.vectors)[1]] * 2).calibration
    )
    answers = setting.identifier(auto).identify_enrolled(
        setting.ids, setting.owners, setting.vectors, method=method, k=FACES
    )
    for face, owner, answer in zip(setting.ids, setting.owners, answers, strict=True):
        assert face not in [one.face for one in answer.evidence]
        assert min(one.distance for one in answer.evidence) > 1e-3
        assert all(one.distance > 1e-3 for one in answer.candidates)
        assert answer.candidates[0].identity_id == owner


@pytest.mark.parametrize("method", ["knn", "triplet"])
def test_the_only_face_of_somebody_left_out_he_is_a_stranger(method: str) -> None:
    crowd = crowd_of(seed=4)
    owners, vectors = crowd.draw(range(6), 5)
    alone, face = crowd.draw([6], 1)
    setting = Setting(np.r_[owners, alone], np.vstack([vectors, face]), crowd.centres[:7])
    identifier = Identifier([setting.knn(), setting.knn("triplet")], names=people)
    (answer,) = identifier.identify_enrolled(
        setting.ids[-1:], alone, face, method=method, top=PEOPLE
    )
    assert 6 not in [one.identity_id for one in answer.candidates]
    assert "P6" not in [one.name for one in answer.opinions]


@pytest.mark.parametrize("method", ["mlp", "auto"])
def test_somebody_deleted_since_the_mlp_was_trained_is_never_offered(
    setting: Setting, fused: MethodChoice, queries: Vectors, method: str
) -> None:
    stays = setting.owners != 3
    left = Setting(setting.owners[stays], setting.vectors[stays], setting.centres)
    outputs = np.where(np.arange(PEOPLE) == 3, -1, np.arange(PEOPLE))
    identifier = left.identifier(fused, Mlp(setting.logits, outputs, None))
    for answer in identifier.identify(queries, method=method, top=PEOPLE):
        assert answer.candidates
        assert 3 not in [one.identity_id for one in answer.candidates]


def test_auto_finds_people_whom_the_mlp_has_never_seen(
    setting: Setting, fused: MethodChoice
) -> None:
    """A fusion with the MLP would hold its ignorance of a newcomer against him."""
    newcomer = crowd_of(seed=2).draw([PEOPLE - 1], 10)[1]
    identifier = setting.identifier(fused, setting.mlp(learned=PEOPLE - 1))
    known = crowd_of(seed=2).draw([0], 10)[1]
    for answer in identifier.identify(newcomer):
        assert (answer.name, answer.method) == (f"P{PEOPLE - 1}", "knn")
    for answer in identifier.identify(known):
        assert answer.method == "knn + triplet + mlp"


def test_distances_of_a_fusion_are_all_of_the_space_that_its_evidence_is_in(
    setting: Setting, fused: MethodChoice, queries: Vectors
) -> None:
    _, triplet = tried(setting.owners, setting.vectors, turned)
    auto = MethodChoice(("triplet", "mlp"), trial_figures([triplet, triplet]).calibration, "Both.")
    answers = setting.identifier(auto).identify(queries, k=1, top=PEOPLE)
    space = setting.knn("triplet")
    for query, answer in zip(queries, answers, strict=True):
        evidence = {one.identity_id for one in answer.evidence}
        others = [one for one in answer.candidates if one.identity_id not in evidence]
        wanted = np.array([[one.identity_id for one in others]])
        expected = space.distances(query[None], wanted)[0]
        assert [one.distance for one in others] == pytest.approx(expected, rel=1e-5)


def test_more_queries_than_are_answered_at_once_are_answered_in_order(
    setting: Setting, queries: Vectors
) -> None:
    many = np.tile(queries, (100, 1))
    refused = [frozenset({number % PEOPLE}) for number in range(len(many))]
    identifier = Identifier([setting.knn()], names=people)
    names = [answer.candidates[0].name for answer in identifier.identify(many)]
    assert names == [*people(range(PEOPLE)).values()] * 100
    for number, answer in enumerate(identifier.identify(many, refused=refused)):
        assert answer.candidates[0].name != f"P{number % PEOPLE}"


def test_no_query_is_no_answer(setting: Setting, fused: MethodChoice) -> None:
    nothing = np.empty((0, DIMENSION), dtype=np.float32)
    assert setting.identifier(fused).identify(nothing) == []


@pytest.mark.parametrize("method", ALL)
def test_distances_to_any_faces_are_those_of_the_evidence(
    setting: Setting, fused: MethodChoice, queries: Vectors, method: str
) -> None:
    identifier = setting.identifier(fused)
    for query, answer in zip(queries, identifier.identify(queries, method=method), strict=True):
        away = identifier.distances(query, setting.vectors, answer.method)
        for face in answer.evidence:
            assert away[face.face] == pytest.approx(face.distance, abs=0.02)
        assert sorted(away)[: len(answer.evidence)] == pytest.approx(
            [face.distance for face in answer.evidence], abs=0.02
        )
