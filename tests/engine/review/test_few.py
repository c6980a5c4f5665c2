"""How many faces are enough, and who has fewer."""

from __future__ import annotations

from tests.engine.review.crowds import FIRST_IDENTITY, Crowd


def test_the_chart_counts_every_identity_most_first() -> None:
    balance = Crowd.of([3, 9, 1, 5]).review("few").balance
    assert balance is not None
    assert balance.faces == (9, 5, 3, 1)
    assert balance.identity_ids == tuple(FIRST_IDENTITY + one for one in (1, 3, 0, 2))


def test_where_it_cannot_be_measured_three_faces_are_enough() -> None:
    found = Crowd.of([4, 2, 1, 3]).review("few")
    assert found.balance is not None
    assert (found.balance.enough, found.balance.rates) == (3, ())
    assert [one.identity_id for one in found.findings] == [FIRST_IDENTITY + 2, FIRST_IDENTITY + 1]


def test_the_harder_people_are_to_tell_apart_the_more_faces_it_takes() -> None:
    easy, hard = (
        Crowd.of([14] * 30, spread=spread).review("few").balance for spread in (0.2, 0.85)
    )
    assert easy is not None
    assert hard is not None
    assert easy.enough < hard.enough
    assert [rate.faces for rate in hard.rates] == [1, 2, 3, 4, 5, 6, 8, 10]
    assert hard.rates[0].recognised < hard.rates[-1].recognised


def test_people_with_fewer_faces_than_measured_to_be_enough_are_told_of() -> None:
    crowd = Crowd.of([14] * 30 + [1], spread=0.85)
    found = crowd.review("few")
    assert found.balance is not None
    assert found.balance.enough > 1
    (finding,) = found.findings
    assert (finding.identity_id, finding.face) == (30 + FIRST_IDENTITY, None)
    assert finding.score == 1 - 1 / found.balance.enough


def test_an_empty_gallery_has_an_empty_chart() -> None:
    found = Crowd.of([]).review()
    assert found.findings == ()
    assert found.balance is not None
    assert found.balance.faces == ()
