"""Nearest faces: hnswlib behind a guard, exact search behind the same interface, snapshots."""
