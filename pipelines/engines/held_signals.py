"""Signals that wait a moment."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def held_signals() -> Iterator[None]:
    """While this lasts, SIGTERM and SIGINT wait if Python handles them; at its end their handlers hear of them.

    Does nothing off the main thread, where no handler runs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    handlers = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    handled = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in handled:
        signal.signal(number, lambda *told: came.append(told))
    try:
        yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)
        for told in came:
            handled[signal.Signals(told[0])](*told)
