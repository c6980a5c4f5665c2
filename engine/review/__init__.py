"""What looks wrong in a gallery: labels, merges, outliers, duplicates, too few faces."""
