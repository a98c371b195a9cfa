"""Being told to stop while a language model is asked: what is in flight may finish, and is kept."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pipelines.serving.backends import stop_backends

_GRACE = 10.0  # seconds in which requests in flight may finish when we are told to stop


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """While this lasts, SIGTERM and SIGINT set the event and stop the backends; a second one acts as usual."""
    told, over = threading.Event(), threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield told
        return
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}

    def restore() -> None:
        for each, handler in before.items():
            signal.signal(each, handler)

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        told.set()
        restore()

    def watch() -> None:
        # Not in the handler: it may have interrupted a thread that holds a lock of the client.
        while not over.wait(0.1):
            if told.is_set():
                stop_backends(_GRACE)
                return

    for each in before:
        signal.signal(each, handle)
    watcher = threading.Thread(target=watch, name="affectmine-stop", daemon=True)
    watcher.start()
    try:
        yield told
    finally:
        over.set()
        restore()
        watcher.join(_GRACE + 5)
