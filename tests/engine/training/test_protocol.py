"""What passes between the training process and whoever started it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.errors import GalleryWriteError, TrainingError
from engine.progress import Event, Measured, Message, Progress
from engine.utils.worker_process import done_line, event_line, failed_line, read_line


@pytest.mark.parametrize(
    "event",
    [
        Progress("Training the MLP", 3, 400),
        Progress("Evaluating the MLP", 400, 400, 0.75, 31.5),
        Message("It stopped early.\nAnd “said” so."),
        Message("It collapses", alarm=True),
        Measured("triplet", 1, 60, {"loss": 0.25, "active": 0.5}),
    ],
)
def test_an_event_comes_out_as_it_went_in_on_one_line(event: Event) -> None:
    line = event_line(event)
    assert "\n" not in line
    assert line.isascii()
    assert read_line(line, TrainingError) == event


def test_numbers_of_numpy_pass() -> None:
    measured = Measured("mlp", np.int64(2), np.int64(9), {"loss": np.float32(0.5)})
    assert read_line(event_line(measured), TrainingError) == Measured("mlp", 2, 9, {"loss": 0.5})
    assert read_line(
        event_line(Progress("a", np.int64(1), np.int64(2))), TrainingError
    ) == Progress("a", 1, 2)


def test_a_loss_that_is_no_number_passes() -> None:
    told = read_line(
        event_line(Measured("mlp", 1, 9, {"loss": float("nan"), "rate": float("inf")})),
        TrainingError,
    )
    assert isinstance(told, Measured)
    assert np.isnan(told.values["loss"])
    assert np.isinf(told.values["rate"])


def test_the_result_is_told_from_events() -> None:
    result = {"models": [{"id": "mlp-1", "activate": True}]}
    assert read_line(done_line(result), TrainingError) == result


def test_a_declared_error_keeps_its_problem_file_and_remedy() -> None:
    error = GalleryWriteError("The disk is full", file="/some/file", remedy="Make room.")
    with pytest.raises(TrainingError) as caught:
        read_line(failed_line(error), TrainingError)
    raised = caught.value
    assert (raised.problem, raised.file, raised.remedy) == (
        "The disk is full",
        "/some/file",
        "Make room.",
    )


def test_any_other_error_becomes_a_sentence_with_a_remedy() -> None:
    with pytest.raises(TrainingError, match=r"failed \(ZeroDivisionError: by zero\)\. Try again"):
        read_line(failed_line(ZeroDivisionError("by zero")), TrainingError)


@pytest.mark.parametrize(
    "line", ["", "hello", "[]", "17", json.dumps({"kind": "gossip"}), '{"kind": "progress"}']
)
def test_what_is_no_line_of_the_protocol_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_line(line, TrainingError)
