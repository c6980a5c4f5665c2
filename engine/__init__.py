"""The engine of Face Gallery: everything but the window. It never imports Qt."""

import logging

logging.getLogger(__name__).addHandler(logging.NullHandler())
