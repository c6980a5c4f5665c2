"""``python -m engine.export.tensorboard FOLDER``: TensorBoard, until standard input is closed.

The first line on standard output is its address. Standard input is closed by whoever started it,
or by the system when that process dies.
"""

from __future__ import annotations

import os
import sys
import threading
import types


def main() -> None:
    """Only the projector's tab, on the loopback interface, at a port that is free."""
    threading.Thread(target=_end_with_the_other, daemon=True).start()
    # TensorBoard then leaves TensorFlow alone, whose import would take 5 s and 600 MB
    sys.modules["tensorboard.compat.notf"] = types.ModuleType("tensorboard.compat.notf")
    from tensorboard import program
    from tensorboard.plugins.core import core_plugin
    from tensorboard.plugins.projector import projector_plugin

    board = program.TensorBoard(
        plugins=[core_plugin.CorePluginLoader(), projector_plugin.ProjectorPlugin]
    )
    where = ["--logdir", sys.argv[1], "--host", "127.0.0.1", "--port", "0"]
    board.configure(["tensorboard", *where, "--load_fast", "false", "--reload_interval", "0"])
    address, sys.stdout = sys.stdout, sys.stderr  # it prints
    print(board.launch(), file=address, flush=True)
    threading.Event().wait()


def _end_with_the_other() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
