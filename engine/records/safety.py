"""What keeping a gallery safe tells: backups, what restoring one would change, what was saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.records.domains import Count, Time
from engine.records.types import Distance

ASKED = "asked"


@dataclass(frozen=True)
class Backup:
    """A backup file, as far as its own manifest tells.

    Attributes:
        size: bytes of the file.
        created: seconds since the epoch (UTC).
        reason: ``asked`` where a person made it, else before which change it was made.
        gallery: name of the folder that it was made from.
        uuid: of the gallery; a backup replaces only the gallery that it was made from.
        schema: version of the database in it.
        change: the change counter.
        models: ids of the trained models in it, those that were in use.
        encrypted: whether it needs the passphrase that the gallery had then.
        serial: of automatic backups, rising in the order they were made, whatever the clock
            said; 0 of others, and of those that earlier versions made.
    """

    path: Path
    size: int
    created: Time
    reason: str
    gallery: str
    uuid: str
    schema: Count
    dimension: Count
    distance: Distance
    change: Count
    identities: Count
    faces: Count
    models: tuple[str, ...]
    encrypted: bool = False
    serial: Count = 0

    @property
    def automatic(self) -> bool:
        """Made before a change, not because somebody asked."""
        return self.reason != ASKED


@dataclass(frozen=True)
class Present:
    """A gallery beside a backup of it, or beside one of another.

    Attributes:
        same: whether the backup was made from this gallery.
        only_here, only_there: names of identities that only the gallery, or the backup has.
        faces_only_here, faces_only_there: faces likewise, under the same name.
    """

    same: bool
    identities: int
    faces: int
    only_here: tuple[str, ...]
    only_there: tuple[str, ...]
    faces_only_here: int
    faces_only_there: int

    @property
    def differs(self) -> bool:
        return bool(self.faces_only_here or self.faces_only_there)


@dataclass(frozen=True)
class Preview:
    """What restoring a backup would bring.

    Attributes:
        present: how the gallery that it would replace differs; None where there is none, or
            where ``obstacle`` says why it cannot be read.
    """

    backup: Backup
    present: Present | None = None
    obstacle: str = ""


@dataclass(frozen=True)
class Restored:
    """What a restoring did.

    Attributes:
        safety: the backup of what was there before; None where nothing was, or it was damaged.
        aside: folder with the damaged files that were there before, None where there were none.
    """

    folder: Path
    backup: Backup
    safety: Path | None = None
    aside: Path | None = None


@dataclass(frozen=True)
class Salvaged:
    """What could be read out of a damaged gallery.

    Attributes:
        folder: the new gallery.
        lost: what could not be read, one sentence each, with numbers where they are known.
    """

    folder: Path
    identities: int
    faces: int
    lost: tuple[str, ...]
