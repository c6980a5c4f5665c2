"""Thin adapters from the engine's records to Qt's item models."""
