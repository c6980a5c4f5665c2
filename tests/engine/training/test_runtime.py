"""What TensorFlow is told before it is imported."""

import os

from engine.training.worker import tensorflow_runtime


def test_flags_of_the_person_come_last_and_so_win(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_min_max=false")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    tensorflow_runtime.prepare()
    flags = os.environ["XLA_FLAGS"].split()
    assert flags[-1] == "--xla_cpu_enable_fast_min_max=false"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"


def test_without_flags_of_the_person_ours_stand_alone(monkeypatch):
    for name in ("XLA_FLAGS", "CUDA_VISIBLE_DEVICES", "TF_CPP_MIN_LOG_LEVEL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    tensorflow_runtime.prepare()
    assert os.environ["XLA_FLAGS"] == "--xla_cpu_enable_fast_min_max=true"
