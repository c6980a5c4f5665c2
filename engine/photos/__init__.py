"""Photographs: read, faces found in them, aligned and embedded, and the names that are in them."""
