"""What a calibration promises, in galleries large and small, clean and not."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from engine.errors import CancelledError
from engine.progress import CancelToken, Event, Progress, Reporter
from engine.recognition.calibration import leave_one_out
from engine.recognition.calibration.calibration import BY_TEMPLATE, Calibration
from engine.recognition.calibration.gallery_calibration import calibrate
from engine.recognition.calibration.leave_one_out import (
    gain_of_one_more,
    recognised_when_left_out,
)
from engine.utils import exact_neighbours
from engine.utils.distances import prepare
from tests.engine.recognition.galleries import (
    DIMENSION,
    Crowd,
    InMemory,
    calibration_error,
    crowd_of,
)


def of_scores(strangers: list[float], shared: list[int], identities: int) -> Calibration:
    return Calibration(
        identities, BY_TEMPLATE, False, tuple(strangers), tuple(shared), (), agreement=None
    )


def test_the_threshold_leaves_as_many_strangers_above_as_the_promise_allows() -> None:
    scores = [float(score) for score in range(1000, 0, -1)]
    calibration = of_scores(scores, [1] * 1000, identities=1000)
    # a tenth of 1001, a thousandth off for the identity left out, less the pair still to come
    assert sum(score > calibration.threshold(0.1) for score in scores) == 97
    assert calibration.achievable_fpir(0.1) == 0.1
    assert calibration.note(0.1) == ""


def test_singles_promise_two_in_one_more_than_there_are() -> None:
    for people in (2, 3, 10, 50):
        calibration = of_scores([float(-n) for n in range(people)], [1] * people, people)
        assert calibration.achievable_fpir(1e-6) == pytest.approx(2 / (people + 1))
        assert calibration.threshold(1e-6) == 0.0


def test_more_faces_of_the_same_people_promise_more_but_not_as_much_as_other_people() -> None:
    def strictest(people: int, faces: int) -> float:
        count = people * faces
        return of_scores([0.0] * count, [faces] * count, people).achievable_fpir(1e-9)

    assert strictest(20, 1) > strictest(20, 3) > strictest(20, 30)
    assert strictest(20, 10) > strictest(200, 1)


@pytest.mark.parametrize("asked", [0.0001, 0.001, 0.01, 0.1, 0.5, 0.9])
def test_the_promise_is_never_below_what_was_asked(asked: float) -> None:
    for people in (2, 3, 7, 40):
        calibration = of_scores([0.0] * people * 2, [2] * people * 2, people)
        assert asked <= calibration.achievable_fpir(asked) <= 1


def test_a_gallery_too_small_says_so_in_plain_words(crowd: Crowd) -> None:
    gallery = InMemory.of(*crowd.draw(range(7), 2))
    answer = gallery.knn.identify(gallery.vectors[:1], fpir=0.01)[0]
    assert 0.1 < answer.fpir <= 0.25
    assert answer.note == (
        "This gallery is too small for a limit of 1 in 100; "
        f"up to 1 in {int(1 / answer.fpir)} strangers may be wrongly named."
    )
    assert gallery.knn.identify(gallery.vectors[:1], fpir=0.5)[0].note == ""


def test_where_the_promise_falls_short_a_name_needs_a_high_confidence(crowd: Crowd) -> None:
    gallery = InMemory.of(*crowd.draw(range(7), 3))
    _, queries = crowd.draw(range(7), 40)
    _, strangers = crowd.draw(range(7, 400), 1)
    answers = gallery.knn.identify(np.vstack([queries, strangers]), fpir=0.01)
    named = [a.confidence for a in answers if a.verdict == "known" and a.confidence is not None]
    assert len(named) > 100
    assert min(named) >= 0.8


def test_two_people_promise_nothing() -> None:
    gallery = InMemory.of(*crowd_of(1).draw([0, 1], 2))
    answer = gallery.knn.identify(gallery.vectors[:1])[0]
    assert answer.note == "This gallery is too small to limit how many strangers are wrongly named."
    assert answer.candidates[0].name == "P0"


@pytest.mark.parametrize(("people", "faces"), [(3, 1), (3, 2), (8, 1), (20, 3)])
def test_small_galleries_keep_their_promise(people: int, faces: int) -> None:
    promised, named = [], []
    for seed in range(40):
        crowd = crowd_of(seed, spread=0.5, people=people + 100)
        gallery = InMemory.of(*crowd.draw(range(people), faces))
        _, strangers = crowd.draw(range(people, people + 100), 1)
        answers = gallery.knn.identify(strangers, top=1)
        promised.append(answers[0].fpir)
        named.append(np.mean([answer.verdict == "known" for answer in answers]))
    assert np.mean(named) <= np.mean(promised) + 2 * np.std(named) / math.sqrt(len(named))


def test_an_empty_gallery_answers_with_a_hint() -> None:
    nothing = np.empty((0, DIMENSION), dtype=np.float32)
    gallery = InMemory.of(np.empty(0, dtype=np.int64), nothing)
    answer = gallery.knn.identify(np.ones((1, DIMENSION), dtype=np.float32))[0]
    assert (answer.verdict, answer.name, answer.confidence) == ("unknown", None, None)
    assert (answer.candidates, answer.evidence, answer.fpir) == ((), (), 0.01)
    assert "No one is enrolled" in answer.note
    assert gallery.calibration.fnir_at(0.01) is None


@pytest.mark.parametrize("faces", [1, 5])
def test_one_person_alone_is_offered_but_never_named(crowd: Crowd, faces: int) -> None:
    gallery = InMemory.of(*crowd.draw([4], faces))
    answer = gallery.knn.identify(gallery.vectors[:1])[0]
    assert (answer.verdict, answer.confidence, answer.fpir) == ("unknown", None, 0.01)
    assert [candidate.name for candidate in answer.candidates] == ["P4"]
    assert "Only one person is enrolled" in answer.note


def test_people_with_one_face_each_get_a_verdict_without_a_confidence(crowd: Crowd) -> None:
    gallery = InMemory.of(*crowd.draw(range(60), 1))
    answer = gallery.knn.identify(gallery.vectors[:1])[0]
    assert (answer.verdict, answer.name, answer.confidence) == ("known", "P0", None)
    assert answer.fpir == pytest.approx(2 / 61)


def test_a_few_faces_under_a_wrong_name_do_not_silence_the_rest(crowd: Crowd) -> None:
    owners, vectors = crowd.draw(range(120), 8)
    wrong = np.random.default_rng(0).choice(len(owners), 20, replace=False)
    owners[wrong] = (owners[wrong] + 60) % 120
    gallery = InMemory.of(owners, vectors)
    truth, queries = crowd.draw(range(120), 2)
    answers = gallery.knn.identify(queries)
    named = [answer.name == f"P{owner}" for answer, owner in zip(answers, truth, strict=True)]
    assert np.mean(named) > 0.8


def test_faces_that_say_nothing_give_hardly_any_name_and_little_confidence() -> None:
    random = np.random.default_rng(0)
    owners = np.repeat(np.arange(60), 6)
    owners[:60] = 0  # one person with many faces, whom a guesser would always name
    noise = random.normal(size=(1360, DIMENSION)).astype(np.float32)
    gallery = InMemory.of(owners, noise[:360])
    answers = gallery.knn.identify(noise[360:])
    assert np.mean([answer.verdict == "known" for answer in answers]) <= 0.02
    assert np.mean([answer.confidence for answer in answers]) < 0.25  # type: ignore[type-var]


def test_confidence_is_met_by_the_share_that_is_right(crowd: Crowd) -> None:
    crowd = crowd_of(3, spread=0.6)
    gallery = InMemory.of(*crowd.draw(range(150), 8))
    owners, queries = crowd.draw(range(150), 4)
    _, strangers = crowd.draw(range(150, 350), 3)
    mated, non_mated = gallery.knn.identify(queries), gallery.knn.identify(strangers)
    right = [a.candidates[0].name == f"P{b}" for a, b in zip(mated, owners, strict=True)]
    confidences = np.array([answer.confidence for answer in mated + non_mated], dtype=float)
    assert np.mean((confidences > 0.2) & (confidences < 0.8)) > 0.1  # it is not all clear cases
    assert calibration_error(confidences, np.array(right + [False] * 600)) < 0.06


def test_it_survives_json(crowd: Crowd) -> None:
    for people, faces in ((30, 4), (8, 1), (1, 3)):
        calibration = InMemory.of(*crowd.draw(range(people), faces)).calibration
        text = calibration.to_json()
        assert Calibration.from_json(text) == calibration
        assert Calibration.from_json(text).threshold(0.01) == calibration.threshold(0.01)


def test_json_that_is_not_a_calibration_is_refused(crowd: Crowd) -> None:
    good = json.loads(InMemory.of(*crowd.draw(range(8), 3)).calibration.to_json())
    spoilt = [
        {**good, "format": 0},
        {**good, "features": ["template"]},
        {**good, "strangers": good["strangers"][::-1]},
        {**good, "strangers": good["strangers"][1:]},
        {**good, "shared": [0] * len(good["shared"])},
        {**good, "identities": 1},
        {**good, "identities": "many"},
        {**good, "mated": 3},
        {**good, "agreement": []},
        {**good, "log_odds": {**good["log_odds"], "scales": [0.0] * 5}},
        {**good, "log_odds": {**good["log_odds"], "weights": [1.0]}},
        {**good, "log_odds": {**good["log_odds"], "intercept": float("nan")}},
        {key: value for key, value in good.items() if key != "mated"},
        [],
        None,
        3,
    ]
    for record in spoilt:
        with pytest.raises(ValueError, match="Not a calibration"):
            Calibration.from_json(json.dumps(record))
    for text in ("", "{", "\x00", '{"format": 1}', "[" * 100_000):
        with pytest.raises(ValueError, match="Not a calibration"):
            Calibration.from_json(text)


def test_the_same_gallery_and_seed_give_the_same_calibration(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leave_one_out, "PROBES", 100)
    owners, vectors = crowd.draw(range(40), 5)
    ids = np.arange(len(owners), dtype=np.int64)
    one, same, other = (calibrate(ids, owners, vectors, "cosine", seed=s) for s in (1, 1, 2))
    assert one == same
    assert one != other
    assert len(one.non_mated) <= 100


def test_blocks_do_not_change_what_is_found(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    owners, vectors = crowd.draw(range(20), 5)
    ids = np.arange(len(owners), dtype=np.int64)
    at_once = calibrate(ids, owners, vectors, "cosine")
    monkeypatch.setattr(exact_neighbours, "AT_ONCE", 7)
    in_blocks = calibrate(ids, owners, vectors, "cosine")
    np.testing.assert_allclose(at_once.non_mated, in_blocks.non_mated, atol=1e-3)


def test_it_reports_progress_to_its_end(crowd: Crowd) -> None:
    events: list[Event] = []
    owners, vectors = crowd.draw(range(10), 3)
    ids = np.arange(30, dtype=np.int64)
    calibrate(ids, owners, vectors, "cosine", reporter=Reporter(events.append))
    assert events[-1] == Progress("Calibrating", 30, 30)


def test_it_stops_when_cancelled(crowd: Crowd) -> None:
    token = CancelToken()
    token.cancel()
    owners, vectors = crowd.draw(range(10), 3)
    with pytest.raises(CancelledError):
        calibrate(
            np.arange(30, dtype=np.int64), owners, vectors, "cosine", reporter=Reporter(None, token)
        )


def test_in_a_gallery_that_has_grown_the_promise_is_harder_to_keep() -> None:
    scores = [float(score) for score in range(1000, 0, -1)]
    calibration = of_scores(scores, [1] * 1000, identities=100)
    grown = calibration.grown(400)
    assert grown.threshold(0.1) > calibration.threshold(0.1)
    assert grown.achievable_fpir(1e-6) > calibration.achievable_fpir(1e-6)
    assert calibration.grown(90) is calibration


@pytest.mark.slow
def test_a_calibration_from_a_sample_is_close_to_one_from_all_faces_and_says_what_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owners, vectors = crowd_of(5, spread=0.6).draw(range(400), 6)
    ids = np.arange(len(owners), dtype=np.int64)
    whole = calibrate(ids, owners, vectors, "cosine")
    monkeypatch.setattr(leave_one_out, "PROBES", 1_200)
    sample = calibrate(ids, owners, vectors, "cosine")
    assert sample == calibrate(ids, owners, vectors, "cosine")
    assert sample.identities == whole.identities  # it stands for the whole gallery
    strangers = np.array(whole.non_mated)
    named = [np.mean(strangers > one.threshold(0.05)) for one in (whole, sample)]
    assert abs(named[0] - named[1]) < 0.02
    missed = [one.fnir_at(0.05) or 0.0 for one in (whole, sample)]
    assert abs(missed[0] - missed[1]) < 0.05
    assert whole.basis == ""
    assert f"{len(sample.non_mated):,} of 2,400 faces" in sample.basis
    assert Calibration.from_json(sample.to_json()) == sample


def test_what_an_older_version_wrote_is_read(crowd: Crowd) -> None:
    made = InMemory.of(*crowd.draw(range(8), 3)).calibration
    record = json.loads(made.to_json())
    del record["faces"]
    assert Calibration.from_json(json.dumps(record)) == made


def test_what_one_more_face_wins_is_about_what_it_wins() -> None:
    crowd = crowd_of(seed=5, spread=0.55)
    people, threshold = list(range(120)), 0.0
    owners, faces = crowd.draw(people, 6)
    calibration = calibrate(np.arange(len(faces)), owners, faces, "cosine")
    rows = prepare(faces, "cosine")
    gain = gain_of_one_more(rows, owners, calibration, threshold, "cosine")
    assert gain is not None

    def missed(each: int) -> float:
        kept = np.arange(len(faces)) % 6 < each
        recognised = recognised_when_left_out(
            rows[kept], owners[kept], np.ones(kept.sum(), dtype=bool), calibration, "cosine"
        )
        return 1 - (recognised.share or 0)

    assert missed(6) / missed(5) - 0.1 < gain <= 1


def test_of_few_faces_nothing_is_said_about_one_more() -> None:
    owners, faces = crowd_of(seed=5).draw(range(10), 3)
    calibration = calibrate(np.arange(len(faces)), owners, faces, "cosine")
    assert gain_of_one_more(prepare(faces, "cosine"), owners, calibration, 0.0, "cosine") is None
