"""Maps of a gallery: every face a point, so that faces that look alike lie beside one another."""
