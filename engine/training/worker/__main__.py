"""The training process: does the job of a folder and reports it, line by line, on stdout."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.progress import Reporter
from engine.training.job import Job
from engine.training.worker import tensorflow_runtime
from engine.utils.worker_process import serve


def main(folder: Path) -> int:
    """Return the exit code: 0 done, 1 failed, which the last line on stdout explains."""
    tensorflow_runtime.prepare()
    return serve(folder, lambda folder, reporter: _work(folder, Job.read(folder), reporter))


def _work(folder: Path, job: Job, reporter: Reporter) -> Mapping[str, Any]:
    reporter.progress("Starting TensorFlow", 0, 0)
    if job.task == "train":
        from engine.training.worker.train_job import train

        return train(folder, job, reporter)
    from engine.training.worker.evaluate_job import evaluate

    return evaluate(job, reporter)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
