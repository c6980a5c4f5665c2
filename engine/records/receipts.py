"""What erasing a person would take away, and the receipt of what it took. Neither is kept."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.records.domains import Time, checked

UNREACHABLE = (
    "Photographs and embedding files outside the gallery's folder, such as those that the faces "
    "were imported from.",
    "Backups, exports and copies of the gallery made elsewhere, other than those listed here.",
    "Snapshots and copies that the operating system, a cloud service or a backup program made.",
    "Disk blocks that files no longer use: a disk may keep them for a while, and an SSD moves "
    "data around to spread wear. Only an encrypted disk protects against this.",
    "Memory of programs that had the gallery open, until they exit.",
)
"""What no program of this kind can erase."""
SEARCHED = (
    "Every file in the gallery's folder, its name and the names of its folders, including the "
    "contents of zip, NumPy archive, gzip, Parquet or base64 data, one level deep.",
    "Names, as whole words: in UTF-8, UTF-16, UTF-32, Latin-1 and Windows-1252, and escaped as "
    "in JSON, HTML and URLs. In files that are not text, names of six letters or more.",
    "Embeddings, as imported or multiplied by any number, with their numbers in sequence: as "
    "float16, float32 or float64 in either byte order, or as decimals of four digits or more.",
    "Thumbnails, byte by byte.",
    "Not found: photographs and thumbnails saved again as images, and embeddings that were "
    "derived from theirs, rounded further, written with decimal commas, or stored in scattered "
    "pieces.",
    "Files that cannot be read or unpacked, or look encrypted, count as containing the person.",
)
"""How files are searched for a person: the same words in dialog, receipt and docs/security.md."""
REBUILT = (
    "the database",
    "the search index",
    "the calibration",
    "the projection for drawn portraits",
    "the fingerprint of the embedding network",
)
_NOUNS = {
    "identities": ("name", "names"),
    "faces": ("face", "faces"),
    "photographs": ("photograph", "photographs"),
    "same_elsewhere": ("face with the same embedding under another name",
                       "faces with the same embedding under other names"),
    "faces_in_history": ("face kept for undo", "faces kept for undo"),
    "notes": ("note", "notes"),
    "decisions": ("decision", "decisions"),
    "history": ("history entry, anonymised", "history entries, anonymised"),
    "mentions": ("mention with other people, removed", "mentions with other people, removed"),
}  # fmt: skip


@dataclass(frozen=True)
class Removed:
    """Counts by kind.

    Attributes:
        faces: enrolled under the names, with their vectors.
        same_elsewhere: enrolled under other names with the very same vector; they go too.
        faces_in_history: not enrolled any more, but kept so that a change could be undone.
        history: entries that told of the person; they stay, in their order, without telling whom.
        mentions: notes and file names of other people that held the name.
    """

    identities: int = 0
    faces: int = 0
    photographs: int = 0
    same_elsewhere: int = 0
    faces_in_history: int = 0
    notes: int = 0
    decisions: int = 0
    history: int = 0
    mentions: int = 0

    def words(self) -> list[str]:
        """Such as "12 faces", what there is none of left out."""
        return [
            f"{count:,} {_NOUNS[kind][count != 1]}" for kind, count in vars(self).items() if count
        ]


@dataclass(frozen=True)
class ErasurePlan:
    """What erasing would do; nothing was changed.

    Attributes:
        names: as asked.
        steps: changes that can be undone now, and could not any more.
        models: ids of trained models that saw the person, and would be deleted.
        inside: files and folders in the gallery's folder that hold the person: backups and
            whatever else lies there.
        outside: backups beside the gallery that hold the person; they are never touched.
    """

    names: tuple[str, ...]
    removed: Removed
    steps: int
    models: tuple[str, ...]
    inside: tuple[Path, ...]
    outside: tuple[Path, ...]


@dataclass(frozen=True)
class Receipt:
    """What was erased. It names nobody: who knows the name can hold it against ``hashes``.

    Attributes:
        at: seconds since the epoch (UTC).
        by: the operating system's user.
        gallery: name of its folder.
        salt: hex; it is in the receipt alone.
        hashes: SHA-256 of salt and name for each name, see :func:`hash_of`.
        rebuilt: what was made anew without the person.
        searched: how files were searched for the person.
        models: ids of the trained models that were deleted.
        deleted: backups and other files in the gallery's folder that were deleted.
        holding: backups and other files that still hold the person.
        unreachable: what the program cannot reach.
    """

    at: Time
    by: str
    gallery: str
    salt: str
    hashes: tuple[str, ...]
    removed: Removed
    models: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    holding: tuple[str, ...] = ()
    rebuilt: tuple[str, ...] = REBUILT
    searched: tuple[str, ...] = SEARCHED
    unreachable: tuple[str, ...] = UNREACHABLE

    def is_of(self, name: str) -> bool:
        """Whether it is the receipt of this name."""
        return hash_of(name, self.salt) in self.hashes

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Receipt:
        """Raise KeyError, TypeError or ValueError where it is none."""
        texts = ("hashes", "models", "deleted", "holding", "rebuilt", "unreachable")
        removed = {kind: int(count) for kind, count in record["removed"].items()}
        return checked(
            cls(
                at=record["at"],
                by=record["by"],
                gallery=record["gallery"],
                salt=record["salt"],
                removed=Removed(**removed),
                searched=tuple(record.get("searched", ())),
                **{name: tuple(record[name]) for name in texts},
            )
        )

    def text(self) -> str:
        """For a person to keep."""
        moment = datetime.fromtimestamp(self.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        lines = [
            "Receipt: a person was erased from a face gallery",
            "",
            f"When:    {moment}",
            f"By:      {self.by}",
            f"Gallery: {self.gallery}",
        ]
        lines += _listed("Removed", self.removed.words())
        lines += _listed("Rebuilt without the person", self.rebuilt)
        lines += _listed(
            "Trained models deleted", self.models or ("none had been trained on the person",)
        )
        lines += _listed("Deleted files", self.deleted or ("none",))
        lines += _listed("Still containing the person", self.holding or ("no known file",))
        lines += _listed("How files were searched", self.searched)
        lines += _listed("Beyond this program's reach", self.unreachable)
        lines += _listed(f"SHA-256 of salt {self.salt} and the name", self.hashes)
        return "\n".join(lines) + "\n"


def hash_of(name: str, salt: str) -> str:
    """SHA-256, hex, of the salt's hex digits and the name in Unicode's form C."""
    text = salt + unicodedata.normalize("NFC", name)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"{title}:", *(f"  - {line}" for line in lines)]
