"""Small widgets and painting helpers. They know the theme and the icons, nothing of the engine."""
