"""The compiler of a label task: a row becomes questions to a language model, their answers become the row's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import pyarrow as pa

from schemas.errors import ConfigError
from schemas.label_task import LabelTask, Mode
from schemas.language_model import LanguageModel
from schemas.taxonomy import Taxonomy
from transforms.label.prompted.answer_schema import answer_tokens, json_schema
from transforms.label.prompted.answer_type import answer_type
from transforms.label.prompted.answered import Answered, Deciding, Told1
from transforms.label.prompted.blocks import row_block
from transforms.label.prompted.calibration import Calibration
from transforms.label.prompted.codes import Codes, code_names
from transforms.label.prompted.document import Document, document
from transforms.label.prompted.fit import Fitted, Limits, fitted
from transforms.label.prompted.generate import CHAT, generate_body, read_answer, repair
from transforms.label.prompted.inert import inert
from transforms.label.prompted.question import Mistake, Question, Told
from transforms.label.prompted.row import Row, Turn
from transforms.label.prompted.score import BATCH, endings, read_scores, score_body
from transforms.label.prompted.sentences import Piece, sentences
from transforms.label.prompted.vote import orders
from transforms.label.prompted.words import answer_in_words, instructions

TOO_LONG: Final = "too_long"
EMPTY: Final = "empty_text"
_WHOLE: Final = 8_000  # characters of a text that is shown around each of its sentences
Message = dict[str, str]


@dataclass(frozen=True)
class Prompter:
    """Asks one task of one taxonomy in one mode.

    `limits` and `codes` (score mode only) come from the model that is served; without them, rows can be shown
    (messages) but not asked. Without `free_text`, answers keep no free text: for texts that must not be repeated.
    Raises ConfigError for a mode in which the task cannot be asked, and for options that it does not have.
    """

    task: LabelTask
    taxonomy: Taxonomy
    model: LanguageModel
    options: Mapping[str, str] = field(default_factory=dict)
    stimulus: str = ""
    limits: Limits | None = None
    codes: Codes | None = None
    calibration: Calibration | None = None
    free_text: bool = True

    def __post_init__(self) -> None:
        if self.mode not in self.task.modes:
            raise ConfigError(
                f"The task {self.task.name} cannot be answered in the mode {self.mode}.",
                remedy="Use `mode: generate` (or `mode: task`) in the labeler file.",
            )
        if (
            self.task.answer == "fields"
            and max(self.model.samples, self.model.variant.shuffles) > 1
        ):
            raise ConfigError(
                f"The task {self.task.name} is answered by fields, on which samples and orders of labels cannot vote.",
                remedy="Leave samples and variant.shuffles out of the labeler file for it.",
            )
        if strange := sorted(set(self.options) - set(self.task.options)):
            known = ", ".join(self.task.options) or "none"
            raise ConfigError(
                f"The task {self.task.name} has no option {', '.join(strange)}.",
                remedy=f"Its options: {known}.",
            )
        if taken := sorted({each.name for each in self.task.fields} & self._own_names()):
            raise ConfigError(
                f"The task {self.task.name} has a field {taken[0]!r}, which is a name of the answer itself.",
                remedy="Give the field another name.",
            )
        if self.mode == "score":
            code_names(self.task, self.taxonomy)

    def _own_names(self) -> set[str]:
        """What stands in an answer, or in its column, beside the fields."""
        kind, names = self.task.answer, set(self.taxonomy.names)
        found = {"labels": {"label", "labels"}, "words": {"words"}, "ordinals": names}
        found["scalars"] = names | {"spread"}
        inner = {"span", "labels"} if self.task.unit == "sentence" else set()
        return found.get(kind, set()) | inner

    @property
    def mode(self) -> Mode:
        """How the model answers."""
        return self.model.asked_mode(self.task.mode)

    @cached_property
    def answer_type(self) -> pa.StructType | None:
        """The type of the column `answer`."""
        return answer_type(self.task, self.taxonomy)

    @cached_property
    def answer_tokens(self) -> int:
        """The most tokens of one answer."""
        if self.mode == "score":
            return 1
        if self.model.max_answer_tokens is not None:
            return self.model.max_answer_tokens
        return answer_tokens(self._schemas[0])

    @cached_property
    def label_orders(self) -> list[tuple[str, ...]]:
        """The orders in which labels are shown; the first is that of the taxonomy."""
        names = self.taxonomy.names
        shuffles = self.model.variant.shuffles
        return [
            tuple(names[place] for place in order)
            for order in orders(len(names), shuffles, self.model.seed)
        ]

    @cached_property
    def _schemas(self) -> list[dict[str, Any]]:
        return [json_schema(self.task, self.taxonomy, labels) for labels in self.label_orders]

    @cached_property
    def _systems(self) -> list[str]:
        found = []
        for labels in self.label_orders:
            text = instructions(self.task, self.taxonomy, labels, self.options, self.stimulus)
            if self.mode == "generate":
                text += "\n\n" + answer_in_words(self.task, self.taxonomy, labels)
            found.append(text)
        return found

    @cached_property
    def _endings(self) -> list[list[str]]:
        if self.mode == "generate":
            return [[""] for _ in self.label_orders]
        codes = self.codes or Codes(code_names(self.task, self.taxonomy), ())
        return [endings(self.task, self.taxonomy, labels, codes) for labels in self.label_orders]

    @cached_property
    def _decide(self) -> Deciding:
        return Deciding(self.task, self.taxonomy, self.calibration)

    def static(self) -> list[Message]:
        """The longest messages about a row of which nothing is shown: what each prompt costs at least."""
        conversations = [
            self._conversation(order, "", ending)
            for order in range(len(self.label_orders))
            for ending in self._endings[order]
        ]
        return max(conversations, key=lambda each: sum(len(message["content"]) for message in each))

    def messages(self, row: Row) -> list[list[Message]]:
        """The conversations that ask about a row, whole, in the first order of labels."""
        shown = self._shown(row)
        block = self._block(shown, inert(shown.text), shown.context)
        return [self._conversation(0, block, ending) for ending in self._endings[0]]

    def questions(self, row: Row) -> list[Question] | str:
        """The calls that ask about a row, piece by piece; or the reason why it is not asked."""
        assert self.limits is not None
        shown = self._shown(row)
        text = inert(shown.text)
        if self.task.unit == "sentence":
            return self._of_sentences(shown, text)
        fit = fitted(shown, text, self.limits, self._block, cut=self.task.long == "windows")
        if fit is None:
            return TOO_LONG
        return [
            question
            for piece in fit.pieces
            for question in self._ask(fit.row, text[slice(*piece)], piece)
        ]

    def read(self, question: Question, response: Any) -> Told | Mistake:
        """What a response says."""
        if not isinstance(response, dict):
            return Mistake("invalid_answer", None)
        order = question.order
        if self.mode == "score":
            assert self.codes is not None
            return read_scores(
                self.task, self.taxonomy, self.label_orders[order], self.codes, response
            )
        return read_answer(
            self.task,
            self.taxonomy,
            self._schemas[order],
            question,
            response,
            free_text=self.free_text,
        )

    def repaired(self, question: Question, response: Any, mistake: Mistake) -> Question:
        """The second try of a question."""
        return replace(question, body=repair(question.body, response, mistake))

    def answer(self, row: Row, given: Sequence[Told1]) -> Answered:
        """The answer for a row, from those to all its questions, in their order."""
        return self._decide.answer(given, self._document(row))

    def _document(self, row: Row) -> Document:
        turns = row.context[-self.task.context.turns :] if self.task.context.turns else ()
        return document(replace(row, context=turns if self.task.unit == "document" else ()))

    def _shown(self, row: Row) -> Row:
        turns = row.context[-self.task.context.turns :] if self.task.context.turns else ()
        if self.task.unit != "document":
            return replace(row, context=turns)
        return replace(row, text=self._document(row).text, context=(), role=None)

    def _of_sentences(self, row: Row, text: str) -> list[Question] | str:
        pieces = sentences(text)
        if not pieces:
            return EMPTY
        whole = text if len(pieces) > 1 and len(text) <= _WHOLE else None
        found: list[Question] = []
        for start, end in pieces:
            sentence = text[start:end]
            for around in (whole, None):
                fit = self._fit_sentence(row, sentence, around)
                if fit is not None:
                    break
            if fit is None:
                return TOO_LONG
            for first, last in fit.pieces:
                piece = (start + first, start + last)
                found += self._ask(fit.row, text[slice(*piece)], piece, around)
        return found

    def _fit_sentence(self, row: Row, sentence: str, around: str | None) -> Fitted | None:
        """A sentence beside what is `around` it; alone, one that is too long may be cut, as texts are."""
        assert self.limits is not None
        return fitted(
            row,
            sentence,
            self.limits,
            lambda shown, text, context: self._block(shown, text, context, around),
            cut=around is None and self.task.long == "windows",
        )

    def _ask(self, row: Row, text: str, piece: Piece, around: str | None = None) -> list[Question]:
        block = self._block(row, text, row.context, around)
        found = []
        for order in range(len(self.label_orders)):
            conversations = [
                self._conversation(order, block, ending) for ending in self._endings[order]
            ]
            if self.mode == "score":
                assert self.codes is not None
                bodies = [score_body(conversations, self.codes)]
            else:
                bodies = self._sampled(
                    generate_body(
                        self.task, conversations[0], self._schemas[order], self.answer_tokens
                    )
                )
            if self.model.chat_template_kwargs:
                bodies = [
                    body | {"chat_template_kwargs": self.model.chat_template_kwargs}
                    for body in bodies
                ]
            path = BATCH if self.mode == "score" else CHAT
            found += [Question(path, body, piece, text, row.context, order) for body in bodies]
        return found

    def _sampled(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            body | {"temperature": self.model.temperature, "seed": self.model.seed + sample}
            for sample in range(self.model.samples)
        ]

    def _block(
        self, row: Row, text: str, context: Sequence[Turn], around: str | None = None
    ) -> str:
        block = row_block(row, text, context, cues=self.task.context.cues)
        return block if around is None else f"<whole>\n{around}\n</whole>\n\n{block}"

    def _conversation(self, order: int, block: str, ending: str) -> list[Message]:
        user = f"{block}\n\n{ending}" if ending else block
        return [
            {"role": "system", "content": self._systems[order]},
            {"role": "user", "content": user},
        ]
