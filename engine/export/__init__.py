"""Writes faces out of a gallery in forms that others read; see :mod:`engine.export.exporter`."""
