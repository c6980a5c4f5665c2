"""What a process is that does a piece of work of ours and reports it, line by line, on stdout."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.progress import Event, Reporter
from engine.training import protocol


def serve(folder: Path, work: Callable[[Path, Reporter], Mapping[str, Any]]) -> int:
    """Does the work of a folder.

    Returns:
        the exit code: 0 done, 1 failed, which the last line on stdout explains.
    """
    os.umask(0o077)  # whatever it writes is for the owner alone, libraries' files too
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent, which ends this one
    lines = _own_stdout()
    threading.Thread(target=_end_with_the_parent, args=(folder,), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(5)  # the window goes first

    def tell(event: Event) -> None:
        print(protocol.encoded(event), file=lines, flush=True)

    try:
        result = work(folder, Reporter(tell))
    except Exception as error:
        print(protocol.failed(error), file=lines, flush=True)
        return 1
    print(protocol.done(result), file=lines, flush=True)
    return 0


def _own_stdout() -> io.TextIOWrapper:
    """What was stdout, for the protocol alone; whatever else is printed goes to stderr."""
    kept = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return io.TextIOWrapper(io.FileIO(kept, "w"), encoding="utf-8", write_through=True)


def _end_with_the_parent(folder: Path) -> None:
    """Its end of the pipe closes when it ends, however it ends; nobody else removes the job."""
    while os.read(0, 1024):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
