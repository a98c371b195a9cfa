"""Rows per GPU-hour: the emotion task on an 8B-class model, in both modes, beside vLLM's own bench tool.

    python benchmarks/gpu_labeling.py --python .vllm/bin/python                     # Qwen3-8B's shape, random weights
    python benchmarks/gpu_labeling.py --python .vllm/bin/python --model Qwen/Qwen3-8B
    python benchmarks/gpu_labeling.py --url http://127.0.0.1:8000 --model NAME --tokenizer FOLDER --device H100
    python benchmarks/gpu_labeling.py --python PYTHON --shape tiny --rows 64 --pairs 1           # to try it on a CPU

Starts a server as `affectmine serve` does (or asks the one at --url), labels texts by LanguageModelLabeler, that is
by the client, prompts and checks of a run without its lake, and tells for each of `goemotions` (28 labels) and `ekman`
(7), in `score` and `generate`:

- rows per GPU-hour; the bar is 100,000, and 1,556 is what Emo Pillars took. Without a GPU: rows per hour, and no bar;
- prompt tokens a second, and how many of them the prefix cache knew: by the server's own counters
  (vllm:prefix_cache_{queries,hits}_total, vllm:prompt_tokens_total), over the measured rows alone;
- the ratio to `vllm bench serve` on as many rows: the same prompts and answer schema, and as many conversations in
  flight (--window requests, of as many conversations each as the task has labels, where labels are scored). Runs
  alternate, each with texts of its own, so that neither finds the other's in the prefix cache; told is the median of
  --pairs. The tool needs pandas beside vLLM. It validates nothing and repairs nothing; it streams, and posts each
  conversation by itself, where we post those of a row together.

Random weights do for speed, with two differences: prompts are cut by a tokenizer of our own (gpu_model.py), and in
generate mode chance and the schema end an answer: completion_tokens_per_row tells how long they were. Texts are made
(gpu_texts.py), or read from --data (JSON lines with `text`), each used once; without enough of them the script stops.

On a GPU machine that is reached by a tool `run COMMAND`: vLLM (>= 0.26, a build for the machine's torch and CUDA),
pandas and the packages of requirements.lock with aiohttp have to be there, in one Python or in two (--python names the
one with vLLM); nothing is fetched. Some minutes are loading and CUDA graphs, then each of the four takes
rows x pairs x 2 / speed; figures are written after each of them:

    run 'python3 benchmarks/gpu_labeling.py --rows 4000 --pairs 1 --json $OUT/gpu_labeling.json'

What stands after -- goes to vLLM, such as: -- --max-num-seqs 1024 --api-server-count 4
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.gpu_bench_tool import bench, conversations
from benchmarks.gpu_model import SHAPES
from benchmarks.gpu_texts import make_texts
from pipelines.serving.labeler import LanguageModelLabeler
from pipelines.serving.model_source import find_source
from pipelines.serving.server import VllmServer
from pipelines.serving.vllm_build import find_build
from schemas.label_task import load_task
from schemas.language_model import LanguageModel
from schemas.taxonomy import load_taxonomy
from transforms.label.prompted.prompter import Prompter
from transforms.label.prompted.question import Question
from transforms.label.prompted.row import rows_of

BAR, EMO_PILLARS = 100_000, 1_556
TASK: Final = load_task("emotion")
TAXONOMIES: Final = ("goemotions", "ekman")
MODES: Final = ("score", "generate")
_COUNTED: Final = (
    "vllm:prompt_tokens_total", "vllm:generation_tokens_total", "vllm:prefix_cache_queries_total",
    "vllm:prefix_cache_hits_total",
)  # fmt: skip
_GPU_FLAGS: Final = ("--max-num-seqs", "1024", "--max-num-batched-tokens", "16384")


@dataclass(frozen=True)
class Served:
    """A server that answers, and a folder with its tokenizer. `about`: what it serves, in words."""

    url: str
    name: str
    tokenizer: Path | None
    about: str


class Texts:
    """Texts of which each is handed out once."""

    def __init__(self, data: Path | None) -> None:
        self._left: Iterator[str] | None = None
        self._seed = 0
        if data is not None:
            rows = pl.read_ndjson(data)["text"].drop_nulls().unique(maintain_order=True)
            self._left = iter(rows.to_list())

    def take(self, rows: int) -> list[str]:
        """So many that nobody had before. SystemExit: there are not that many."""
        if self._left is None:
            self._seed += 1
            return make_texts(rows, self._seed)
        found = [text for text, _ in zip(self._left, range(rows), strict=False)]
        if len(found) < rows:
            raise SystemExit("--data has too few different texts: take fewer --rows or --pairs.")
        return found


def model_of(served: Served, mode: str, window: int) -> LanguageModel:
    return LanguageModel.model_validate(
        {"name": "measured", "model": served.name, "revision": "measured", "mode": mode, "urls": (served.url,),
         "window": window, "deadline": 600}
    )  # fmt: skip


def frame_of(texts: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame({"text_clean": texts})


def questions_of(labeler: LanguageModelLabeler, texts: Sequence[str]) -> list[Question]:
    found: list[Question] = []
    for row in rows_of(frame_of(texts)):
        asked = labeler.prompter.questions(row)
        if not isinstance(asked, str):  # a text that is too long is not asked
            found += asked
    return found


def counters(url: str) -> dict[str, float]:
    """The server's own counters, summed over its engines."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    found = dict.fromkeys(_COUNTED, 0.0)
    for line in lines:
        name = line.partition("{")[0].partition(" ")[0]
        if name in found:
            found[name] += float(line.rpartition(" ")[2])
    return found


