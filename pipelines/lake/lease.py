"""A lock on an object store: a lease, which its holder renews and which ends by itself when the holder dies.

Assumptions: `create` makes an object or finds that it exists; clocks of machines and store differ by less than
`MARGIN` seconds.
Semantics: leases are numbered objects, and the highest number is in force until it was released or has not been renewed
for `SECONDS`. Who takes over creates the next number: of two who try, one gets it. A holder that stood still for
longer than that (a suspended machine) has lost the lease without knowing: `held` tells, and asks the store. So a lease
keeps work from being done twice; what must not go wrong if it is, must not rest on it alone.
"""

import contextlib
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from pipelines.lake.remote_path import RemotePath
from schemas.errors import AffectmineError, TransientError

SECONDS: Final = 120.0
MARGIN: Final = 30.0
_RENEW: Final = 20.0
_RELEASED: Final = b'{"released": true}'


@contextmanager
def leased(folder: RemotePath, name: str, refused: str) -> "Iterator[Callable[[], bool]]":
    """Holds the lease `name` in `folder`; gives a function that says whether it is still held.

    Raises TransientError with the message `refused` when somebody else holds it.
    """
    found = _leases(folder, name)
    highest = max(found, default=0)
    if highest and _in_force(found[highest]):
        raise TransientError(refused, remedy="Wait for it, then again.")
    number = highest + 1
    lease = folder / f"{name}-{number:08d}.lease"
    content = json.dumps({"owner": secrets.token_hex(8)}).encode()

    def held() -> bool:
        return max(_leases(folder, name), default=0) == number

    if not lease.create(content) or not held():
        raise TransientError(refused, remedy="Wait for it, then again.")
    for old in found.values():
        old.unlink(missing_ok=True)
    over = threading.Event()

    def renew() -> None:
        while not over.wait(_RENEW):
            with contextlib.suppress(AffectmineError, FileNotFoundError):
                lease.write_bytes(content)

    renewing = threading.Thread(target=renew, daemon=True)
    renewing.start()
    try:
        yield held
    finally:
        over.set()
        renewing.join()
        # Its number stays: a name that was in force once must never be made again.
        lease.write_bytes(_RELEASED)


def _leases(folder: RemotePath, name: str) -> dict[int, RemotePath]:
    pattern = re.compile(rf"{re.escape(name)}-(\d{{8}})\.lease")
    matches = ((pattern.fullmatch(path.name), path) for path in folder.glob(f"{name}-*.lease"))
    return {int(match.group(1)): path for match, path in matches if match}


def _in_force(lease: RemotePath) -> bool:
    if time.time() - lease.stat().st_mtime > SECONDS + MARGIN:
        return False
    try:
        return lease.read_bytes() != _RELEASED
    except FileNotFoundError:
        return False
