"""Backups and what they would bring, in words."""

from __future__ import annotations

from collections.abc import Sequence

from engine.records.safety import Backup, Present
from gallery_app.wording.number_words import date_text, faces_text, people_text

_NAMES_SHOWN = 3
_REASONS = {
    "asked": "Requested",
    "import": "Before an import",
    "merge": "Before merging people",
    "delete": "Before a deletion",
    "go to": "Before going back in history",
    "restore": "Before a restore",
    "update": "Before an update",
}


def reason_text(reason: str) -> str:
    """Why a backup was made."""
    return _REASONS.get(reason, f"Before: {reason}")


def headline(backup: Backup) -> str:
    """When it was made, and what is in it."""
    people = f"{people_text(backup.identities)}, {faces_text(backup.faces)}"
    return f"{date_text(backup.created)}: {people}"


def differences(present: Present, gallery: str) -> list[str]:
    """How the gallery differs from the backup, one sentence each."""
    if not present.differs:
        return [f"“{gallery}” has exactly the same faces now."]
    now = f"{people_text(present.identities)}, {faces_text(present.faces)}"
    sentences = [f"“{gallery}” now: {now}."]
    if present.faces_only_there:
        who = _whose(present.only_there)
        sentences.append(f"Will be restored: {faces_text(present.faces_only_there)}{who}.")
    if present.faces_only_here:
        who = _whose(present.only_here)
        sentences.append(f"Will be lost: {faces_text(present.faces_only_here)}{who}.")
    return sentences


def _whose(names: Sequence[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(names[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN:,} more people" if len(names) > _NAMES_SHOWN else ""
    return f", including all of {shown}{more}"
