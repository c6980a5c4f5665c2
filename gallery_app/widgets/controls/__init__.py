"""Buttons, fields, bars and layouts."""
