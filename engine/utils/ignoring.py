"""Errors that may happen, and the line in the log that they leave."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from types import TracebackType


class ignored(AbstractContextManager[None, bool]):
    """Go on after any of these errors, as ``contextlib.suppress``, with a line in the log.

    The line is the caller's: it goes to the logger of the module that the ``with`` stands in.
    """

    def __init__(self, *errors: type[BaseException]) -> None:
        self._errors = errors

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if trace is None or not isinstance(error, self._errors):
            return False
        logger = logging.getLogger(trace.tb_frame.f_globals["__name__"])
        logger.debug("An error is of no consequence", exc_info=error)
        return True
