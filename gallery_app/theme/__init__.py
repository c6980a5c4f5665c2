"""The look of the window: colours, sizes, icons and the style sheet."""
