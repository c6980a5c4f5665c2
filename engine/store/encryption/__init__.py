"""Encryption of a gallery: its folder converted, and the files of its models sealed."""

from engine.store.cipher import SHORTEST, Key, missing_library, require_strong
from engine.store.encryption.conversion import (
    change_passphrase,
    decrypt,
    encrypt,
    is_encrypted,
    require_kind,
)

__all__ = [
    "SHORTEST",
    "Key",
    "change_passphrase",
    "decrypt",
    "encrypt",
    "is_encrypted",
    "missing_library",
    "require_kind",
    "require_strong",
]
