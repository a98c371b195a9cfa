"""A synthesis whose answers are all in the cache, then its export: seconds for 100,000 generated rows.

    python benchmarks/cached_synthesis.py [--items 100000] [--shard-items 5000]

A scripted server plays writer and judge in a first run, which fills the answer cache: sentences of random words around
a phrase of the planned emotion, and levels (not timed; its speed says nothing of a model's). Then a meaning of the
synthesis changes (what counts as a copy), so that every item is made anew, and not one request goes out: plan, write,
judge and check of all items, the answers from the cache, the student as checker; near-duplicates, caps and gates of
diversity; publication; and an export of chats with a contamination check against 1,000 of the texts. That is what is
timed. Prints JSON; exit code 1 where it takes a minute or longer, or anything was asked.
"""

import argparse
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
from aiohttp import web

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("AFFECTMINE_KEY", "0" * 64)

from jobs.export import export
from jobs.screen import Screen
from jobs.synthesize import Made, synthesize
from pipelines.lake.lake import open_lake
from pipelines.lake.mart_files import queryable_files
from pipelines.lake.snapshots import published
from pipelines.query.catalog import open_catalog

BAR = 60.0  # seconds
FEELS = {
    "anger": "I am so angry and furious about", "disgust": "it is disgusting and gross, this",
    "fear": "I am scared and afraid of", "joy": "I am so happy and delighted about",
    "sadness": "I am sad and I cry over",
    "surprise": "wow, I am so surprised by", "neutral": "the table stands beside",
}  # fmt: skip
RECIPE = """name: bench
version: 1
title: Sentences
description: One sentence each.
source: ours, for this benchmark
task: emotion
taxonomy: ekman
axes: [{name: emotion, labels: true}, {name: persona, table: personas}, {name: setting, table: settings}]
steps:
  - {kind: write, id: write, model: writer, system: You write sentences.,
     fields: [{name: text, kind: text, max_chars: 400}],
     prompt: "The person: {persona.who}. The place: {setting.place}. Write a sentence with the feeling {emotion}."}
  - {kind: judge, id: judge, model: judge, rubric: utterance, parts: [utterance], least: {naturalness: 3.0}}
  - {kind: check, id: check, rule: overlap}
emit: [{part: utterance, text: "{write.text}", target: emotion, role: author}]
"""


def words() -> list[str]:
    """The vocabulary of the scripted writer."""
    rng = random.Random(1)
    return ["".join(rng.choices("aeioustrnlm", k=6)) for _ in range(20_000)]


async def answer(request: web.Request) -> web.StreamResponse:
    """What the scripted server says: as vLLM would say it."""
    if request.path == "/v1/models":
        return web.json_response({"data": [{"id": "scripted", "max_model_len": 8192}]})
    if request.path != "/v1/chat/completions":
        return web.Response()
    body = json.loads(await request.read())
    asked, schema = (
        body["messages"][-1]["content"],
        body["response_format"]["json_schema"]["schema"],
    )
    if "text" in schema["properties"]:
        rng = random.Random(body["seed"])
        feeling = FEELS[asked.rpartition("feeling ")[2].strip(" .")]
        told = {"text": f"{feeling} {' '.join(rng.choices(WORDS, k=rng.randint(12, 24)))}"}
    else:
        told = dict.fromkeys(schema["properties"], 4)
    message = {"role": "assistant", "content": json.dumps(told)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1}
    return web.json_response({"choices": [choice], "usage": usage})


WORDS = words()


def serve(port: "multiprocessing.Queue[int]") -> None:
    """The scripted server, at a free port that it tells."""
    import asyncio

    async def run() -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port.put(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


def write(folder: Path, port: int, items: int, shard_items: int, copied: int) -> Path:
    """The synthesis and what it names."""
    (folder / "bench.yaml").write_text(RECIPE)
    (folder / "model.yaml").write_text(
        f"name: scripted\nmodel: scripted\nrevision: r1\nurls: ['http://127.0.0.1:{port}']\ntemperature: 1.0\n"
    )
    path = folder / "made.yaml"
    path.write_text(
        f"name: made\nrecipe: ./bench.yaml\nitems: {items}\nshard_items: {shard_items}\nchecker: student\n"
        f"models: {{writer: model.yaml, judge: model.yaml}}\ncopies: {{words: {copied}}}\nmax_per_label: {items}\n"
        "diversity: {max_opening_repetition: null, max_self_similarity: null}\n"
    )
    return path


def made(path: Path) -> tuple[Made, float]:
    """A run of the synthesis, and its seconds."""
    started = time.perf_counter()
    found = synthesize(path, Screen(quiet=True))
    return found, time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--shard-items", type=int, default=5_000)
    arguments = parser.parse_args()
    ports: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(ports,), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), ports.get()
        first, filled = made(write(folder, port, arguments.items, arguments.shard_items, 8))
        print(f"filled the cache: {filled:.0f} s, {first.cost}", file=sys.stderr, flush=True)
        again, seconds = made(write(folder, port, arguments.items, arguments.shard_items, 9))
        assert again.control is not None
        lake = open_lake((folder / "lake").absolute())
        with open_catalog(queryable_files(lake, published(lake)[1])) as catalog:
            texts = catalog.frame(
                "SELECT text_clean AS text FROM synthetic WHERE outcome = 'kept' LIMIT 1000"
            )
        pl.DataFrame(texts).write_csv(folder / "evaluation.csv")
        (folder / "corpus.yaml").write_text(
            "name: corpus\nto: out\nformat: sft\ntaxonomy: ekman\nrows: [{synthetic: [made]}]\n"
            "contamination: {against: [{file: evaluation.csv}]}\nbalance: {max_ratio: 10}\n"
        )
        started = time.perf_counter()
        exported = export(folder / "corpus.yaml")
        both = seconds + time.perf_counter() - started
    server.terminate()
    asked = again.cost.get("requests", 0)
    told = {
        "rows": again.rows, "from_cache": again.cost.get("from_cache"), "requests": asked,
        "synthesis_s": round(seconds, 1), "export_s": round(both - seconds, 1), "both_s": round(both, 1),
        "kept": again.control.kept, "reasons": dict(again.control.reasons), "examples": exported.told["examples"],
        "left_out": exported.told["left_out"], "filling_s": round(filled, 1),
    }  # fmt: skip
    print(json.dumps(told))
    return int(both >= BAR or asked > 0)


if __name__ == "__main__":
    sys.exit(main())
