"""Honest figures: every method on the same splits of one gallery, beside plain references."""
