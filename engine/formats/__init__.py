"""Files of faces: a module for each format, and the checks that every embedding passes."""
