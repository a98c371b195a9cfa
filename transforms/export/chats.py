"""The label task as chats: word for word what `affectmine label` asks a language model, with the answer that holds.

A model that was tuned on them is asked, when it labels, just what it has learned.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.errors import ConfigError
from schemas.label_task import SCORED, LabelTask, Mode
from schemas.language_model import LanguageModel
from schemas.taxonomy import Taxonomy
from transforms.export.formats import Example, provenance
from transforms.export.instructions import level
from transforms.label.prompted.answer_schema import STEPS
from transforms.label.prompted.codes import code_names
from transforms.label.prompted.prompter import Prompter
from transforms.label.prompted.row import Row, Turn


class LabelChats:
    """Chats of one task in one taxonomy, in one mode: `generate` (the answer is JSON) or `score` (it is one code).

    In score mode there is one for each label that may hold beside others, and for each number. A number that is not
    known of a text makes no chat in score mode; in generate mode the text makes none.
    """

    def __init__(self, task: LabelTask, taxonomy: Taxonomy, mode: Mode) -> None:
        """Raises ConfigError for a task whose answer is more than labels or numbers."""
        fields = mode == "generate" and bool(task.fields)
        if task.answer not in SCORED or task.unit == "sentence" or fields:
            raise ConfigError(
                f"The task {task.name} is answered by more than labels or numbers of a text, which exports have.",
                remedy="Export a task of plain labels or numbers, such as emotion or vad; or mode: score.",
            )
        model = LanguageModel(name="exported", model="exported", revision="none", mode=mode)
        self._task, self._taxonomy = task, taxonomy
        self._prompter = Prompter(task, taxonomy, model)
        self._codes = code_names(task, taxonomy) if mode == "score" else ()

    def of(self, row: Mapping[str, Any]) -> Iterator[Example]:
        """The chats about a row."""
        shown = Row(
            text=row["text"],
            role=row["role"],
            context=tuple(
                Turn(turn["record_id"], turn["role"], turn["text"] or "")
                for turn in row["context"] or ()
            ),
        )
        conversations = self._prompter.messages(shown)
        for messages, answer in zip(conversations, self._answers(row), strict=True):
            if answer is None:
                continue
            told = {"role": "assistant", "content": answer}
            yield {"messages": [*messages, told], **provenance(row)}

    def _answers(self, row: Mapping[str, Any]) -> Sequence[str | None]:
        if self._task.answer != "labels":
            return self._numbers({each["label"]: each["value"] for each in row["numbers"]})
        names, given = self._taxonomy.names, set(row["labels"])
        if self._codes and not self._taxonomy.exclusive:
            yes, no = self._codes
            return [yes if name in given else no for name in names]
        labels = _clearest_first([name for name in names if name in given], row["scores"])
        if self._codes:
            return [self._codes[names.index(labels[0])]]
        answer = {"label": labels[0]} if self._taxonomy.exclusive else {"labels": labels}
        return [json.dumps(answer, ensure_ascii=False)]

    def _numbers(self, known: Mapping[str, float | None]) -> Sequence[str | None]:
        low, high = self._taxonomy.range or (0.0, 1.0)
        steps = len(self._codes) - 1 if self._codes else STEPS

        def told(value: float | None) -> int | None:
            if value is None or self._task.answer == "ordinals":
                return None if value is None else level(value)
            return level(steps * (value - low) / (high - low))

        answers = {name: told(known.get(name)) for name in self._taxonomy.names}
        if not self._codes:
            return [None if None in answers.values() else json.dumps(answers)]
        return [None if each is None else str(each) for each in answers.values()]


def _clearest_first(labels: list[str], scores: Sequence[Mapping[str, Any]] | None) -> list[str]:
    probability = {each["label"]: each["probability"] for each in scores or ()}
    return sorted(labels, key=lambda label: -probability.get(label, 0.0))
