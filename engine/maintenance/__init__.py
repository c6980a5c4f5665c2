"""Maintenance of an open gallery: backups, encryption, erasure of people, integrity."""
