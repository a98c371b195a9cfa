"""Codes: what a model answers in score mode, one token each, checked with its own tokenizer."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.errors import ConfigError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.label.prompted.answer_schema import levels_of

MAX_IDS: Final = 128
"""vLLM gives the log-probabilities of at most so many tokens a step."""

LETTERS: Final = string.ascii_uppercase + string.ascii_lowercase
DIGITS: Final = string.digits
YES_NO: Final = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes in order, and of each the token ids that stand for it (`yes`, ` yes`, `Yes`)."""

    names: tuple[str, ...]
    ids: tuple[tuple[int, ...], ...]

    @property
    def all_ids(self) -> list[int]:
        """Every token id, in order."""
        return [each for ids in self.ids for each in ids]


def code_names(task: LabelTask, taxonomy: Taxonomy) -> tuple[str, ...]:
    """The codes that answer a task: yes and no for each label, a letter for the one label, a digit for each level.

    Raises ConfigError where there are too many.
    """
    if task.answer == "scalars":
        return tuple(DIGITS)
    if task.answer == "ordinals":
        low, high = levels_of(taxonomy)
        if not 0 <= low < high <= 9:
            raise _cannot(
                taxonomy, f"has levels from {low} to {high}; codes are the digits from 0 to 9"
            )
        return tuple(DIGITS[low : high + 1])
    if not taxonomy.exclusive:
        return YES_NO
    if len(taxonomy.names) > len(LETTERS):
        raise _cannot(
            taxonomy, f"has {len(taxonomy.names)} labels; there are codes for {len(LETTERS)}"
        )
    return tuple(LETTERS[: len(taxonomy.names)])


def resolve(names: Sequence[str], tokenize: Callable[[str], Sequence[int]]) -> Codes:
    """The token ids of codes. `tokenize` gives the ids of a text without special tokens.

    Raises ConfigError when a code is no single token of the model.
    """
    found: list[tuple[int, ...]] = []
    for name in names:
        spellings = [name, f" {name}"]
        if len(name) > 1:
            spellings += [name.capitalize(), f" {name.capitalize()}"]
        single = [ids[0] for each in spellings if len(ids := tokenize(each)) == 1]
        if not single:
            raise ConfigError(
                f"The code {name!r} is not one token of the model, so it cannot be scored.",
                remedy="Use `mode: generate` in the labeler file.",
            )
        found.append(tuple(dict.fromkeys(single)))
    flat = [each for ids in found for each in ids]
    if len(set(flat)) < len(flat):
        raise ConfigError(
            "Two codes are the same token of the model, so they cannot be told apart.",
            remedy="Use `mode: generate` in the labeler file.",
        )
    if len(flat) > MAX_IDS:
        found = [ids[:1] for ids in found]
    return Codes(tuple(names), tuple(found))


def _cannot(taxonomy: Taxonomy, why: str) -> ConfigError:
    return ConfigError(
        f"The taxonomy {taxonomy.name} {why}.", remedy="Use `mode: generate` in the labeler file."
    )
