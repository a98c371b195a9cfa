"""With which flags and in which environment vLLM is started, so that it answers label tasks well."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Final

from pipelines.serving.vllm_build import VllmBuild
from schemas.errors import ConfigError

SHUTDOWN: Final = 30  # seconds that requests in flight may take to finish

_OURS: Final = {
    "--model": "Name the model as the argument.",
    "--served-model-name": "It follows from the model.",
    "--host": "Use --host before the --.",
    "--port": "Use --port before the --.",
    "--revision": "Use --revision before the --.",
    "--api-key": "Set VLLM_API_KEY: what stands on a command line can be read by every user of the machine.",
}
# Good to have; a version of vLLM that does not know one is started without it.
_OPTIONAL: Final = (
    ("--shutdown-timeout", str(SHUTDOWN)),  # without: all requests in flight fail at SIGTERM
    ("--enable-prefix-caching",),
    ("--enable-prompt-tokens-details",),  # how many tokens came from the prefix cache
    ("--no-enable-log-requests",),
    ("--disable-uvicorn-access-log",),
)


def check_extra(extra: Sequence[str]) -> None:
    """Raises ConfigError for a flag among the user's own that we set, or that is no flag."""
    for word in extra:
        flag = word.split("=", 1)[0].replace("_", "-")
        if flag in _OURS:
            raise ConfigError(f"{flag} cannot stand after --.", remedy=_OURS[flag])
    if extra and not extra[0].startswith("-"):
        raise ConfigError(
            f"{extra[0]!r} after the model is no flag of vLLM.",
            remedy="Only one model is served at a time; vLLM's flags follow after --.",
        )


def vllm_command(
    build: VllmBuild,
    model: str,
    name: str,
    *,
    host: str,
    port: int,
    revision: str | None = None,
    extra: Sequence[str] = (),
    without: frozenset[str] = frozenset(),
) -> list[str]:
    """The command that serves `model` as `name`. `without`: flags that this version turned out not to know."""
    # `vllm serve` needs the package's metadata, which some builds lack; the module needs nothing.
    if build.module.endswith("api_server"):
        command = [build.python, "-m", build.module, "--model", model]
    else:
        command = [build.python, "-m", build.module, "serve", model]
    command += ["--served-model-name", name, "--host", host, "--port", str(port)]
    if revision is not None:
        command += ["--revision", revision, "--tokenizer-revision", revision]
    # White space without end inside JSON is forbidden; 128 is the most codes that a score may have.
    command += [
        "--structured-outputs-config", '{"backend":"xgrammar","disable_any_whitespace":true}',
        "--max-logprobs", "128",
    ]  # fmt: skip
    if build.cpu:
        # Blocks of 16 crash there, and with blocks of 128 short prefixes are never found in the cache.
        # A prompt that is read in pieces, with a sampling seed, kills the engine: generators of the CPU have no offset.
        command += ["--enforce-eager", "--block-size", "32", "--no-enable-chunked-prefill"]
    for flag in _OPTIONAL:
        if flag[0] not in without:
            command += flag
    return [*command, *extra]  # the user's own come last: they win


def unknown_flags(log: str) -> frozenset[str]:
    """The flags that this vLLM did not know, by its own last words in the log."""
    found = re.findall(r"error: unrecognized arguments: (.*)", log)
    return frozenset(re.findall(r"--[a-z][a-z0-9-]*", found[-1])) if found else frozenset()


def dispensable(flags: frozenset[str]) -> bool:
    """Whether vLLM can do without all of these flags, as far as we are concerned."""
    return bool(flags) and flags <= {flag[0] for flag in _OPTIONAL}


def vllm_environment(
    build: VllmBuild, *, local: bool, given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of vLLM: nothing is reported to anyone, and none of our secrets is in it."""
    environment = dict(os.environ if given is None else given)
    environment.pop("AFFECTMINE_KEY", None)
    environment |= {
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "PYTHONUNBUFFERED": "1",
    }
    if local:
        environment.setdefault("HF_HUB_OFFLINE", "1")
    if build.cpu:
        environment.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")  # GiB
        # Else the first request for log-probabilities waits for a compiler, up to 20 s.
        environment.setdefault("TORCHDYNAMO_DISABLE", "1")
    return environment
