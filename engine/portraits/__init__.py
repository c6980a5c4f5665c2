"""The drawn portraits of faces without a photograph."""
