"""Settings of Sphinx, which builds these pages as a site: `make docs`.

The project's folder is the source, so that links between docs/ and the files above it work in the
repository and on the site alike.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

project = "Face Gallery"
html_title = project
html_theme = "furo"
html_show_copyright = False
html_show_sourcelink = False
root_doc = "docs/index"
include_patterns = ["[CS]*.md", "docs/*.md", "benchmarks/*.md", "data/*.md"]
exclude_patterns = [".*", "build", "data/*/*", "tests"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 4
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
