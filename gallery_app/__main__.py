"""``python -m gallery_app`` and the ``face-gallery`` command."""

from __future__ import annotations

import sys

from gallery_app.cli import run


def main() -> None:
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
