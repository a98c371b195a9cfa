"""Labels and numbers as instructions over people's own texts: several phrasings, one chosen by the record.

Tasks with numbers ask for one name at a time, as do the regression and ordinal tasks of EmoLLMs (Liu et al. 2024,
arXiv:2401.08508: 234K instructions from classification and regression labels); the words are ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.export.formats import Example, provenance

_LABELS: Final = (
    "Which of these labels does the text show: {labels}?",
    "Read the text and name what its author expresses. Choose from: {labels}.",
    "Label the text. Possible labels: {labels}.",
    "What does the author of this text feel or do? Answer with labels from this list: {labels}.",
    "Classify the text with one or more of: {labels}.",
    "Here is a text. Say which of the following holds of it: {labels}.",
)
_SCALARS: Final = (
    "Rate the {name} of the text with a number from {low} to {high}.{meaning}",
    "How much {name} does the text express? Give a number between {low} (least) and {high} (most).{meaning}",
    "Read the text and put its {name} on a scale from {low} to {high}.{meaning}",
    "Assign the text a value of {name}: {low} is the least, {high} the most.{meaning}",
    "What is the {name} of this text, as a decimal number from {low} to {high}?{meaning}",
)
_LEVELS: Final = (
    "At what level, from {low} (not at all) to {high} (most), does the text show {name}?{meaning}",
    "Grade the {name} in the text: a whole number from {low} to {high}.{meaning}",
    "How strong is {name} in this text? Answer with a level between {low} and {high}.{meaning}",
    "Choose the level of {name} that fits the text. {low} means none of it, {high} the most.{meaning}",
    "Read the text. Which level of {name}, {low} to {high}, would you give it?{meaning}",
)


def instructed(row: Mapping[str, Any], task: LabelTask, taxonomy: Taxonomy) -> Iterator[Example]:
    """instruction, input and output: one about the labels, or one for each number that is known of the text."""
    if task.answer == "labels":
        names = taxonomy.names
        told = ", ".join(label for label in names if label in row["labels"]) or "none"
        yield _example(row, _chosen(_LABELS, row, "").format(labels=", ".join(names)), told)
        return
    meanings = {label.name: label.definition for label in taxonomy.labels}
    phrasings = _SCALARS if task.answer == "scalars" else _LEVELS
    low, high = taxonomy.range or (0.0, 1.0)
    for each in row["numbers"]:
        name, value = each["label"], each["value"]
        if value is None:
            continue
        meaning = f" {name.capitalize()}: {meanings[name]}" if meanings.get(name) else ""
        asked = _chosen(phrasings, row, name).format(
            name=name, low=f"{low:g}", high=f"{high:g}", meaning=meaning
        )
        yield _example(
            row, asked, f"{value:.2f}" if task.answer == "scalars" else str(level(value))
        )


def level(value: float) -> int:
    """The level of a mean of levels: rounded, halves up."""
    return int(value + 0.5)


def _example(row: Mapping[str, Any], instruction: str, output: str) -> Example:
    return {"instruction": instruction, "input": row["text"], "output": output, **provenance(row)}


def _chosen(phrasings: tuple[str, ...], row: Mapping[str, Any], name: str) -> str:
    digest = blake2b(f"{row['record_id']}{name}".encode(), digest_size=2).digest()
    return phrasings[digest[0] % len(phrasings)]
