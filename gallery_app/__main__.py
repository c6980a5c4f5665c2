"""``python -m gallery_app`` and the ``face-gallery`` command."""

from __future__ import annotations

import sys


def main() -> None:
    try:
        from gallery_app.cli import run
        from gallery_app.errors import catch_all

        catch_all()
        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # while Python still imports
        sys.exit(130)


if __name__ == "__main__":
    main()
