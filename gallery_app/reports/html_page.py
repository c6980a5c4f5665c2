"""HTML pages made of the templates beside this module."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def page(template: str, **values: Any) -> str:
    """Fill a template; a value that it lacks is an error, and no text is taken for markup."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template(template).render(**values)
