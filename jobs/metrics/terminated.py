"""SIGTERM as an exception, so that whoever watches a run hears of its end: schedulers stop runs by it."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class Terminated(KeyboardInterrupt):
    """SIGTERM came."""


@contextmanager
def terminable() -> Iterator[None]:
    """While this lasts, SIGTERM raises Terminated; at its end the process dies of the signal, as it would without.

    A second SIGTERM kills at once. Does nothing where the signal has a handler already, and off the main thread, which
    alone hears of signals.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    except Terminated:
        os.kill(os.getpid(), signal.SIGTERM)  # `_raise` has put back what it does by default
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _raise(_number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise Terminated
