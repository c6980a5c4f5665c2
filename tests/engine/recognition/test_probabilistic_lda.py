"""A discriminant analysis judges templates where vectors are hard, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine.recognition.calibration import gallery_calibration
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.gallery_calibration import calibrate
from engine.recognition.calibration.leave_one_out import recognised_when_left_out
from engine.recognition.calibration.method_selection import trial_figures
from engine.recognition.probabilistic_lda import ProbabilisticLda, TemplateLikelihoods
from engine.recognition.shortlist import FEATURES, WITH_LIKELIHOOD
from engine.recognition.templates import Templates, TemplateTable
from engine.records.types import Ids, Vectors
from engine.training.worker.train_model import TrainingFaces, try_knn
from engine.utils.distances import prepare
from tests.engine.recognition.galleries import InMemory, crowd_of, held_in

CLEAN = 16
MUD = 1.5


def muddied(
    people: int, faces: int, seed: int = 0, *, mud: float = MUD, width: int = CLEAN
) -> tuple[Ids, Vectors]:
    """Faces in 16 dimensions that say who it is, and more that say nothing, loudly."""
    owners, clean = crowd_of(seed, spread=0.5).draw(range(people), faces)
    noise = np.random.default_rng(seed + 100).normal(size=(len(owners), width)) * mud
    return owners, np.hstack([clean, noise]).astype(np.float32)


def tabulated(owners: Ids, vectors: Vectors) -> TemplateTable:
    templates = Templates(vectors.shape[1], "euclidean")
    templates.add(owners, vectors)
    return templates.table()


def first_of(gallery: InMemory, vectors: Vectors) -> Ids:
    answers = gallery.knn.identify(vectors)
    return np.array([answer.candidates[0].identity_id for answer in answers])


def test_a_query_is_likeliest_under_its_own_identity_and_a_stranger_under_none() -> None:
    owners, vectors = muddied(60, 8)
    enrolled = owners < 40
    asked = held_in(owners) & enrolled
    lda = ProbabilisticLda.learned(vectors[asked], owners[asked])
    known = TemplateLikelihoods(lda, tabulated(owners[asked], vectors[asked]))
    mated = known.of(vectors[enrolled & ~asked])
    assert (mated.argmax(axis=1) == owners[enrolled & ~asked]).mean() > 0.95
    assert np.mean(mated.max(axis=1) > 0) > 0.95
    assert np.mean(known.of(vectors[~enrolled]).max(axis=1) > 3) < 0.2


def test_it_is_the_ratio_of_two_normal_densities_where_tails_are_light() -> None:
    owners, vectors = muddied(40, 8)
    lda = replace(ProbabilisticLda.learned(vectors, owners), tails=1e4)
    table = tabulated(owners, vectors)
    found = TemplateLikelihoods(lda, table).of(vectors[:5])
    faces, means = lda.mapped(vectors[:5]), lda.mapped(table.averages(np.arange(40)))
    between = lda.between.astype(np.float64)
    shrunk, variance = between * 8 / (between * 8 + 1), 1 + between / (between * 8 + 1)

    def density(away: np.ndarray, spread: np.ndarray) -> np.ndarray:
        return -(away**2 / spread + np.log(spread)).sum(axis=-1) / 2

    expected = density(faces[:, None] - means * shrunk, variance)
    expected -= density(faces, 1 + between)[:, None]
    near = expected > -50  # far away the tails count even so
    assert found[near] == pytest.approx(expected[near], abs=0.7)
    assert np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))


def test_what_would_be_learned_without_a_face_is_about_what_is_learned_without_it() -> None:
    owners, vectors = muddied(30, 6)
    lda, table = ProbabilisticLda.learned(vectors, owners), tabulated(owners, vectors)
    outlier = int(np.linalg.norm(vectors - table.means[owners], axis=1).argmax())
    without = lda.without(vectors[outlier], int(table.rows(owners)[outlier]), table)
    rest = np.arange(len(owners)) != outlier
    anew = ProbabilisticLda.learned(vectors[rest], owners[rest])
    remaining = tabulated(owners[rest], vectors[rest])

    def said(by: ProbabilisticLda) -> np.ndarray:
        return TemplateLikelihoods(by, remaining).of(vectors[[outlier]])[0]

    assert np.abs(said(without) - said(anew)).max() < 0.2 * np.abs(said(lda) - said(anew)).max()


def test_an_identity_of_one_face_is_gone_without_it() -> None:
    owners, vectors = muddied(30, 6)
    owners[0] = 30
    table = tabulated(owners, vectors)
    lda = ProbabilisticLda.learned(vectors, owners)
    without = lda.without(vectors[0], int(table.rows(owners)[0]), table)
    anew = ProbabilisticLda.learned(vectors[1:], owners[1:])
    assert without.middle == pytest.approx(anew.middle, abs=1e-5)


def test_what_is_written_is_read_and_anything_else_refused() -> None:
    owners, vectors = muddied(20, 5)
    lda = ProbabilisticLda.learned(vectors, owners)
    text = lda.to_text()
    assert ProbabilisticLda.from_text(text) == lda
    broken = replace(lda, between=-lda.between).to_text()
    unfinished = replace(lda, axes=np.full_like(lda.axes, np.nan)).to_text()
    for other in ("", "~", text[:-4], text[:40], broken, unfinished):
        with pytest.raises(ValueError, match="not a discriminant analysis"):
            ProbabilisticLda.from_text(other)


def plain_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery_calibration, "can_learn", lambda *_: False)


def test_it_is_used_where_vectors_are_hard_and_wins_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owners, vectors = muddied(40, 10)
    kept = held_in(owners)
    hard = InMemory.of(owners[kept], vectors[kept])
    assert hard.calibration.features == WITH_LIKELIHOOD
    with monkeypatch.context() as patched:
        plain_only(patched)
        plain = InMemory.of(owners[kept], vectors[kept])
    assert plain.calibration.lda is None
    right = [
        np.mean(first_of(gallery, vectors[~kept]) == owners[~kept]) for gallery in (hard, plain)
    ]
    assert right[0] > right[1] + 0.1


def test_it_is_not_even_learned_where_vectors_are_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ProbabilisticLda, "learned", None)
    gallery = InMemory.of(*crowd_of(0).draw(range(30), 6))
    assert gallery.calibration.features == FEATURES
    assert gallery.calibration.lda is None


def test_so_few_people_teach_nothing() -> None:
    owners, vectors = muddied(8, 10)
    assert InMemory.of(owners, vectors).calibration.lda is None


def test_the_promise_to_strangers_is_kept_with_it() -> None:
    owners, vectors = muddied(200, 8, seed=3)
    enrolled = owners < 100
    gallery = InMemory.of(owners[enrolled], vectors[enrolled])
    assert gallery.calibration.lda is not None
    answers = gallery.knn.identify(vectors[~enrolled], fpir=0.05)
    named = np.mean([answer.verdict == "known" for answer in answers])
    assert 0.01 < named < 0.09


def test_a_face_that_is_left_out_has_not_helped_itself() -> None:
    owners, vectors = muddied(60, 8, seed=5, mud=2.5, width=48)
    kept = held_in(owners)
    gallery = InMemory.of(owners[kept], vectors[kept])
    assert gallery.calibration.lda is not None
    queried = np.mean(first_of(gallery, vectors[~kept]) == owners[~kept])
    answers = gallery.knn.identify_enrolled(gallery.ids, gallery.owners, gallery.vectors)
    first = np.array([answer.candidates[0].identity_id for answer in answers])
    assert abs(np.mean(first == gallery.owners) - queried) < 0.12
    counted = recognised_when_left_out(
        prepare(gallery.vectors, "cosine"),
        gallery.owners,
        np.ones(len(gallery.owners), dtype=bool),
        gallery.calibration,
        "cosine",
    )
    assert abs((counted.share or 0.0) - queried) < 0.12


def test_one_query_and_a_batch_get_the_same_answer() -> None:
    owners, vectors = muddied(40, 10)
    gallery = InMemory.of(owners, vectors)
    assert gallery.calibration.lda is not None
    batch = gallery.knn.identify(vectors[:20] + 0.1)
    for row, answer in enumerate(batch):
        (alone,) = gallery.knn.identify(vectors[[row]] + 0.1)
        assert [one.identity_id for one in alone.candidates] == [
            one.identity_id for one in answer.candidates
        ]
        assert alone.confidence == pytest.approx(answer.confidence, abs=1e-4)


def test_a_calibration_with_it_is_written_and_read() -> None:
    owners, vectors = muddied(40, 10)
    ids = np.arange(len(owners), dtype=np.int64)
    made = calibrate(ids, owners, vectors, "cosine")
    assert made.lda is not None
    assert Calibration.from_json(made.to_json()) == made
    assert made == calibrate(ids, owners, vectors, "cosine")
    without = replace(made, lda=None).to_json()
    with pytest.raises(ValueError, match="version"):
        Calibration.from_json(without)


def test_a_training_holds_models_against_what_answers() -> None:
    owners, vectors = muddied(30, 10)
    ids = np.arange(len(owners), dtype=np.int64)
    nothing = np.empty((0, vectors.shape[1]), dtype=np.float32)
    faces = TrainingFaces(ids, owners, vectors, "cosine", nothing, ids[:0])
    calibration, trials = try_knn(faces)
    assert calibration.features == WITH_LIKELIHOOD
    assert Calibration.from_json(calibration.to_json()) == calibration
    assert trial_figures([trials]).rank1 > 0.9


@pytest.mark.slow
def test_on_vectors_of_an_untrained_network_it_names_others_than_those_with_most_faces(
    faces: Callable[[str], tuple[Vectors, Ids]],
) -> None:
    vectors, owners = faces("lfw-158-weak")
    kept = held_in(owners, share=0.7)
    gallery = InMemory.of(owners[kept], vectors[kept])
    right = first_of(gallery, vectors[~kept]) == owners[~kept]
    counts = np.bincount(owners[~kept])
    assert right.mean() > 0.155  # k-NN without it 0.12
    assert (
        np.mean(np.bincount(owners[~kept], right)[counts > 0] / counts[counts > 0]) > 0.06
    )  # 0.01
