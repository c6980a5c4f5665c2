"""Erasure of people from a gallery's database, from its history, and the search of backups."""
