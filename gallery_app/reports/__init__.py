"""Documents that are handed on: an evaluation and a gallery as HTML, text and JSON."""
