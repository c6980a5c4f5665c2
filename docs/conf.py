"""Settings of Sphinx, which builds these pages as a site: `make docs`.

The project's folder is the source, so that links between docs/ and the files above it work in the
repository and on the site alike.
"""

import re
import sys
from pathlib import Path
from typing import Any

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
autodoc_type_aliases = {
    name: name for name in ("Distance", "Ids", "Listener", "Method", "Rows", "Vectors", "Verdict")
}
napoleon_numpy_docstring = False
napoleon_use_ivar = True


def plain_aliases(*event: Any) -> tuple[str, str | None] | None:
    """Name type aliases in unions as everywhere else; the event ends with both annotations."""
    signature, returned = event[-2:]
    if signature is None:
        return None
    return re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", signature), returned


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-signature", plain_aliases)
