"""Keeping a gallery safe and private: backups, encryption, erasure, checks."""
