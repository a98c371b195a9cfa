"""Keeps a server for the tests as long as somebody uses it: `keeper PYTHON MODEL FOLDER` (see tiny_server.py)."""

import fcntl
import json
import os
import sys
import time
from pathlib import Path

from pipelines.serving.server import VllmServer
from pipelines.serving.vllm_build import find_build

from .tiny_server import READY_WITHIN


def main(python: str, model: Path, folder: Path) -> None:
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    server = VllmServer(
        find_build(python), str(model), model.name, log=folder / "vllm.log", port=0,
        extra=["--max-num-seqs", "64"],
    )  # fmt: skip
    with server:
        server.wait_ready(READY_WITHIN)
        partial = folder / "ready.part"
        partial.write_text(json.dumps({"url": server.url, "model": server.name, "pid": server.pid}))
        partial.replace(folder / "ready.json")
        with (folder / "users").open("a") as users:
            while server.ended() is None and not _free(users.fileno()):
                time.sleep(0.5)
            (folder / "ready.json").unlink()  # under the lock: the next one starts another


def _free(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
