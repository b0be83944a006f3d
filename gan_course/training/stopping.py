"""Turns Ctrl-C and other signals into a request to stop after the step."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
SAME = 1.0  # seconds: shells and `timeout` send a signal twice where they mean it once


class StopRequest:
    """The signal that has asked for an end; 0 as long as none has."""

    def __init__(self) -> None:
        self.signal = 0

    def came(self) -> bool:
        """Whether one has."""
        return self.signal != 0


@contextmanager
def stop_requests(*, quiet: bool = False) -> Iterator[StopRequest]:
    """Within, the first signal is only noted; another, a second later or more, acts as always.

    Unless `quiet`, a line says that it was noted. A signal that is ignored (`nohup`) or that
    somebody else handles is left alone; so are all of them outside the main thread, which alone may
    handle signals.
    """
    request, first = StopRequest(), 0.0
    before: dict[int, Any] = {}

    def restore() -> None:
        while before:
            signal.signal(*before.popitem())

    def note(number: int, _: FrameType | None) -> None:
        nonlocal first
        if not request.came():
            request.signal, first = number, time.monotonic()
            if not quiet:
                # the terminal may be gone; print() could not be used within another print()
                with suppress(OSError):
                    os.write(2, b"\nstopping after this step; once more to stop at once\n")
        elif time.monotonic() - first >= SAME:
            restore()
            signal.raise_signal(number)

    if threading.current_thread() is threading.main_thread():
        for name in SIGNALS:
            number = getattr(signal, name, None)
            if number and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                before[number] = signal.signal(number, note)
    try:
        yield request
    finally:
        restore()
