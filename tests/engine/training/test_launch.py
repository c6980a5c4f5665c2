"""The training process as the one that starts it sees it, with a stand-in for TensorFlow's part.

What the real process does is in tests/engine/test_learning.py; here it is a short script in its
place, so that each way to end takes a fraction of a second.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import CancelledError, TrainingError
from engine.progress import SILENT, CancelToken, Event, Message, Progress, Reporter
from engine.training import job
from engine.utils import worker_process

ROOT = Path(__file__).resolve().parents[3]
StandIn = Callable[[str], Path]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A script that is run instead of ``python -m engine.training``; it gets the job's folder."""

    def put(script: str) -> Path:
        file = tmp_path / "stand_in.py"
        file.write_text(f"import json, os, sys, time\n{script}\n", encoding="utf-8")
        start = subprocess.Popen

        def started(command: list[str], **options: Any) -> subprocess.Popen[str]:
            assert command[-3:-1] == ["-m", "engine.training.worker"]
            return start([sys.executable, str(file), command[-1]], **options)

        monkeypatch.setattr(worker_process.subprocess, "Popen", started)
        monkeypatch.setattr(job, "missing_tensorflow", lambda: "")
        (tmp_path / "job").mkdir()
        return tmp_path / "job"

    return put


def gone(process: int) -> bool:
    """Whether it has ended and was waited for."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_events_come_in_order_and_the_result_last(stand_in: StandIn) -> None:
    folder = stand_in(
        "for n in range(3):\n"
        "    print(json.dumps(dict(kind='progress', stage='s', done=n, total=3)), flush=True)\n"
        "print(json.dumps(dict(kind='done', result=dict(folder=sys.argv[1]))))"
    )
    told: list[Event] = []
    assert job.run_job(folder, Reporter(told.append)) == {"folder": str(folder)}
    assert told == [Progress("s", number, 3) for number in range(3)]


def test_the_process_is_given_no_passphrase(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FACE_GALLERY_PASSPHRASE", "FACE_GALLERY_NEW_PASSPHRASE", "SOMETHING_ELSE"):
        monkeypatch.setenv(name, "four words nobody guesses")
    folder = stand_in(
        "told = sorted(name for name, value in os.environ.items() if value.startswith('four w'))\n"
        "print(json.dumps(dict(kind='done', result=dict(names=told))))"
    )
    assert job.run_job(folder, SILENT) == {"names": ["SOMETHING_ELSE"]}


def test_a_failure_is_raised_as_it_was_said(stand_in: StandIn) -> None:
    folder = stand_in(
        "print(json.dumps(dict(kind='failed', problem='Too few', file=None, remedy='Enroll.')))"
    )
    with pytest.raises(TrainingError, match=r"^Too few\. Enroll\.$"):
        job.run_job(folder, SILENT)


def test_a_process_that_ends_by_itself_is_told_with_its_last_words(stand_in: StandIn) -> None:
    folder = stand_in("sys.exit('no room on the device')")
    with pytest.raises(TrainingError, match=r"died\. no room on the device\. Try again"):
        job.run_job(folder, SILENT)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_killed_process_is_told_in_plain_words(stand_in: StandIn) -> None:
    folder = stand_in("print('noise', file=sys.stderr, flush=True)\nos.kill(os.getpid(), 9)")
    with pytest.raises(TrainingError) as caught:
        job.run_job(folder, SILENT)
    assert "killed (signal 9)" in str(caught.value)
    assert "nothing was changed" in str(caught.value)
    assert "noise" not in str(caught.value)


def test_half_a_last_line_is_no_riddle(stand_in: StandIn) -> None:
    folder = stand_in('sys.stdout.write(\'{"kind": "done", "resu\'); sys.exit(3)')
    with pytest.raises(TrainingError, match="died"):
        job.run_job(folder, SILENT)


def test_what_is_no_line_of_the_protocol_ends_it_with_a_declared_error(stand_in: StandIn) -> None:
    folder = stand_in("sys.stdout.buffer.write(b'\\xff\\xfe what\\n'); sys.stdout.flush()")
    with pytest.raises(TrainingError, match="cannot be understood"):
        job.run_job(folder, SILENT)


def test_cancelled_the_process_is_gone_when_the_call_returns(stand_in: StandIn) -> None:
    folder = stand_in(
        "print(json.dumps(dict(kind='message', text=str(os.getpid()), alarm=False)), flush=True)\n"
        "time.sleep(60)"
    )
    token = CancelToken()
    told: list[int] = []

    def listen(event: Event) -> None:
        assert isinstance(event, Message)
        told.append(int(event.text))
        token.cancel()

    with pytest.raises(CancelledError):
        job.run_job(folder, Reporter(listen, token))
    assert gone(told[0])


def test_a_listener_that_fails_takes_the_process_with_it(stand_in: StandIn) -> None:
    folder = stand_in(
        "print(json.dumps(dict(kind='message', text=str(os.getpid()), alarm=False)), flush=True)\n"
        "time.sleep(60)"
    )
    told: list[int] = []

    def listen(event: Event) -> None:
        assert isinstance(event, Message)
        told.append(int(event.text))
        raise RuntimeError("the window is gone")

    with pytest.raises(RuntimeError, match="the window is gone"):
        job.run_job(folder, Reporter(listen))
    assert gone(told[0])


def test_a_process_that_cannot_be_started_is_a_declared_error(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stand_in("")

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(worker_process.subprocess, "Popen", refuse)
    with pytest.raises(TrainingError, match=r"could not be started.*Cannot allocate memory"):
        job.run_job(folder, SILENT)


def test_without_tensorflow_nothing_is_started_and_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "tensorflow" else find(name)
    )
    assert "not installed" in job.missing_tensorflow()
    with pytest.raises(TrainingError, match=r"TensorFlow, which is not installed.*pip install"):
        job.run_job(tmp_path, SILENT)
    assert list(tmp_path.iterdir()) == []


# -- the real process, as far as it goes without TensorFlow ---------------------------------------

PRINTING = """
import os, sys
from engine.training.worker import __main__ as training
def work(folder, job, reporter):
    print("a library prints")
    os.system("echo a library in C prints")
    reporter.message("hello")
    return {"fine": True}
