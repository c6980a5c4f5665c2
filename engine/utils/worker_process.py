"""Processes that do one piece of work: started, followed by their lines on stdout, and ended."""

from __future__ import annotations

import io
import json
import logging
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import engine
from engine.errors import FaceGalleryError, WorkerError
from engine.progress import Event, Measured, Message, Progress, Reporter
from engine.records.domains import checked, parsed

_log = logging.getLogger(__name__)

SECRETS = ("FACE_GALLERY_PASSPHRASE", "FACE_GALLERY_NEW_PASSPHRASE")
"""Environment variables that hold a passphrase for the command line."""
LOG = "log.txt"
"""In the folder of a job: what its process writes to stderr."""
_POLL = 0.05  # seconds between two looks at the cancel token
_LAST_LINES = 3

Process = subprocess.Popen[str]


def start_process(module: str, argument: str | Path, log: IO[bytes]) -> Process:
    """Start ``python -m MODULE ARGUMENT`` with this engine on its path, and without passphrases in
    its environment, where others could read them.

    The process should end when its standard input is closed, as that happens when this process
    ends, however it ends.

    Raises:
        OSError: it cannot be started.
    """
    home = str(Path(engine.__file__).parent.parent)
    path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH", "")]))
    environment = {name: value for name, value in os.environ.items() if name not in SECRETS}
    return subprocess.Popen(
        # -P: files in the current folder are no modules of the process
        [sys.executable, "-P", "-m", module, str(argument)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=environment | {"PYTHONPATH": path},
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # Ctrl+C reaches this process alone, which then ends the other
    )


def run_worker(
    name: str, module: str, folder: Path, reporter: Reporter, error: type[WorkerError]
) -> Mapping[str, Any]:
    """Run the job in a folder in a process of its own, and return its result.

    The process ends with this call, also when it is cancelled.

    Args:
        name: what the process is called in messages, such as ``training``.
        module: what it runs; its main function calls :func:`serve`.
        error: raised where the job fails, or its process cannot be started or dies.

    Raises:
        WorkerError: an ``error``.
        CancelledError: through the reporter.
    """
    (folder / LOG).touch(mode=0o600)
    with (folder / LOG).open("wb") as log:
        try:
            process = start_process(module, folder, log)
            _log.info("The %s process runs", name)
        except OSError as cause:
            raise error(
                f"The {name} process could not be started ({cause.strerror or cause})",
                remedy="Close other programs and try again; nothing was changed.",
            ) from cause
        lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        reader = threading.Thread(
            target=_read_lines, args=(process, lines), name=f"{name}-reader", daemon=True
        )
        reader.start()
        try:
            while True:
                reporter.check()
                try:
                    line = lines.get(timeout=_POLL)
                except queue.Empty:
                    continue
                answer = _answer(name, process, line, folder / LOG, error)
                if isinstance(answer, Mapping):
                    return answer
                reporter.tell(answer)
        finally:
            process.kill()
            process.wait()
            reader.join()
            for stream in (process.stdin, process.stdout):
                assert stream is not None
                stream.close()


def _read_lines(process: Process, lines: queue.SimpleQueue[str | None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.endswith("\n"):  # else it died while it was writing
            lines.put(line)
    lines.put(None)


def _answer(
    name: str, process: Process, line: str | None, log: Path, error: type[WorkerError]
) -> Event | Mapping[str, Any]:
    if line is None:
        cause = _cause_of_death(name, process.wait(), log)
        raise error(cause, remedy="Try again; nothing was changed.")
    try:
        return read_line(line, error)
    except ValueError as cause:
        raise error(
            f"The {name} process cannot be understood ({cause})",
            remedy="Install Face Gallery again if this happens every time; nothing was changed.",
        ) from cause


def _cause_of_death(name: str, exit_code: int, log: Path) -> str:
    if exit_code < 0:
        return (
            f"The {name} process was killed (signal {-exit_code}), possibly because memory ran out"
        )
    return f"The {name} process died. {last_lines(log.read_bytes())}".rstrip(". ")


def last_lines(log: bytes) -> str:
    """The end of what a process wrote, in one line."""
    lines = log.decode(errors="replace").splitlines()
    return " ".join(line.strip() for line in lines[-_LAST_LINES:])


def end_process(process: Process, log: IO[bytes]) -> None:
    """End a process and close what leads to it. May be called twice."""
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, log):
        if stream is not None:
            try:
                stream.close()
            except OSError:  # ordinary: what was not sent yet has nobody to read it
                continue


# -- the process itself ------------------------------------------------------------------------


def serve(folder: Path, work: Callable[[Path, Reporter], Mapping[str, Any]]) -> int:
    """Do the work of a folder and report it, line by line, on stdout.

    Returns:
        the exit code: 0 done, 1 failed, which the last line on stdout explains.
    """
    os.umask(0o077)  # whatever it writes is for the owner alone, libraries' files too
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent, which ends this one
    lines = own_stdout()
    threading.Thread(target=_end_with_the_parent, args=(folder,), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(5)  # the window goes first

    def tell(event: Event) -> None:
        print(event_line(event), file=lines, flush=True)

    try:
        result = work(folder, Reporter(tell))
    except Exception as error:
        print(failed_line(error), file=lines, flush=True)
        return 1
    print(done_line(result), file=lines, flush=True)
    return 0


def own_stdout() -> io.TextIOWrapper:
    """Return standard output for the protocol alone; whatever else is printed goes to stderr."""
    kept = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return io.TextIOWrapper(io.FileIO(kept, "w"), encoding="utf-8", write_through=True)


def limit_memory(most: int) -> None:
    """Let this process have no more bytes of memory than that, where the system can see to it."""
    try:
        import resource
    except ImportError:  # ordinary: Windows has no such limit
        return
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _end_with_the_parent(folder: Path) -> None:
    """The pipe closes when the parent ends, however it ends; nobody else removes the job."""
    while os.read(0, 1024):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


# -- the lines between both: one JSON document each ------------------------------------------


def event_line(event: Event) -> str:
    """The line of an event."""
    match event:
        case Progress(stage, done, total, overall, left):
            told = {"stage": stage, "done": int(done), "total": int(total)}
            return _line("progress", **told, overall=_number(overall), left=_number(left))
        case Message(text, alarm):
            return _line("message", text=text, alarm=alarm)
        case Measured(series, step, steps, values):
            numbers = {name: float(value) for name, value in values.items()}
            return _line(
                "measured", series=series, step=int(step), steps=int(steps), values=numbers
            )


def done_line(result: Mapping[str, Any]) -> str:
    """The last line of a job that is done."""
    return _line("done", result=result)


def failed_line(error: BaseException) -> str:
    """The last line of a job that failed."""
    if isinstance(error, FaceGalleryError):
        return _line("failed", problem=error.problem, file=error.file, remedy=error.remedy)
    return _line(
        "failed",
        problem=f"The work failed ({type(error).__name__}: {error})",
        file=None,
        remedy="Try again, with other settings if it fails again.",
    )


def read_line(line: str, error: type[WorkerError]) -> Event | Mapping[str, Any]:
    """An event, or the result of the last line.

    Raises:
        WorkerError: an ``error``, where the line says that the job failed.
        ValueError: not a line of this protocol.
    """
    match parsed(line):
        case {"kind": "progress", "stage": stage, "done": done, "total": total, **rest}:
            foreseen: Any = [rest.get("overall"), rest.get("left")]
            return checked(Progress(stage, done, total, *foreseen))
        case {"kind": "message", "text": text, "alarm": alarm}:
            return checked(Message(text, alarm))
        case {"kind": "measured", "series": series, "step": step, "steps": steps, "values": values}:
            return checked(Measured(series, step, steps, values))
        case {"kind": "done", "result": dict(result)}:
            return result
        case {
            "kind": "failed",
            "problem": str(problem),
            "file": str() | None as file,
            "remedy": str(remedy),
        } if problem:
            raise error(problem, file=file, remedy=remedy)
    raise ValueError(f"not a line of a worker process: {line[:80]}")


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _line(kind: str, **fields: Any) -> str:
    # NaN and infinity are written as Python writes them: both ends are Python
    return json.dumps({"kind": kind, **fields}, ensure_ascii=True)
