"""What asking a language model costs us, without the network and the model: milliseconds of one core a row.

    python benchmarks/labeler_cpu.py [--rows 3000] [--json FILE]

Prompts are rendered, keyed, encoded, and the answers are parsed, checked and put together, by LanguageModelLabeler as
in a run; a backend in this process answers each call at once, with as many log-probabilities as a server gives. Its own
work (it parses the call and encodes the answer) is measured apart and taken off.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import Future
from pathlib import Path

import orjson
import polars as pl

from pipelines.serving.calls import BATCH, Call, Reply, ServedModel
from pipelines.serving.labeler import LanguageModelLabeler
from schemas.label_task import load_task
from schemas.language_model import LanguageModel
from schemas.taxonomy import load_taxonomy

TEXT = (
    "This is a post of usual length about my day number {}, and I am quite happy about it, really."
)
SPELLED = ('{"', "labels", '":["', "joy", '"]', "}")
ALTERNATIVES = ["joy", "ang", "sad", "fear", "sur"] * 4


class Instant:
    """Answers at once: `yes` somewhat more probable than `no`, or one label."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.ids: dict[str, int] = {}

    def submit(self, call: Call) -> Future[Reply]:
        """The answer, which is there."""
        began = time.thread_time()
        body = orjson.loads(call.body)
        choices = (
            [scored(n, body) for n in range(len(body["messages"]))]
            if call.path == BATCH
            else [WRITTEN]
        )
        usage = {"prompt_tokens": 400, "completion_tokens": len(choices)}
        content = orjson.dumps({"choices": choices, "usage": usage})
        future: Future[Reply] = Future()
        future.set_result(Reply(content, attempts=1, latency=0.01, share=0.001, replica="here"))
        self.seconds += time.thread_time() - began
        return future

    def ask(self, call: Call) -> Reply:
        """Token ids: one for each text, so that every code is one token."""
        body = orjson.loads(call.body)
        one = [self.ids.setdefault(str(body.get("prompt")), len(self.ids))]
        return Reply(orjson.dumps({"tokens": one if "prompt" in body else list(range(800))}))

    def facts(self) -> ServedModel:
        """A model with room for all."""
        return ServedModel("m", 32_000)


def scored(place: int, body: dict[str, list[int]]) -> dict[str, object]:
    told = [
        {"token": f"token_id:{each}", "logprob": -1.0 - each / 50}
        for each in body["logprob_token_ids"]
    ]
    content = [{"token": "token_id:0", "logprob": -1.0, "top_logprobs": told}]
    return {
        "index": place,
        "message": {"content": "yes"},
        "finish_reason": "length",
        "logprobs": {"content": content},
    }


WRITTEN = {
    "index": 0,
    "message": {"content": "".join(SPELLED)},
    "finish_reason": "stop",
    "logprobs": {
        "content": [
            {
                "token": each,
                "logprob": -0.1,
                "bytes": list(each.encode()),
                "top_logprobs": [
                    {"token": other, "logprob": -2.0, "bytes": list(other.encode())}
                    for other in ALTERNATIVES
                ],
            }
            for each in SPELLED
        ]
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=3_000)
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    given = parser.parse_args()
    texts = [TEXT.format(number) for number in range(given.rows)]
    rows = pl.DataFrame({"text_clean": texts, "record_id": [str(n) for n in range(given.rows)]})
    task = load_task("emotion")
    found: dict[str, float] = {}
    for mode in ("score", "generate"):
        for name in ("ekman", "goemotions"):
            taxonomy = load_taxonomy(name)
            model = LanguageModel(name="m", model="m", revision="r", mode=mode)
            labeler = LanguageModelLabeler(model, task, taxonomy, base=Path())
            backend = Instant()
            labeler.__dict__["backend"] = backend
            list(labeler.label_stream([rows.head(50)]))
            backend.seconds = 0.0
            began = time.thread_time()
            (answers,) = labeler.label_stream([rows])
            seconds = time.thread_time() - began - backend.seconds
            assert set(answers.labels["status"]) == {"labeled"}
            found[f"{mode}_{name}_ms_a_row"] = round(1000 * seconds / given.rows, 3)
    print(json.dumps(found, indent=1))
    if given.json is not None:
        given.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
