"""What vLLM's log says when it fails: its end, and what to do about it. The log holds no prompts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_WINDOW: Final = 65_536  # bytes from the end
_REMEDIES: Final = (
    (
        r"out of memory|OutOfMemoryError|Free memory on device",
        "The device has too little free memory for it: -- --gpu-memory-utilization 0.8 --max-model-len 4096",
    ),
    (
        r"KV cache (is needed|memory)|max seq len|No available memory for the cache",
        "Context and weights do not fit together: -- --max-model-len 4096; on a CPU: VLLM_CPU_KVCACHE_SPACE=8",
    ),
    (r"Address already in use", "Something else took the port meanwhile: choose another --port."),
    (
        r"trust_remote_code",
        "The model comes with code of its own. If you trust its authors: -- --trust-remote-code",
    ),
    (
        r"gated repo|401 Client Error|403 Client Error|Repository Not Found",
        "The hub does not give the model: check its name, accept its license there, set HF_TOKEN.",
    ),
    (
        r"OfflineModeIsEnabled|LocalEntryNotFound|ConnectionError|Temporary failure in name",
        "The hub cannot be reached: download the model into a folder elsewhere, and serve the folder.",
    ),
    (
        r"Failed to infer device type|No CUDA|NVIDIA driver|no kernel image",
        "This vLLM is for another device than this machine has: install the build that fits (CUDA, ROCm, CPU).",
    ),
    (r"invalid argument|error: argument|unrecognized arguments", "Check the flags after --."),
)


def log_end(path: Path, lines: int = 30) -> str:
    """The last lines of a log; empty when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _WINDOW))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def log_remedy(log: str) -> str | None:
    """What to do next, where the log shows a failure that we know."""
    return next((remedy for sign, remedy in _REMEDIES if re.search(sign, log)), None)


def last_message(log: str) -> str:
    """The newest message of a log without its time and place, for a line of progress; at most 90 characters."""
    for line in reversed(log.splitlines()):
        found = re.search(r"(?:INFO|WARNING) .*?\] (.+)", line)
        if found:
            return found[1].strip()[:90]
    return ""
