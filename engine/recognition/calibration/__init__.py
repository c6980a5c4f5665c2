"""What scores mean: calibrated on a gallery's own faces, each left out in turn."""
