"""Trains a tiny language model from scratch that labels emotions in score mode, and says how well.

    python benchmarks/tiny_labeler.py --data ../shared/data --out FOLDER [--epochs 5] [--seed 0]

Needs torch 2.13 or newer, transformers 5 and affectmine in one Python: that of vLLM's venv (.vllm/bin/python). On the
CPU it took 14 minutes with --threads 1, beside other work on the same two cores. FOLDER is then a Hugging Face folder
of 2.5 MB that vLLM serves:

    affectmine serve FOLDER            (or: python -m vllm.entrypoints.openai.api_server --model FOLDER)

The model answers the task `emotion` in the taxonomy `ekman`, having learned from GoEmotions train (43,410 comments from
Reddit, of which a tenth is held out to choose the epoch and the thresholds). It knows nothing else: with other tasks
its answers are valid and mean nothing. It is there so that calibration, cascades and quality can be tested on a CPU.

Prints progress to stderr, and one JSON object: figures on the held-out rows and on dev (which nothing was fitted on) at
the threshold .5 and at thresholds drawn on the held-out rows, with 95 % bootstrap intervals, beside two baselines: the
majority's labels, and emotion words (schemas/lexicons/emotion_words.yaml). Dev is answered by the saved folder, each
question a conversation of its own through the chat template, as a server does it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.tiny_labeler_chat import END, PAD, make_tokenizer, question
from benchmarks.tiny_labeler_data import EKMAN, Rows, by_words, held_out, majority, read_rows
from schemas.lexicon import load_lexicon
from transforms.evaluate.bootstrap import bootstrap_f1
from transforms.evaluate.figures import figure_json
from transforms.evaluate.label_sums import label_sums
from transforms.evaluate.metrics import count, scores_of
from transforms.evaluate.paired import paired_test

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from benchmarks.tiny_labeler_train import Plan

NAMES = list(EKMAN.names)
RESAMPLES = 1000
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def figures(gold: Bools, given: Bools) -> dict[str, Any]:
    """Macro- and micro-F1 with intervals, and F1 by label."""
    scores = scores_of(count(gold, given), NAMES)
    spans = bootstrap_f1(gold, given, resamples=RESAMPLES)
    rounded = {
        name: {"value": round(value, 4), "interval": [round(bound, 4) for bound in spans[name]]}
        for name, value in (("macro_f1", scores.macro_f1), ("micro_f1", scores.micro_f1))
        if isinstance(value, float)
    }
    each = {
        name: round(score.f1, 4) if isinstance(score.f1, float) else figure_json(score.f1)
        for name, score in scores.per_label.items()
    }
    return rounded | {"f1": each}


def macro_f1(gold: Bools, given: Bools) -> float:
    found = scores_of(count(gold, given), NAMES).macro_f1
    return found if isinstance(found, float) else 0.0


def thresholds(gold: Bools, probability: Floats) -> Floats:
    """Of each label the threshold with the best F1."""
    from transforms.label.student.calibration import best_threshold

    return np.array(
        [best_threshold(probability[:, at], gold[:, at]) for at in range(gold.shape[1])]
    )


def answers_of(folder: Path, texts: Sequence[str]) -> Floats:
    """The probability of yes, of yes and no (texts, labels), by the saved model and its chat template."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from benchmarks.tiny_labeler_tree import by_length

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()
    asked = [question(text, label) for text in texts for label in NAMES]
    prompts = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    ids = tokenizer(prompts, add_special_tokens=False)["input_ids"]
    pad = tokenizer.convert_tokens_to_ids(PAD)
    codes = tokenizer.convert_tokens_to_ids(["yes", "no"])
    found = np.zeros(len(ids))
    with torch.no_grad():
        for rows in by_length(ids, 256):
            # Padding follows the last token, which cannot see it.
            last = [len(ids[row]) - 1 for row in rows]
            padded = [ids[row] + [pad] * (max(last) + 1 - len(ids[row])) for row in rows]
            hidden = model.model(torch.tensor(padded), use_cache=False).last_hidden_state
            logits = model.lm_head(hidden[torch.arange(len(rows)), last])[:, codes]
            found[rows] = logits.double().softmax(-1)[:, 0].numpy()
    return found.reshape(len(texts), len(NAMES))


