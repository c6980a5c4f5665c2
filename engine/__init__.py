"""The engine of Face Gallery: everything but the window. It never imports Qt."""
