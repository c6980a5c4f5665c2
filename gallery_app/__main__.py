"""``python -m gallery_app`` and the ``face-gallery`` command."""

from __future__ import annotations

import sys


def main() -> None:
    try:
        from gallery_app.cli import run

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # while Python still imports
        sys.exit(1)


if __name__ == "__main__":
    main()
