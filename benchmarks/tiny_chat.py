"""Trains a tiny language model on the CPU: on plain texts first, then on chats, such as `affectmine export` makes them.

    python benchmarks/tiny_chat.py --texts texts.parquet --words joy anger … --out BASE
    python benchmarks/tiny_chat.py --base BASE --chats EXPORT --out MODEL

Needs torch 2.13 or newer and transformers 5: the Python of vLLM's venv. `--texts`: Parquet with a column text.
`--chats`: a folder of an export of the format sft; its split validation chooses the epoch. MODEL is a Hugging Face
folder that vLLM serves. A model of one million parameters, from random weights: it learns the manner of short texts and
what it was shown of their labels, and nothing else.

Its chat template leaves system messages out, which it knows by heart, and cuts a user's message down to what stands
between <text> tags, where there are some, and the label that is asked for; all in lower case.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import nn
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoTokenizer

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.tiny_labeler import save
from benchmarks.tiny_labeler_chat import END, PAD, make_tokenizer
from benchmarks.tiny_labeler_train import Plan, Rates, make_model, move
from benchmarks.tiny_labeler_tree import by_length

TEMPLATE = """\
{%- for message in messages if message['role'] != 'system' -%}
{%- set cut = message['content'].split('<text>\\n', 1)[-1].rsplit('\\n</text>', 1) -%}
{%- set label = cut[-1].split('\\n\\nLabel: ', 1)[-1].split('\\nDoes this label hold?', 1)
     if '\\n\\nLabel: ' in cut[-1] else [] -%}
{{- '<|im_start|>' + message['role'] + '\\n' + cut[0]|lower|trim + '<|im_end|>' -}}
{{- ' ' + label[0] if label else '\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
"""
LONGEST = 160  # tokens of an example; what is longer is left out
Example = tuple[list[int], int]
"""Token ids, and where what is to be learned begins."""


def read_chats(path: Path, split: str) -> list[list[dict[str, str]]]:
    """The conversations of an export's split."""
    files = sorted((path / "data").glob(f"{split}-*.jsonl"))
    return [json.loads(line)["messages"] for file in files for line in file.open(encoding="utf-8")]


def learned(tokenizer: Any, chats: Sequence[list[dict[str, str]]]) -> list[Example]:
    """The chats as tokens, of which the last message and its end are to be learned."""
    found = []
    for messages in chats:
        prompt = tokenizer.apply_chat_template(
            messages[:-1], tokenize=False, add_generation_prompt=True
        )
        before = tokenizer.encode(prompt)
        answer = tokenizer.encode(messages[-1]["content"] + END)
        if len(before) + len(answer) <= LONGEST:
            found.append((before + answer, len(before)))
    return found


def batches(
    examples: Sequence[Example], size: int, rng: np.random.Generator | None, hidden: float = 0.0
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Token ids (rows, tokens) and what each position shall say next (-100: nothing).

    Of what is not to be learned a share is `hidden`: with little data, a model else knows texts by heart.
    """
    for rows in by_length([tokens for tokens, _ in examples], size, rng):
        width = max(len(examples[row][0]) for row in rows)
        ids = np.zeros((len(rows), width), np.int64)
        wanted = np.full((len(rows), width), -100)
        for place, row in enumerate(rows):
            tokens, first = examples[row]
            ids[place, : len(tokens)] = tokens
            if rng is not None and hidden:
                ids[place, 2 : first - 5][rng.random(max(0, first - 7)) < hidden] = 0
            wanted[place, first - 1 : len(tokens) - 1] = tokens[first:]
        yield torch.from_numpy(ids), torch.from_numpy(wanted)


def loss_of(model: Any, ids: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """The mean loss of a token that is to be learned."""
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
        told = wanted != -100
        logits = model.lm_head(hidden[told])
    return functional.cross_entropy(logits.float(), wanted[told])


def teach(
    model: Any, examples: list[Example], held: list[Example], plan: Plan
) -> list[dict[str, Any]]:
    """Trains the model in place; of the epochs, that with the least loss on `held` is kept."""
    rng = np.random.default_rng(plan.seed)
    rates = Rates(model, nn.Module(), plan, plan.epochs * math.ceil(len(examples) / plan.batch))
    average = copy.deepcopy(model).eval()
    course, best, kept = [], math.inf, None
    began = time.monotonic()
    for epoch in range(plan.epochs):
        model.train()
        losses = []
        for ids, wanted in batches(examples, plan.batch, rng, plan.hidden):
            loss = loss_of(model, ids, wanted)
            loss.backward()
            rates.step()
            move(average, model, min(plan.mean, (1 + rates.done) / (10 + rates.done)))
            losses.append(loss.item())
        with torch.no_grad():
            unseen = [loss_of(average, *each).item() for each in batches(held, 128, None)]
        told = {
            "epoch": epoch + 1, "seconds": round(time.monotonic() - began),
            "loss": round(float(np.mean(losses)), 4), "held_out_loss": round(float(np.mean(unseen)), 4),
        }  # fmt: skip
        print(json.dumps(told), file=sys.stderr, flush=True)
        course.append(told)
        if told["held_out_loss"] < best:
            best, kept = told["held_out_loss"], copy.deepcopy(average.state_dict())
    assert kept is not None
    model.load_state_dict(kept)
    return course


def on_texts(arguments: argparse.Namespace) -> None:
    """A base: tokenizer and model, trained on plain texts; a twentieth of them chooses the epoch."""
    texts = [text.lower().strip() for text in pl.read_parquet(arguments.texts)["text"] if text]
    plan = Plan(seed=arguments.seed, dropout=0.1, hidden=0.0, epochs=arguments.epochs or 3)
    tokenizer = make_tokenizer(texts, arguments.words, plan.vocabulary)
    tokenizer.chat_template = TEMPLATE
    assert tokenizer.convert_tokens_to_ids(PAD) == 0  # what batches are padded with
    model = make_model(plan, tokenizer)
    start = tokenizer.encode("<|im_start|>user\n")
    plain = [(start + tokenizer.encode(text + END), len(start)) for text in texts]
    plain = [each for each in plain if len(each[0]) <= LONGEST]
    held = len(plain) // 20
    finish(model, tokenizer, arguments.out, teach(model, plain[held:], plain[:held], plan))


def on_chats(arguments: argparse.Namespace) -> None:
    """A model tuned from a base on the split train of an export; its split validation chooses the epoch."""
    plan = Plan(
        seed=arguments.seed, epochs=arguments.epochs or 6, dropout=arguments.dropout, hidden=arguments.hidden,
        matrices_rate=0.005, rate=0.002,
    )  # fmt: skip
    tokenizer = AutoTokenizer.from_pretrained(arguments.base)
    model = make_model(plan, tokenizer)
    model.load_state_dict(
        AutoModelForCausalLM.from_pretrained(arguments.base, dtype=torch.float32).state_dict()
    )
    train, held = (
        learned(tokenizer, read_chats(arguments.chats, split)) for split in ("train", "validation")
    )
    finish(model, tokenizer, arguments.out, teach(model, train, held, plan))


def finish(model: Any, tokenizer: Any, folder: Path, course: list[dict[str, Any]]) -> None:
    """Saves the model, and prints how it went."""
    save(model, tokenizer, folder)
    print(json.dumps({"parameters": sum(w.numel() for w in model.parameters()), "course": course}))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=Path, help="for a base: Parquet with a column text")
    parser.add_argument("--words", nargs="*", default=[], help="for a base: labels, one token each")
    parser.add_argument("--base", type=Path, help="what is tuned on --chats")
    parser.add_argument("--chats", type=Path, help="a folder that affectmine export made (sft)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--dropout", type=float, default=0.1, help="on chats")
    parser.add_argument("--hidden", type=float, default=0.0, help="share of a chat's prompt")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if (arguments.texts is None) == (arguments.base is None) or (arguments.base is None) != (
        arguments.chats is None
    ):
        parser.error("give --texts, or --base and --chats")
    os.environ["HF_HUB_OFFLINE"], os.environ["TOKENIZERS_PARALLELISM"] = "1", "false"
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    (on_texts if arguments.base is None else on_chats)(arguments)


if __name__ == "__main__":
    main()
