"""How faces come into a gallery: imports, enrolments, advice on them, the Unknown shelf."""
