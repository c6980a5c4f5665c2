"""Recovery of a gallery: from a backup, or from what can still be read of a damaged one.

It is done to a folder and not to an open :class:`engine.gallery.Gallery`: it must also work where
the gallery there cannot be opened any more.
"""

from engine.store.backup.backups import automatic_backups, default_backup_name, newest_sound_backup
from engine.store.recovery.restoring import restore_backup
from engine.store.recovery.salvage import salvage_gallery
from engine.store.recovery.staging import preview_backup

__all__ = [
    "automatic_backups",
    "default_backup_name",
    "newest_sound_backup",
    "preview_backup",
    "restore_backup",
    "salvage_gallery",
]
