"""vLLM's own bench tool (`vllm bench serve`), given our prompts: what the server can do, as its makers measure it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from transforms.label.prompted.question import Question

# As `vllm bench serve` does it; the command itself needs the package's metadata, which some builds lack.
_SERVE: Final = (
    "import argparse, sys\n"
    "from vllm.benchmarks.serve import add_cli_args, main\n"
    "parser = argparse.ArgumentParser()\n"
    "add_cli_args(parser)\n"
    "main(parser.parse_args(sys.argv[1:]))\n"
)
_OURS: Final = frozenset(["messages", "max_tokens"])


def conversations(questions: Sequence[Question]) -> list[list[dict[str, str]]]:
    """The conversations of all questions, in order."""
    found = []
    for question in questions:
        told = question.body["messages"]
        found += told if isinstance(told[0], list) else [told]
    return found


def bench(
    python: str, url: str, name: str, tokenizer: Path, questions: Sequence[Question], at_once: int,
    folder: Path,
) -> dict[str, Any]:  # fmt: skip
    """Conversations a second, input tokens and seconds, by the tool; or why it did not run.

    Each conversation is a request of its own, with the same answer schema or the same codes as ours. The tool sends
    one user message where we send a system message, too: equal texts, but a few tokens of the template fewer.
    """
    asked = conversations(questions)
    body = questions[0].body
    prompts = folder / "prompts.jsonl"
    with prompts.open("w", encoding="utf-8") as file:
        for each in asked:
            told = "\n\n".join(message["content"] for message in each)
            file.write(json.dumps({"prompt": told}) + "\n")
    extra = {key: value for key, value in body.items() if key not in _OURS}
    result = folder / "bench.json"
    result.unlink(missing_ok=True)
    command = [
        python, "-c", _SERVE,
        "--backend", "openai-chat", "--base-url", url, "--endpoint", "/v1/chat/completions",
        "--model", name, "--tokenizer", str(tokenizer),
        "--dataset-name", "custom", "--dataset-path", str(prompts), "--skip-chat-template",
        "--disable-shuffle", "--num-prompts", str(len(asked)), "--custom-output-len", str(body["max_tokens"]),
        "--max-concurrency", str(at_once), "--extra-body", json.dumps(extra), "--disable-tqdm",
        "--save-result", "--result-dir", str(folder), "--result-filename", result.name,
    ]  # fmt: skip
    quiet = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1"}
    ran = subprocess.run(
        command, env=os.environ | quiet, capture_output=True, text=True, check=False
    )
    if ran.returncode or not result.exists():
        last = (ran.stderr.strip().splitlines() or ["nothing was said"])[-1]
        return {"undefined": f"vLLM's bench tool failed: {last[:300]}"}
    told = json.loads(result.read_text(encoding="utf-8"))
    if told["completed"] < len(asked):
        failed = len(asked) - told["completed"]
        return {"undefined": f"{failed} of the bench tool's {len(asked)} requests failed"}
    return {
        "conversations": len(asked),
        "conversations_per_second": told["request_throughput"],
        "prompt_tokens": told["total_input_tokens"],
        "completion_tokens": told["total_output_tokens"],
        "seconds": told["duration"],
    }
