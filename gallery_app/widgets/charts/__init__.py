"""Charts on pyqtgraph. Import them late: pyqtgraph takes most of a second."""
