"""Menus, panels and dialogs joined to operations, a controller for each thing people work at."""
