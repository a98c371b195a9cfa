"""Signals that wait a moment."""

import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from types import FrameType

import pytest

from pipelines.engines.held_signals import held_signals


class CameError(Exception):
    """A handler heard of a signal."""


class Big:
    """Something that a frame sees."""


def _raise(number: int, _frame: FrameType | None) -> None:
    raise CameError(number)


@pytest.fixture(autouse=True)
def _handled() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, _raise)
    # Where the tests were started in the background of a shell, Ctrl-C is ignored.
    ctrl_c = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)
    signal.signal(signal.SIGINT, ctrl_c)


def _send(number: int = signal.SIGTERM) -> None:
    signal.raise_signal(number)  # its handler runs before this returns


def _held_over(number: int, done: list[str]) -> None:
    with held_signals():
        _send(number)
        done.append("the rest")


def test_handlers_hear_at_the_end() -> None:
    done: list[str] = []
    with pytest.raises(CameError):
        _held_over(signal.SIGTERM, done)
    assert done == ["the rest"]
    assert signal.getsignal(signal.SIGTERM) is _raise
    with pytest.raises(CameError):
        _send()  # no longer held


def test_ctrl_c_waits_too() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _held_over(signal.SIGINT, done)
    assert done == ["the rest"]


def test_what_the_signal_met_is_not_kept_alive() -> None:
    """Else a pool that a run leaves by a signal would leak its semaphores, and the interpreter would say so."""
    met: list[weakref.ref[Big]] = []

    def meet() -> None:
        big = Big()
        met.append(weakref.ref(big))
        _send()

    with pytest.raises(CameError) as kept, held_signals():
        meet()
    assert kept.value.args == (signal.SIGTERM,)
    assert met[0]() is None


def test_without_a_handler_it_kills_at_once() -> None:
    code = (
        "import signal\n"
        "from pipelines.engines.held_signals import held_signals\n"
        "with held_signals():\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
        "    print('still here')\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (ran.returncode, ran.stdout) == (-signal.SIGTERM, b"")


def test_off_the_main_thread_nothing_changes() -> None:
    seen = []

    def run() -> None:
        with held_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [_raise]
