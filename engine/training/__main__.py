"""The training process: does the job of a folder and reports it, line by line, on stdout."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.progress import Event, Reporter
from engine.training import protocol, runtime
from engine.training.job import Job


def main(folder: Path) -> int:
    """Returns the exit code: 0 done, 1 failed, which the last line on stdout explains."""
    os.umask(0o077)  # whatever it writes is for the owner alone, libraries' files too
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent, which ends this one
    lines = _own_stdout()
    threading.Thread(target=_end_with_the_parent, args=(folder,), daemon=True).start()
    runtime.prepare()
    if hasattr(os, "nice"):
        os.nice(5)  # the window goes first

    def tell(event: Event) -> None:
        print(protocol.encoded(event), file=lines, flush=True)

    try:
        result = _work(folder, Job.read(folder), Reporter(tell))
    except Exception as error:
        print(protocol.failed(error), file=lines, flush=True)
        return 1
    print(protocol.done(result), file=lines, flush=True)
    return 0


def _work(folder: Path, job: Job, reporter: Reporter) -> Mapping[str, Any]:
    reporter.progress("Starting TensorFlow", 0, 0)
    if job.task == "train":
        from engine.training.train_job import train

        return train(folder, job, reporter)
    from engine.training.evaluate_job import evaluate

    return evaluate(job, reporter)


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


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