training._work = work
training.Job = type("Job", (), {"read": staticmethod(lambda folder: None)})
sys.exit(training.main(training.Path(sys.argv[1])))
"""
WAITING = PRINTING.replace(
    '    return {"fine"', '    import time; time.sleep(60)\n    return {"fine"'
)


def process_of(script: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_what_libraries_print_never_disturbs_the_protocol(tmp_path: Path) -> None:
    process = process_of(PRINTING, tmp_path)
    assert process.stdout is not None
    lines = process.stdout.readlines()
    _, noise = process.communicate()
    assert len(lines) == 2
    assert '"hello"' in lines[0]
    assert '"done"' in lines[1]
    assert "a library prints" in noise
    assert "a library in C prints" in noise


def test_it_ends_by_itself_when_its_parent_does_and_removes_its_job(tmp_path: Path) -> None:
    job = tmp_path / "job"
    job.mkdir()
    (job / "data.npz").write_bytes(b"faces")
    process = process_of(WAITING, job)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdin.close()  # as the system does for a parent that died
    assert process.wait() == 1
    assert not job.exists()
    process.stdout.close()
    process.stderr.close()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_is_left_to_the_parent(tmp_path: Path) -> None:
    process = process_of(WAITING, tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    process.kill()
    _, noise = process.communicate()
    assert "Traceback" not in noise


def test_modules_of_the_current_folder_are_none_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('hijacked')")
    (tmp_path / "job").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrainingError) as caught:  # there is no job in the folder
        job.run_job(tmp_path / "job", SILENT)
    assert "hijacked" not in str(caught.value)
    assert "job.json" in str(caught.value)


def test_the_reading_thread_ends_with_the_call(stand_in: StandIn) -> None:
    folder = stand_in("time.sleep(60)")
    token = CancelToken()
    threading.Timer(0.2, token.cancel).start()
    with pytest.raises(CancelledError):
        job.run_job(folder, Reporter(None, token))
    assert "training-reader" not in {thread.name for thread in threading.enumerate()}
