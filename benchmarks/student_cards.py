"""Writes the model cards: transforms/label/student/models/NAME.md, one for each student that ships.

    python benchmarks/student_cards.py [--data ../shared/data] [--figures FILE] [NAME ...]

What people wrote (data, licenses, limits) is in student_cards.yaml; versions, sizes and figures come from
the weights and from student_figures.py, or from what `student_quality.py --json FILE` has written: then
the figures must be of the weights that are in the package.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.student_figures import measure, measured_speed
from benchmarks.student_tables import LANGUAGES, by_label, by_language, overview, table
from benchmarks.train_students import MODELS, STUDENTS
from transforms.label.student.weights import load_weights

WORDS = Path(__file__).with_suffix(".yaml")
HOLDS_NO_TEXT = (
    "The file holds hashes of word and character n-grams, and of each "
    "training text a mark of 32 bits, by which `affectmine evaluate` tells whether a text was trained on; no text."
)
LEXICONS = (
    "The values of words in the lexicons VADER (Hutto, Gilbert 2014; license MIT) and AFINN (Nielsen 2011; license "
    "Apache-2.0) are folded into its weights."
)
FIGURES = (
    "Written by `python benchmarks/student_cards.py`. CV: cross-validated on the training rows, thresholds from the "
    "other folds. dev: rows that were not trained on. In brackets: 95 % bootstrap intervals. People: Krippendorff's "
    "alpha, and each annotator against the majority (or mean) of the others by the same figures. How they came about: "
    "docs/student.md."
)


def card(name: str, model: Mapping[str, Any], words: Mapping[str, Any], common: list[str]) -> str:
    """The card of a model as Markdown."""
    lines = [f"# Model card: student, {words['title']}", ""]
    lines += [*_facts(name, model, words), "", "## Data", _plain(words["data"])]
    lines += [LEXICONS] if model["lexicons"] else []
    lines += [f"Trained on {_rows(model)}. {_unseen(model)} {HOLDS_NO_TEXT}"]
    lines += ["", f"License of the data: {words['license']}."]
    if "license_note" in words:
        lines.append(_plain(words["license_note"]))
    lines += ["", *_figures(name, model), "", "## Limits"]
    lines += [f"- {_plain(limit)}" for limit in [*words["limits"], *common]]
    return "\n".join(lines) + "\n"


def _facts(name: str, model: Mapping[str, Any], words: Mapping[str, Any]) -> list[str]:
    tasks: dict[str, list[str]] = {}
    for taxonomy, head in model["heads"].items():
        tasks.setdefault(head["task"], []).append(f"`{taxonomy}`")
    answers = "; ".join(f"task `{task}`, in {', '.join(of)}" for task, of in tasks.items())
    known = ", ".join(f"{LANGUAGES.get(code, code)} (`{code}`)" for code in model["languages"])
    size = f"{model['features']:,} features x {model['columns']} int8 weights"
    facts = {
        "version": f"{model['version']} (first 12 digits of the SHA-256 over the tensors and what they mean)",
        "answers": f"{words['answers']}: {answers}",
        "language": f"{known}; texts that are declared to be in others are rejected",
        "size": f"{size}, {model['megabytes']:.1f} MB, safetensors",
        "made by": f"`python benchmarks/train_students.py {name}`",
        "license of the weights": f"Apache-2.0, as this package; the data it learned from: {words['license']}",
    }
    head, *rest = table(["", ""], [[key, value] for key, value in facts.items()])
    return [head, *rest]


def _rows(model: Mapping[str, Any]) -> str:
    groups = f"{model['groups']:,} groups (conversations, or equal texts)"
    return f"{model['rows']:,} rows in {groups}; cross-validated in {model['folds']} folds of whole groups"


def _unseen(model: Mapping[str, Any]) -> str:
    has_dev = any("none" not in head["dev"] for head in model["heads"].values())
    return f"No row of {'dev or of ' if has_dev else ''}an official test split was seen."


def _figures(name: str, model: Mapping[str, Any]) -> list[str]:
    found = {"models": {name: model}}
    lines = ["## Figures", FIGURES, "", *overview(found)]
    languages = by_language(found)
    lines += ["", *languages] if languages else []
    for taxonomy, head in model["heads"].items():
        if head["kind"] in ("labels", "exclusive"):
            lines += ["", f"By label, {taxonomy}:", "", *by_label(head)]
    return lines


def _plain(text: str) -> str:
    return " ".join(text.split())


def _stale(model: Mapping[str, Any], path: Path) -> bool:
    return "none" not in model and load_weights(path).version != model["version"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="models (default: all)")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--figures", type=Path, help="what student_quality.py --json wrote")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of weights and cards")
    arguments = parser.parse_args()
    words = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    if arguments.figures:
        models = json.loads(arguments.figures.read_text(encoding="utf-8"))["models"]
    else:
        models = measure(
            arguments.data, arguments.names, arguments.resamples,
            measured_speed(arguments.data, 100_000, 5),
            lambda name: print(f"  {name}", file=sys.stderr), arguments.models,
        )  # fmt: skip
    for name in arguments.names or [student.file for student in STUDENTS]:
        model = models.get(name, {"none": "the file of figures does not have it"})
        if "none" in model:
            print(f"{name}: no card, because {model['none']}")
            continue
        if _stale(model, arguments.models / f"{name}.safetensors"):
            raise SystemExit(
                f"{name}: the figures are of version {model['version']}, not of the weights at hand: measure again."
            )
        path = arguments.models / f"{name}.md"
        path.write_text(card(name, model, words[name], words["common"]), encoding="utf-8")
        print(f"{name}: version {model['version']}")


if __name__ == "__main__":
    main()
