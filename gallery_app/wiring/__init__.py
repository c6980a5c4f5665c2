"""Menus, panels and dialogs joined to operations: a module for each thing that people work at."""
