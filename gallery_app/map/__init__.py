"""The map of all faces: how points become pixels, and the widget that shows them."""
