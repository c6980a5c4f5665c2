"""How TensorFlow is to run here, said before it is imported."""

from __future__ import annotations

import os

_XLA = "--xla_cpu_enable_fast_min_max=true"
"""A minimum that does not look for NaN is found many numbers at a time."""


def prepare() -> None:
    """No chatter, no graphics card, and what the compiler may assume.

    Flags that the person has set for the compiler stay, and win.
    """
    flags = f"{_XLA} {os.environ.get('XLA_FLAGS', '')}".strip()
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "XLA_FLAGS": flags}