def train_model(rows: Rows, held: Rows, folder: Path, plan: Plan) -> dict[str, Any]:
    """Trains and saves; returns parameters, seconds, and how the epochs went."""
    from benchmarks.tiny_labeler_train import train
    from benchmarks.tiny_labeler_tree import marks_of

    began = time.monotonic()
    tokenizer = make_tokenizer(rows.texts, NAMES, plan.vocabulary)
    course: list[dict[str, Any]] = []

    def say(epoch: dict[str, Any]) -> None:
        course.append(epoch)
        print(json.dumps(epoch), file=sys.stderr, flush=True)

    def score(probability: Floats) -> float:
        at = thresholds(held.holds, probability)
        return round(macro_f1(held.holds, probability >= at), 4)

    model = train(rows, held, tokenizer, marks_of(tokenizer, NAMES), plan, score, say)
    save(model, tokenizer, folder)
    return {
        "parameters": sum(weights.numel() for weights in model.parameters()),
        "seconds": round(time.monotonic() - began),
        "course": course,
    }


def save(model: Any, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """A Hugging Face folder, in bfloat16."""
    import torch

    model.to(torch.bfloat16).save_pretrained(folder)
    model.generation_config.eos_token_id = tokenizer.convert_tokens_to_ids(END)
    model.generation_config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def measured(gold: Rows, probability: Floats, at: Floats) -> dict[str, Any]:
    """The figures at .5 and at thresholds."""
    return {
        "rows": len(gold),
        "at_half": figures(gold.holds, probability >= 0.5),
        "at_thresholds": figures(gold.holds, probability >= at),
    }


def beyond(gold: Bools, given: Bools, baseline: Bools) -> dict[str, Any]:
    """The difference of macro-F1 to a baseline (first) on the same rows, with interval and p."""
    ours, theirs = label_sums(gold, given), label_sums(gold, baseline)
    return paired_test(theirs, ours, resamples=RESAMPLES)["macro_f1"].to_json()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model")
    parser.add_argument("--epochs", type=int, help="passes over the training rows (default: 5)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2, help="cores to use")
    parser.add_argument("--json", type=Path, help="write the figures to a file, too")
    arguments = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import torch

    from benchmarks.tiny_labeler_train import Plan

    torch.set_num_threads(arguments.threads)
    plan = Plan(seed=arguments.seed)
    if arguments.epochs is not None:
        plan = replace(plan, epochs=arguments.epochs)
    whole, dev = read_rows(arguments.data, "train"), read_rows(arguments.data, "dev")
    apart = held_out(whole.texts)
    rows, held = whole.take(~apart), whole.take(apart)
    trained = train_model(rows, held, arguments.out, plan)
    chosen = answers_of(arguments.out, held.texts)
    at = thresholds(held.holds, chosen)
    answered = answers_of(arguments.out, dev.texts)
    words = by_words(dev.texts, load_lexicon(), EKMAN)
    most = majority(rows.holds, len(dev))
    found = {
        **trained,
        "bytes": sum(each.stat().st_size for each in arguments.out.iterdir() if each.is_file()),
        "training_rows": len(rows),
        "thresholds": dict(zip(NAMES, at.round(4).tolist(), strict=True)),
        "held_out": measured(held, chosen, at),
        "dev": measured(dev, answered, at),
        "dev_baselines": {
            "majority": figures(dev.holds, most),
            "emotion_words": figures(dev.holds, words),
        },
        "macro_f1_beyond_emotion_words": {
            "at_half": beyond(dev.holds, answered >= 0.5, words),
            "at_thresholds": beyond(dev.holds, answered >= at, words),
        },
    }
    text = json.dumps(found, indent=1)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
