"""Helpers that several parts of the engine share and that know nothing of galleries."""
