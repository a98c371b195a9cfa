"""The steps of a recipe, as data: what models write, say, judge and check of an item."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.answer_field import AnswerField

NAME = r"^[a-z][a-z0-9_]*$"
VARIABLE = re.compile(r"\{([a-z][a-z0-9_.]*)\}")

Part = Literal[
    "utterance", "turn", "prompt", "chosen", "rejected", "affect", "neutral", "instruction", "input",
    "output",
]  # fmt: skip


class Spec(BaseModel):
    """A part of a recipe: what it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Write(Spec):
    """A model writes `fields` under a JSON schema. They become variables `{id.field}`."""

    kind: Literal["write"]
    id: str = Field(pattern=NAME)
    model: str = Field(pattern=NAME, description="the role of the model that writes")
    system: str = Field(min_length=1)
    prompt: str = Field(min_length=1)
    fields: tuple[AnswerField, ...] = Field(min_length=1)


class Voice(Spec):
    """Who talks in a conversation: its `role` there, the model that plays it, and what that is told before each turn.

    `{history}` is what was said so far, `{turn}` the number of the turn, from 1, `{turn.NAME}` the entry of this turn
    in a list: of the column NAME of the table `over`, whose entries are separated by `>`.
    """

    role: str = Field(pattern=NAME)
    model: str = Field(pattern=NAME)
    system: str = Field(min_length=1)
    prompt: str = Field(min_length=1)


class Review(Spec):
    """Each turn of `roles` gets a level on each criterion of a rubric before the talk goes on.

    Of a turn with a criterion below `least` its voice is asked again, with `prompt` instead of its own, at most
    `rounds` times; what then is below ends the item, with the reason `judge`. `{draft}` is what was said, `{scores}`
    the levels.
    """

    roles: tuple[str, ...] = Field(min_length=1)
    model: str = Field(pattern=NAME, description="the role of the model that judges")
    rubric: str
    least: dict[str, float] = Field(min_length=1)
    prompt: str = Field(min_length=1)
    rounds: int = Field(1, ge=1, le=4)


class Converse(Spec):
    """Models talk with each other, `turns` turns in all; the voices take turns. Each turn is an emitted part `turn`.

    `over`: variables that are lists (`fear > relief`), stretched over the turns. `target`: the variable, of the turn or
    of the item, that a text is to show, of the turns of `targeted` roles. With a `review`, the turns after one build on
    what was mended.
    """

    kind: Literal["converse"]
    id: str = Field(pattern=NAME)
    turns: int = Field(ge=2, le=64)
    voices: tuple[Voice, ...] = Field(min_length=2, max_length=4)
    max_chars: int = Field(400, ge=20, le=4000)
    over: dict[str, str] = Field(default_factory=dict)
    target: str | None = None
    targeted: tuple[str, ...] = ()
    review: Review | None = None


class Refine(Spec):
    """Items that a judge scored below are written once more, at most `rounds` times, and judged again.

    `of`: the write step whose fields are written anew. `{draft.FIELD}` is what was written, `{scores}` the judge's.
    """

    model: str = Field(pattern=NAME)
    of: str = Field(pattern=NAME)
    system: str = Field(min_length=1)
    prompt: str = Field(min_length=1)
    rounds: int = Field(1, ge=1, le=4)


class Against(Spec):
    """What is worse on purpose is judged as well: `parts` by the same rubric, apart from those of the judge.

    An item is dropped unless the judge's parts are better by `margin`, in expected levels. Of criteria that are not in
    it, both need the judge's `least`: a rejected answer that is gibberish would teach only that.
    """

    parts: tuple[Part, ...] = Field(min_length=1)
    margin: dict[str, Annotated[float, Field(gt=0)]] = Field(min_length=1)


class Judge(Spec):
    """A model gives `parts` a level on each criterion of a rubric (see schemas.rubric), as a distribution.

    `least`: an item whose expected level of a criterion is lower is dropped. A conversation is shown as its last turn
    with all turns before it; the rubric says what of it is judged.
    """

    kind: Literal["judge"]
    id: str = Field(pattern=NAME)
    model: str = Field(pattern=NAME)
    rubric: str
    parts: tuple[Part, ...] = Field(min_length=1)
    least: dict[str, float] = Field(min_length=1)
    against: Against | None = None
    refine: Refine | None = None

    @property
    def seen(self) -> frozenset[Part]:
        """All parts that the judge sees."""
        return frozenset(self.parts) | frozenset(self.against.parts if self.against else ())


class Likelihood(Spec):
    """How probable a pleased follow-up is after each of two answers: the more probable one becomes `chosen`.

    The score of an answer is the mean log-probability of the tokens of a follow-up, averaged over those of the table
    `followups`. `first` and `second` are the variables of the answers, `prompt` what they answer.
    """

    kind: Literal["likelihood"]
    id: str = Field(pattern=NAME)
    model: str = Field(pattern=NAME)
    prompt: str
    first: str
    second: str
    followups: str


class Check(Spec):
    """The checker labels all texts; an item with a text that does not show it its target is dropped."""

    kind: Literal["check"]
    id: str = Field(pattern=NAME)
    rule: Literal["exact", "overlap", "group"] = "overlap"


Step = Annotated[Write | Converse | Judge | Likelihood | Check, Field(discriminator="kind")]


def roles(step: Step) -> Iterator[str]:
    """The roles that models play in a step; some may come twice."""
    if isinstance(step, Converse):
        yield from (voice.model for voice in step.voices)
        if step.review is not None:
            yield step.review.model
    elif not isinstance(step, Check):
        yield step.model
    if isinstance(step, Judge) and step.refine is not None:
        yield step.refine.model


def rubrics(step: Step) -> Iterator[tuple[str, frozenset[str]]]:
    """The rubrics that a step judges by, each with the criteria that it asks for."""
    if isinstance(step, Judge):
        margin = frozenset(step.against.margin if step.against is not None else ())
        yield step.rubric, frozenset(step.least) | margin
    if isinstance(step, Converse) and step.review is not None:
        yield step.review.rubric, frozenset(step.review.least)


def templates(step: Step) -> Iterator[tuple[str, frozenset[str]]]:
    """What a step asks, each with the variables that are there besides those of the item."""
    told, again = frozenset({"history", "turn"}), frozenset({"draft", "scores"})
    if isinstance(step, Write):
        yield from ((text, frozenset()) for text in (step.system, step.prompt))
    if isinstance(step, Converse):
        yield from ((text, told) for voice in step.voices for text in (voice.system, voice.prompt))
        if step.review is not None:
            yield step.review.prompt, told | again
    if isinstance(step, Judge) and step.refine is not None:
        yield from ((text, again) for text in (step.refine.system, step.refine.prompt))
