"""The whole queue: its order, cancelling, and the real faces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import CancelledError
from engine.index.exact import ExactIndex
from engine.progress import CancelToken, Event, Progress, Reporter
from engine.records.findings import KINDS
from engine.records.types import Neighbours, Vectors
from engine.review import review_faces
from engine.review.gallery_review import review
from engine.review.review_faces import Decided, ReviewFaces
from tests.engine.review.crowds import NOBODY, Crowd


def faces_of(crowd: Crowd) -> ReviewFaces:
    names = {int(owner): f"P{owner}" for owner in crowd.owners}
    return ReviewFaces.of(
        crowd.ids, crowd.owners, crowd.vectors, crowd.distance, names, crowd.decided
    )


@pytest.fixture
def planted() -> Crowd:
    """Something of every kind."""
    crowd = Crowd.of([14] * 40 + [1])
    crowd = crowd.with_vector(crowd.row(2, 1), crowd.vectors[crowd.row(2)])
    crowd = crowd.with_vector(crowd.row(8), NOBODY)
    return crowd.renamed(crowd.row(3), 7).split(5, 4)


def test_kinds_stand_in_order_each_with_the_worst_first(planted: Crowd) -> None:
    found = planted.review()
    kinds = [KINDS.index(finding.kind) for finding in found.findings]
    assert kinds == sorted(kinds)
    for kind in ("labels", "merges", "outliers", "duplicates"):
        scores = [finding.score for finding in found.of(kind)]
        assert scores
        assert scores == sorted(scores, reverse=True)


def test_only_what_was_asked_for_is_told(planted: Crowd) -> None:
    found = planted.review("duplicates", "outliers")
    assert {finding.kind for finding in found.findings} == {"duplicates", "outliers"}
    assert found.balance is None
    assert found.of("outliers") == planted.review().of("outliers")


def test_the_order_of_the_faces_does_not_matter(planted: Crowd) -> None:
    turned = replace(
        planted, ids=planted.ids[::-1], owners=planted.owners[::-1], vectors=planted.vectors[::-1]
    )
    assert turned.review() == planted.review()


def test_it_can_be_cancelled_at_every_stage(planted: Crowd) -> None:
    stages: list[str] = []

    def note(event: Event) -> None:
        if isinstance(event, Progress) and event.stage not in stages:
            stages.append(event.stage)

    review(faces_of(planted), reporter=Reporter(note))
    assert len(stages) == 4
    for stage in stages:
        token = CancelToken()

        def stop(event: Event, stage: str = stage, token: CancelToken = token) -> None:
            if isinstance(event, Progress) and event.stage == stage:
                token.cancel()

        with pytest.raises(CancelledError):
            review(faces_of(planted), reporter=Reporter(stop, token))


def real(shared_data: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[int, str]]:
    with np.load(shared_data / "lfw-158-dlib.npz", allow_pickle=False) as table:
        names, owners = np.unique(table["names"], return_inverse=True)
        return table["embeddings"], owners, table["files"], dict(enumerate(map(str, names)))


def test_the_known_label_errors_are_among_the_first_five(shared_data: Path) -> None:
    vectors, owners, files, names = real(shared_data)
    ids = np.arange(len(owners))
    found = review(ReviewFaces.of(ids, owners, vectors, "cosine", names, Decided()))
    first = [Path(files[one.face]).stem for one in found.findings[:5] if one.face is not None]
    assert {"Recep_Tayyip_Erdogan_0004", "Michael_Schumacher_0008"} <= set(first)
    assert len(found.of("labels")) <= 10
    assert found.of("merges") == ()


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_swapped_labels_are_found_where_the_nearest_neighbour_finds_half(
    shared_data: Path, share: float
) -> None:
    vectors, owners, _, names = real(shared_data)
    random = np.random.default_rng(0)
    rows = random.choice(len(owners), round(share * len(owners)), replace=False)
    noisy = owners.copy()
    noisy[rows] = (owners[rows] + random.integers(1, 158, len(rows))) % 158
    faces = ReviewFaces.of(np.arange(len(owners)), noisy, vectors, "cosine", names, Decided())
    told = [one.face for one in review(faces, ("labels",)).findings]
    hits = np.isin(told, rows).sum()
    assert hits / len(told) >= 0.92
    assert hits / len(rows) >= 0.96


def test_a_large_gallery_is_asked_by_its_index_and_the_findings_are_the_same(
    planted: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    ignored = planted.after(ignored=frozenset({int(planted.ids[planted.row(9)])}))
    index = ExactIndex(planted.vectors.shape[1], planted.distance)
    index.add(planted.ids, planted.vectors)  # what is left out of the review is in it too
    expected = review(faces_of(ignored))
    asked: list[int] = []

    def search(vectors: Vectors, k: int) -> Neighbours:
        asked.append(len(vectors))
        return index.search(vectors, k)

    monkeypatch.setattr(review_faces, "EXACT", 100)
    monkeypatch.setattr(review_faces, "_AT_ONCE", 64)
    found = review(faces_of(ignored), index=search)
    assert [(one.kind, one.face) for one in found.findings] == [
        (one.kind, one.face) for one in expected.findings
    ]
    assert sum(asked) == len(ignored.ids) - 1
    assert max(asked) == 64  # so often it can be cancelled
