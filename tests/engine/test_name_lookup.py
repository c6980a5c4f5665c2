"""Whom a typed name means: one rule for every question and every change."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.errors import AmbiguousNameError, NameTakenError, UnknownIdentityError
from engine.gallery import Gallery
from engine.records.types import FaceBatch, Vectors
from engine.store import Store
from gallery_app.wording.advice_words import advice_text

TYPED = "José Núñez"
STORED = unicodedata.normalize("NFD", TYPED)
OTHER = "Tom Ridge"
DIMENSION = 8


def vectors(count: int, seed: int) -> Vectors:
    return np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)


def batch(*names: str, seed: int = 0) -> FaceBatch:
    count = len(names)
    files = [f"{row}.npy" for row in range(count)]
    return FaceBatch(vectors(count, seed), list(names), files, [0] * count, [None] * count)


def import_rows(gallery: Gallery, folder: Path, faces: FaceBatch) -> tuple[str, ...]:
    table = folder / f"{len(list(folder.iterdir()))}.npz"
    np.savez(table, embeddings=faces.vectors, names=faces.names)
    report = gallery.import_([table])
    return (*report.notices, *(one.reason for one in report.rejected))


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    """Two people; the name of one is stored with its accents apart, as macOS names folders."""
    with Gallery.create(tmp_path / "two.gallery", dimension=DIMENSION) as made:
        made.enroll(STORED, vectors(3, 1))
        made.enroll(OTHER, vectors(3, 2))
        yield made


def face_of(gallery: Gallery, name: str) -> int:
    return gallery.faces.of(name)[0].id


Use = Callable[[Gallery, str], object]
USES: dict[str, Use] = {
    "identity": lambda gallery, name: gallery.people.require(name),
    "faces": lambda gallery, name: gallery.faces.of(name),
    "compare": lambda gallery, name: gallery.comparison.people(name, OTHER),
    "preview a merge": lambda gallery, name: gallery.corrections.preview_merge([name], OTHER),
    "merge into": lambda gallery, name: gallery.corrections.merge([OTHER], name),
    "merge": lambda gallery, name: gallery.corrections.merge([name], OTHER),
    "propose a split": lambda gallery, name: gallery.corrections.propose_split(name),
    "split": lambda gallery, name: gallery.corrections.split(
        name, {"New": [face_of(gallery, name)]}
    ),
    "rename": lambda gallery, name: gallery.corrections.rename(name, "New"),
    "note": lambda gallery, name: gallery.corrections.set_note(name, "hello"),
    "portrait": lambda gallery, name: gallery.corrections.choose_portrait(
        name, face_of(gallery, name)
    ),
    "keep apart": lambda gallery, name: gallery.corrections.mark_distinct(OTHER, name),
    "delete": lambda gallery, name: gallery.corrections.delete([name]),
    "foresee an erasure": lambda gallery, name: gallery.erasure.foresee([name]),
    "erase": lambda gallery, name: gallery.erasure.erase([name]),
}


@pytest.mark.parametrize("typed", [TYPED, TYPED.upper(), f"  {TYPED.replace(' ', '  ')}"])
@pytest.mark.parametrize("use", USES)
def test_a_name_in_another_form_or_case_means_the_only_person_it_can(
    gallery: Gallery, use: str, typed: str
) -> None:
    USES[use](gallery, typed)


@pytest.mark.parametrize("use", USES)
def test_a_name_with_a_slip_is_refused_and_the_nearest_suggested(
    gallery: Gallery, use: str
) -> None:
    before = gallery.people.all()
    with pytest.raises(UnknownIdentityError) as caught:
        USES[use](gallery, "Jose Nunes")
    assert caught.value.problem.startswith("No one named “Jose Nunes” is")
    assert caught.value.remedy == f"Did you mean “{STORED}”?"
    assert gallery.people.all() == before


@pytest.mark.parametrize("use", USES)
def test_a_name_that_may_mean_two_people_is_refused_and_both_listed(
    gallery: Gallery, tmp_path: Path, use: str
) -> None:
    gallery.enroll("Ann", vectors(2, 3))
    gallery.corrections.delete(["Ann"])
    import_rows(gallery, tmp_path, batch("Ann", "ANN", seed=4))
    with pytest.raises(AmbiguousNameError, match="“ann” may be “ANN” or “Ann”"):
        USES[use](gallery, "ann")
    USES[use](gallery, "Ann")


@pytest.mark.parametrize(
    "enroll",
    [
        lambda gallery, _: gallery.enroll(TYPED, vectors(2, 5)).warnings,
        lambda gallery, _: (
            gallery.enrolment.import_plan(gallery.enrolment.plan(TYPED, vectors(2, 5))).notices
        ),
        lambda gallery, folder: import_rows(gallery, folder, batch(TYPED, TYPED, seed=5)),
    ],
    ids=["enroll", "plan", "import"],
)
def test_what_is_enrolled_under_another_form_adds_to_the_person_and_says_so(
    gallery: Gallery, tmp_path: Path, enroll: Callable[[Gallery, Path], tuple[str, ...]]
) -> None:
    said = enroll(gallery, tmp_path)
    assert f"“{TYPED}” is treated as “{STORED}”" in said[0]
    assert [(one.name, one.faces) for one in gallery.people.all()] == [(STORED, 5), (OTHER, 3)]


def test_faces_moved_or_named_under_another_form_join_the_person(gallery: Gallery) -> None:
    gallery.unknowns.add(vectors(1, 6))
    gallery.unknowns.name([gallery.unknowns.all()[0].id], TYPED)
    first, second, _ = [face.id for face in gallery.faces.of(OTHER)]
    gallery.corrections.move([first], TYPED)
    gallery.corrections.split(OTHER, {TYPED: [second]})
    gallery.enroll(OTHER, vectors(2, 7), elsewhere={1: TYPED.upper()})
    assert [(one.name, one.faces) for one in gallery.people.all()] == [(STORED, 7), (OTHER, 2)]


def test_an_import_rejects_rows_whose_name_may_mean_two_people(
    gallery: Gallery, tmp_path: Path
) -> None:
    import_rows(gallery, tmp_path, batch("Ann", "ANN", seed=4))
    said = import_rows(gallery, tmp_path, batch("ann", "Bob", seed=8))
    assert "“ann” may be “ANN” or “Ann”" in said
    assert [one.name for one in gallery.people.all()] == ["ANN", "Ann", "Bob", STORED, OTHER]


FAKE = "Tom Ri\u0501ge"  # a Cyrillic letter for the d


@pytest.mark.parametrize(
    "enroll",
    [
        lambda gallery, _: [
            advice_text(one) for one in gallery.enrolment.check(FAKE, vectors(2, 5)) if one.identity
        ],
        lambda gallery, _: list(map(advice_text, gallery.enroll(FAKE, vectors(2, 5)).advice)),
        lambda gallery, _: gallery.enrolment.plan(FAKE, vectors(2, 5)).report().notices,
        lambda gallery, folder: import_rows(gallery, folder, batch(FAKE, FAKE, seed=5)),
    ],
    ids=["check", "enroll", "plan", "import"],
)
def test_a_new_name_that_looks_like_another_one_is_remarked_on(
    gallery: Gallery, tmp_path: Path, enroll: Callable[[Gallery, Path], Sequence[str]]
) -> None:
    said = enroll(gallery, tmp_path)
    assert f"“{FAKE}” looks like “{OTHER}”, who is enrolled" in said[0]
    assert len(said) == 1


def test_an_old_gallery_with_names_that_nobody_can_have_now_is_used_as_ever(tmp_path: Path) -> None:
    odd = ["Ann\u3164", "Ann\ue000", "A" + "\u0301" * 150]
    with Store.create(tmp_path / "old.gallery", dimension=DIMENSION) as store:
        store.faces.add(batch(*odd))
    with Gallery.open(tmp_path / "old.gallery") as gallery:
        for name in odd:
            gallery.enroll(name, vectors(1, len(name)))
            assert len(gallery.faces.of(name)) == 2
            gallery.corrections.set_note(name, "hello")
        gallery.corrections.rename(odd[0], "Ann")


def test_nobody_gets_a_name_that_means_somebody_else(gallery: Gallery) -> None:
    with pytest.raises(NameTakenError, match=f"“{STORED}” already exists"):
        gallery.corrections.rename(OTHER, TYPED)
    assert gallery.corrections.rename(TYPED, TYPED) is not None
    assert gallery.people.find(STORED).name == TYPED


def test_somebody_kept_for_undo_is_erased_by_a_name_in_another_form(gallery: Gallery) -> None:
    gallery.corrections.delete([STORED])
    assert gallery.erasure.erase([TYPED.upper()]).removed.faces_in_history == 3


def test_people_who_look_the_same_on_the_screen_are_told_apart(tmp_path: Path) -> None:
    with Store.create(tmp_path / "old.gallery", dimension=DIMENSION) as store:
        store.faces.add(batch(TYPED, STORED))  # as earlier versions took them
        with pytest.raises(AmbiguousNameError) as caught:
            store.people.find(TYPED.upper())
    listed = f"“{STORED}” (accents apart, NFD) or “{TYPED}”"
    assert caught.value.problem == f"“{TYPED.upper()}” may be {listed}"


@pytest.mark.parametrize("typed", ["Anm", "nan", "Tom Rigde", "Ridge Tom", "ridge"])
def test_slips_in_short_names_and_parts_of_names_are_understood(
    gallery: Gallery, typed: str
) -> None:
    gallery.enroll("Ann", vectors(1, 3))
    meant = "Ann" if len(typed) == 3 else OTHER
    with pytest.raises(UnknownIdentityError, match=f"Did you mean “{meant}”"):
        gallery.faces.of(typed)
