"""Signals that wait a moment."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def held_signals() -> Iterator[None]:
    """While this lasts, SIGTERM and SIGINT wait if Python handles them; at its end their handlers hear of them.

    A handler gets no frame: the one that the signal met has gone on, and kept, it would keep all that it saw alive.
    Does nothing off the main thread, where no handler runs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handlers = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    handled = {number: handler for number, handler in handlers.items() if callable(handler)}

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    for number in handled:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)
        for each in came:
            handled[signal.Signals(each)](each, None)
