"""Corrections of a gallery, and what they would come to."""
