"""Starts a command and sees to it that it never outlives whoever asked for it: run as a script, standard library only.

`python guard.py watch|free GRACE LOCK COMMAND…`: `watch` ends the command when our standard input closes, which the
kernel does when the starter is gone, however it died; `free` lets it run on. LOCK names a file that holds our process
number and stays locked as long as we live (`-`: none). SIGTERM or SIGINT asks the command to end within GRACE seconds;
a second one kills it. What the command left behind in its process group is killed at the end. Exits as it did.
"""

import contextlib
import ctypes
import fcntl
import os
import select
import signal
import subprocess
import sys
import time

_PR_SET_PDEATHSIG = 1
_POLL = 0.2


def die_with_parent() -> None:
    """Linux: the calling process is asked to end when its parent is gone. Elsewhere: nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def guard(command: list[str], *, watch: bool, grace: float) -> int:
    """The exit code of the command, after all of its processes are gone."""
    asked: list[float] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.append(time.monotonic()))
    # We run one thread only, so code between fork and exec is safe here.
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    told = False
    while child.poll() is None:
        if watch and not told and _closed():
            asked.append(time.monotonic())
        if asked and not told:
            child.terminate()
            told = True
        if told and (len(asked) > 1 or time.monotonic() - asked[0] > grace):
            break
        time.sleep(_POLL)
    with contextlib.suppress(
        ProcessLookupError, PermissionError
    ):  # nobody is left; EPERM: so says macOS
        os.killpg(child.pid, signal.SIGKILL)
    code = child.wait()
    return code if code >= 0 else 128 - code


def _closed() -> bool:
    ready, _, _ = select.select([0], [], [], 0)
    return bool(ready) and os.read(0, 4096) == b""


def main(arguments: list[str]) -> int:
    """Runs the guard."""
    how, grace, lock, *command = arguments
    if lock != "-":
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held until we end; not inherited
        except BlockingIOError:
            sys.exit(f"Another server holds {lock}.")
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
    return guard(command, watch=how == "watch", grace=float(grace))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
