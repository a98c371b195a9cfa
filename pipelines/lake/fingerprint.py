"""Fingerprints: everything that determines what a unit of work gives, in one hash."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import xxhash

LENGTH = 16


def fingerprint(
    *, stage: str, version: int, inputs: Sequence[str], meaning: Mapping[str, Any], key_id: str
) -> str:
    """The hexadecimal fingerprint (16 digits) of a unit of work.

    `inputs` are checksums of what is read, in order; `meaning` is the semantic config (see
    `schemas.config.base.semantic`) with model and revision where there is one.
    """
    content = {
        "stage": stage,
        "version": version,
        "inputs": list(inputs),
        "meaning": dict(meaning),
        "key": key_id,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return xxhash.xxh3_128_hexdigest(text.encode())[:LENGTH]


def shard_id(*parts: str | int) -> str:
    """The id (12 hexadecimal digits) of a shard: from corpus, partition, source file and chunk."""
    text = "\0".join(str(part) for part in parts)
    return xxhash.xxh3_128_hexdigest(text.encode())[:12]