def ours(served: Served, labeler: LanguageModelLabeler, texts: Sequence[str]) -> dict[str, Any]:
    """One timed run of ours."""
    before, spent = counters(served.url), labeler.spent.requests
    began = time.perf_counter()
    labels = pl.concat([each.labels for each in labeler.label_stream([frame_of(texts)])])
    seconds = time.perf_counter() - began
    after = counters(served.url)
    prompt, completion, asked, known = (after[name] - before[name] for name in _COUNTED)
    return {
        "seconds": seconds,
        "rows_per_second": len(texts) / seconds,
        "requests": labeler.spent.requests - spent,
        "prompt_tokens_per_second": prompt / seconds,
        "prompt_tokens_per_row": prompt / len(texts),
        "completion_tokens_per_row": completion / len(texts),
        "prefix_hit_rate": known / asked if asked else None,
        "statuses": dict(labels["status"].value_counts().iter_rows()),
        "reasons": dict(labels["reason"].drop_nulls().value_counts().iter_rows()),
    }


def measure(
    served: Served, taxonomy: str, mode: str, texts: Texts, arguments: argparse.Namespace
) -> dict[str, Any]:
    """One taxonomy in one mode: pairs of our run and the bench tool's, in turns."""
    model = model_of(served, mode, arguments.window)
    labeler = LanguageModelLabeler(model, TASK, load_taxonomy(taxonomy), base=Path())
    warm = labeler.label_stream([frame_of(texts.take(max(arguments.rows // 10, 16)))])
    assert all(each.labels.height for each in warm)  # schema compiled, static prompt cached
    per_row = len(conversations(questions_of(labeler, ["A text."])))
    runs: list[dict[str, Any]] = []
    tool: list[dict[str, Any]] = []
    for pair in range(arguments.pairs):
        first, second = texts.take(arguments.rows), texts.take(arguments.rows)

        def theirs(these: Sequence[str] = second) -> None:
            if served.tokenizer is None or arguments.no_bench:
                tool.append({"undefined": "not asked for, or no --tokenizer"})
                return
            with tempfile.TemporaryDirectory() as folder:
                tool.append(bench(
                    arguments.python, served.url, served.name, served.tokenizer, questions_of(labeler, these),
                    arguments.window * per_row, Path(folder),
                ))  # fmt: skip

        if pair % 2:
            theirs()
        runs.append(ours(served, labeler, first))
        if not pair % 2:
            theirs()
    ratios = [
        run["rows_per_second"] / (each["conversations_per_second"] / per_row)
        for run, each in zip(runs, tool, strict=True)
        if "undefined" not in each
    ]
    rate = 3600 * median(run["rows_per_second"] for run in runs) / arguments.gpus
    gpu = arguments.device is not None
    return {
        "taxonomy": taxonomy,
        "mode": mode,
        "rows_per_gpu_hour" if gpu else "rows_per_hour": round(rate),
        "times_emo_pillars": round(rate / EMO_PILLARS, 1) if gpu else None,
        "bar_reached": rate > BAR if gpu else None,
        "conversations_per_row": per_row,
        "ratio_to_bench_tool": round(median(ratios), 3) if ratios else None,
        "ours": [rounded(run) for run in runs],
        "bench_tool": [rounded(each) for each in tool],
    }


def rounded(found: dict[str, Any]) -> dict[str, Any]:
    return {key: round(each, 4) if isinstance(each, float) else each for key, each in found.items()}


@contextmanager
def serving(arguments: argparse.Namespace, texts: Texts, folder: Path) -> Iterator[Served]:
    """The server at --url, or one of our own."""
    if arguments.url is not None:
        if arguments.model is None:
            raise SystemExit("--url needs --model: the name under which it is served.")
        yield Served(arguments.url, arguments.model, arguments.tokenizer, arguments.model)
        return
    build = find_build(arguments.python)
    flags = [*(() if build.cpu else _GPU_FLAGS), *arguments.flags]
    if arguments.model is None:
        model = folder / arguments.shape
        make_model(arguments.python, model, arguments.shape, texts)
        flags = ["--load-format", "dummy", "--max-model-len", "8192", *flags]
        about = f"the shape of {arguments.shape}, random weights"
    else:
        model, about = Path(arguments.model), arguments.model
    source = find_source(str(model))
    server = VllmServer(
        build, source.model, source.served, log=folder / "vllm.log", port=0, extra=flags
    )
    with server:
        loaded = server.wait_ready(
            arguments.ready_within, lambda line: print(line, file=sys.stderr, flush=True)
        )
        print(f"ready after {loaded:.0f} s", file=sys.stderr, flush=True)
        tokenizer = arguments.tokenizer or source.folder or Path(source.model)
        about = f"{about}, vLLM {build.version}, flags {' '.join(flags)}"
        yield Served(server.url, server.name, tokenizer, about)


def make_model(python: str, folder: Path, shape: str, texts: Texts) -> None:
    """The folder of a dummy model; its tokenizer knows our prompts and texts like those that are asked."""
    folder.mkdir(parents=True)
    nobody = Served("http://127.0.0.1", "none", None, "")
    prompts = [
        message["content"]
        for taxonomy in TAXONOMIES
        for mode in MODES
        for message in Prompter(TASK, load_taxonomy(taxonomy), model_of(nobody, mode, 1)).static()
    ]
    lines = [line for each in prompts for line in each.splitlines()] * 50
    given = folder.parent / "texts.txt"
    given.write_text("\n".join([*lines, *texts.take(20_000)]), encoding="utf-8")
    script = Path(__file__).with_name("gpu_model.py")
    command = [python, str(script), str(folder), "--shape", shape, "--texts", str(given)]
    subprocess.run(command, check=True)


def device() -> str | None:
    """The GPUs by name; None where there is none."""
    try:
        told = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return None
    return ", ".join(told.stdout.split("\n")).strip(", ") or None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="a folder or hub name to serve; with --url its served name")
    parser.add_argument("--url", help="of a server that runs, without /v1")
    parser.add_argument("--tokenizer", type=Path, help="its folder, for the bench tool")
    parser.add_argument(
        "--shape", choices=sorted(SHAPES), default="qwen3_8b", help="without --model"
    )
    parser.add_argument("--python", default=sys.executable, help="a Python with vLLM and pandas")
    parser.add_argument("--rows", type=int, default=4000, help="of each timed run")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--window", type=int, default=256, help="of the client: requests in flight")
    parser.add_argument("--device", help="GPU of the server at --url; default: nvidia-smi's")
    parser.add_argument("--gpus", type=int, default=1, help="that the server uses")
    parser.add_argument("--taxonomies", nargs="+", default=TAXONOMIES)
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--data", type=Path, help="JSON lines with `text`; default: made texts")
    parser.add_argument("--no-bench", action="store_true", help="without vLLM's bench tool")
    parser.add_argument("--ready-within", type=float, default=540.0, help="seconds")
    parser.add_argument("--json", type=Path, help="write what was found to a file, too")
    parser.add_argument("flags", nargs="*", help="of vLLM, after --")
    arguments = parser.parse_args()
    arguments.device = arguments.device or device()
    texts = Texts(arguments.data)
    found: dict[str, Any] = {
        "device": arguments.device,
        "rows": arguments.rows,
        "window": arguments.window,
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(arguments, texts, Path(folder)) as served,
    ):
        found |= {"served": served.about, "measured": []}
        for taxonomy in arguments.taxonomies:
            for mode in arguments.modes:
                found["measured"].append(measure(served, taxonomy, mode, texts, arguments))
                text = json.dumps(found, indent=1)
                if arguments.json:  # after each: a time limit takes only what is not done
                    arguments.json.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
