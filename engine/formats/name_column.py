"""Which column of a table, or array beside embeddings, holds the names: told once for each file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import NameColumnError

REMEDY = (
    "Choose the one that holds the names: with --name-column on the command line, or in the "
    "import preview."
)
_TITLES = (
    (  # what means names, the most surely first
        "name names person persons people identity identities subject subjects who celebrity "
        "fullname username displayname personname identityname subjectname labelname labelnames "
        "classname classnames labelstring labelstrings targetname targetnames"
    ),
    "label labels class classes target targets y category categories",
    "id ids personid identityid subjectid labelid classid targetid userid user",
    (  # what means something else
        "index idx row rows line number file files filename filenames filepath filepaths path "
        "paths imagepath imagename image images img photo photos picture url uri added date time "
        "timestamp age gender sex race emotion score confidence quality split set fold cluster "
        "face faces"
    ),
)
_RANKS = tuple(frozenset(titles.split()) for titles in _TITLES)
_LOOKED_AT = 100
_SET = re.compile(r"^(train|training|test|testing|val|valid|validation)|(train|test|val|valid)$")
_FILE = re.compile(r"[\\/]|\.(jpe?g|png|webp|bmp|gif|tiff?|np[yz])$", re.IGNORECASE)


@dataclass(frozen=True)
class NameColumnCandidate:
    """A column or array containing text or whole numbers.

    Attributes:
        key: what a person calls it: its title, or else its number.
        text: whether it holds texts; else whole numbers.
        repeats: whether a value comes several times.
        files: whether its texts are paths or file names.
        number: place of a column in its table, from 1; 0 of an array.
    """

    key: str
    text: bool
    repeats: bool
    files: bool = False
    number: int = 0


def candidate_of(key: str, texts: Sequence[str], numbers: bool) -> NameColumnCandidate:
    """What an array of labels is, by what it holds."""
    repeats = len(set(texts)) < len(texts)
    return NameColumnCandidate(
        key, not numbers, repeats, not numbers and are_files(texts[:_LOOKED_AT])
    )


def choose(
    candidates: Sequence[NameColumnCandidate], wanted: str | None, path: str, kind: str = "column"
) -> NameColumnCandidate | None:
    """The one that holds the names: as wanted, by its title, or since no other can; else None.

    Raises:
        NameColumnError: several can, or there is none as wanted.
    """
    if wanted is not None:
        return _asked_for(candidates, wanted, path, kind)
    for rank in range(3):
        titled = [
            candidate
            for candidate in candidates
            if _rank(candidate.key) == rank and _can_name(candidate, rank)
        ]
        titled = [candidate for candidate in titled if candidate.text] or titled
        if titled:
            return _only(titled, candidates, path, kind)
    unknown = [
        candidate
        for candidate in candidates
        if _rank(candidate.key) is None and not candidate.files
    ]
    texts = [candidate for candidate in unknown if candidate.text]
    repeating = texts or [candidate for candidate in unknown if candidate.repeats]
    return _only(repeating, candidates, path, kind) if repeating else None


def is_extra(title: str) -> bool:
    """Whether a title says that its column is no part of an embedding."""
    return _rank(title) is not None


def may_name(title: str) -> bool:
    """Whether a title can be that of names."""
    rank = _rank(title)
    return rank is not None and rank < 3


def plain_title(title: str) -> str:
    """A title without case, blanks and signs."""
    return re.sub(r"[\W_]+", "", title.casefold())


def are_files(texts: Sequence[str]) -> bool:
    """Whether all texts are paths or file names."""
    return bool(texts) and all(_FILE.search(text.strip()) for text in texts)


def doubt(problem: str, candidates: Sequence[NameColumnCandidate], path: str) -> NameColumnError:
    """The refusal of a file in which columns cannot be told apart."""
    keys = tuple(candidate.key for candidate in candidates)
    return NameColumnError(problem, file=path, remedy=REMEDY, columns=keys)


def in_words(candidates: Sequence[NameColumnCandidate], kind: str) -> str:
    """ "the columns “name” and 3", the first few of many."""
    shown = [_label(candidate) for candidate in candidates[:6]]
    if rest := len(candidates) - len(shown):
        shown.append(f"{rest:,} more")
    words = " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
    return f"the {kind}{'s' * (len(candidates) > 1)} {words}"


def _label(candidate: NameColumnCandidate) -> str:
    return (
        candidate.key
        if candidate.number and candidate.key == str(candidate.number)
        else f"“{candidate.key[:40]}”"
    )


def _rank(title: str) -> int | None:
    """How surely a title means names, 0 the most; 3 where it means something else."""
    plain = plain_title(title)
    for form in (plain, _SET.sub("", plain)):
        for rank, titles in enumerate(_RANKS):
            if form in titles:
                return rank
    return None


def _can_name(candidate: NameColumnCandidate, rank: int) -> bool:
    """Numbers that are called ids and are all different number the rows."""
    return rank < 2 or candidate.text or candidate.repeats


def _only(
    found: Sequence[NameColumnCandidate],
    candidates: Sequence[NameColumnCandidate],
    path: str,
    kind: str,
) -> NameColumnCandidate:
    if len(found) > 1:
        raise doubt(f"The names may be in {in_words(found, kind)}", candidates, path)
    return found[0]


def _asked_for(
    candidates: Sequence[NameColumnCandidate], wanted: str, path: str, kind: str
) -> NameColumnCandidate:
    plain = plain_title(wanted)
    for same in (
        [candidate for candidate in candidates if candidate.key == wanted],
        [
            candidate
            for candidate in candidates
            if candidate.number and str(candidate.number) == wanted.strip()
        ],
        [candidate for candidate in candidates if plain and plain_title(candidate.key) == plain],
    ):
        if len(same) == 1:
            return same[0]
    problem = f"It has no {kind} “{wanted[:40]}” containing text or whole numbers"
    if candidates:
        problem += f", only {in_words(candidates, kind)}"
    raise doubt(problem, candidates, path)
