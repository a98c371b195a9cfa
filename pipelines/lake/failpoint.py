"""Named places where a test may pull the plug.

`AFFECTMINE_FAILPOINT=name:n` kills the process and its parent with SIGKILL the n-th time that this process
passes `name`: what a power cut would do there. Unset, a failpoint costs one dictionary look-up.
"""

import os
import signal

FAILPOINTS = (
    "commit.data_written",
    "commit.data_synced",
    "commit.manifest_written",
    "commit.manifest_linked",
    "publish.before",
    "publish.snapshot_written",
    "publish.snapshot_linked",
    "publish.catalog_written",
)

_passed: dict[str, int] = {}


def failpoint(name: str) -> None:
    """Dies here if the environment says so."""
    wanted = os.environ.get("AFFECTMINE_FAILPOINT")
    if not wanted:
        return
    place, _, count = wanted.partition(":")
    if place != name:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] >= int(count or 1):
        if os.environ.get("AFFECTMINE_WORKER"):
            os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
