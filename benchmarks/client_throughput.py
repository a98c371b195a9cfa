"""How much of a server's speed the HTTP client gives: beside a bare aiohttp loop, on one real vLLM server.

    python benchmarks/client_throughput.py --url http://127.0.0.1:8000 --model NAME [--requests 600] [--json FILE]

The bare loop is as many workers as connections, each of which posts, reads, and parses one answer after another; it
runs at the best of 16, 32, 64 and 128 workers, found first. The client runs as it is shipped (window 256, or --window):
calls are submitted from the main thread, replies awaited in order. Both send the same bodies: short texts, one static
prefix, a JSON schema. They are timed in turns, and each pair sends texts of its own, so that the server's prefix cache
treats both alike. Told are medians over the pairs; the ratio is the median of the ratios within a pair. Processor time
is that of this process, all threads, per request.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import aiohttp
import orjson

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipelines.serving.calls import CHAT, Call
from pipelines.serving.http_backend import HttpBackend
from schemas.language_model import LanguageModel

BAR_RATIO, BAR_CPU = 0.95, 0.5e-3
CONCURRENCY = (16, 32, 64, 128)
LABELS = ["anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral"]
SCHEMA = {
    "type": "object",
    "properties": {
        "labels": {"type": "array", "items": {"enum": LABELS}, "minItems": 1, "maxItems": 2}
    },
    "required": ["labels"],
    "additionalProperties": False,
}
INSTRUCTIONS = "Which emotions does the writer show? Answer in JSON. Labels: " + ", ".join(LABELS)
WORDS = [
    "today",
    "the train",
    "was late",
    "again",
    "but my friend",
    "sent flowers",
    "and we",
    "laughed",
]


class Timing(NamedTuple):
    """Requests a second, and this process's processor seconds per request."""

    rate: float
    cpu: float


def bodies(model: str, n: int, round_: int) -> list[bytes]:
    """Bodies of `n` calls, with texts of their own in each round."""
    return [
        orjson.dumps(
            {
                "model": model,
                "messages": [
                    {"role": "system", "content": INSTRUCTIONS},
                    {
                        "role": "user",
                        "content": f"<text>\n{round_} {k} {' '.join(WORDS[k % 7 :])}\n</text>",
                    },
                ],
                "max_tokens": 24,
                "temperature": 0,
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
                },
            }
        )
        for k in range(n)
    ]


def timed(work: Callable[[], None], n: int) -> Timing:
    started, processor = time.perf_counter(), time.process_time()
    work()
    return Timing(n / (time.perf_counter() - started), (time.process_time() - processor) / n)


def bare(url: str, workers: int, sent: list[bytes]) -> Timing:
    """The bare loop: nothing is retried, any failure ends it."""

    async def run() -> None:
        left = iter(sent)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def work() -> None:
                for body in left:
                    async with session.post(
                        url + CHAT, data=body, headers={"Content-Type": "application/json"}
                    ) as response:
                        answer = orjson.loads(await response.read())
                        assert response.status == 200, answer

            await asyncio.gather(*(work() for _ in range(workers)))

    return timed(lambda: asyncio.run(run()), len(sent))


def ours(client: HttpBackend, sent: list[bytes]) -> Timing:
    """The client, replies parsed too."""

    def run() -> None:
        for future in [client.submit(Call(CHAT, body)) for body in sent]:
            reply = future.result()
            assert reply.content is not None, reply.detail
            orjson.loads(reply.content)

    return timed(run, len(sent))


def measure(url: str, model: str, n: int, pairs: int, window: int) -> dict[str, Any]:
    labeler = LanguageModel(name="client", model=model, revision="any", urls=(url,), window=window)
    rounds = iter(range(10_000))
    bare(url, 16, bodies(model, n, next(rounds)))  # the schema is compiled, buffers are warm
    sweep = dict.fromkeys(CONCURRENCY, 0.0)
    for _ in range(3):  # in turns, the fastest of three: other work on the machine must not choose
        for each in sweep:
            sweep[each] = max(sweep[each], bare(url, each, bodies(model, n, next(rounds))).rate)
    best = max(sweep, key=sweep.__getitem__)
    found: list[tuple[Timing, Timing]] = []
    with HttpBackend(labeler) as client:
        ours(client, bodies(model, n // 4, next(rounds)))
        for pair in range(pairs):
            first, second = bodies(model, n, next(rounds)), bodies(model, n, next(rounds))
            if pair % 2:
                mine = ours(client, first)
                theirs = bare(url, best, second)
            else:
                theirs = bare(url, best, first)
                mine = ours(client, second)
            found.append((theirs, mine))
        faults = dict(client.counts)
    more = median(mine.cpu - theirs.cpu for theirs, mine in found)
    ratio = median(mine.rate / theirs.rate for theirs, mine in found)
    return {
        "machine": f"{platform.machine()}, {platform.python_version()}",
        "requests_per_run": n,
        "pairs": pairs,
        "window": window,
        "sweep_requests_per_second": {str(key): round(rate, 1) for key, rate in sweep.items()},
        "bare_concurrency": best,
        "bare_requests_per_second": round(median(theirs.rate for theirs, _ in found), 1),
        "client_requests_per_second": round(median(mine.rate for _, mine in found), 1),
        "ratio": round(ratio, 3),
        "ratios": [round(mine.rate / theirs.rate, 3) for theirs, mine in found],
        "bare_cpu_ms": round(1e3 * median(theirs.cpu for theirs, _ in found), 3),
        "client_cpu_ms": round(1e3 * median(mine.cpu for _, mine in found), 3),
        "cpu_beyond_bare_ms": round(1e3 * more, 3),
        "client_faults": faults,
        "bars_reached": ratio >= BAR_RATIO and more < BAR_CPU,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="of the server, without /v1")
    parser.add_argument("--model", required=True, help="as it is served")
    parser.add_argument("--requests", type=int, default=600, help="per timed run")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--window", type=int, default=256, help="of the client")
    parser.add_argument("--json", type=Path, help="write what was found to a file, too")
    arguments = parser.parse_args()
    found = measure(
        arguments.url, arguments.model, arguments.requests, arguments.pairs, arguments.window
    )
    text = json.dumps(found, indent=1)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
