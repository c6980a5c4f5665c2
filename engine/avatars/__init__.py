"""Drawn portraits of faces without a photograph."""
