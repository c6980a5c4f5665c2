"""Backups of a gallery: written, listed, kept in number, read and checked."""
