"""The dialogs. Each asks or tells one thing; Escape closes, Enter does the obvious."""
