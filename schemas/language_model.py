"""A labeler of one's own, as data: a language model behind vLLM, and how it is asked (`*.yaml`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from schemas.config.base import Config, operational, semantic
from schemas.errors import ConfigError
from schemas.label_task import Mode
from schemas.spec_file import parse_spec
from schemas.yaml_mistakes import SeveralError

_RESERVED = ("student", "own_")
_NAME = r"^[a-z][a-z0-9_]{0,62}$"


class Demonstrations(Config):
    """Rows of gold that are shown with their labels: those that are most similar to the text."""

    gold: str = Field(
        description="a file with columns text and labels; relative to the labeler file"
    )
    n: int = Field(4, ge=1, le=64, description="so many of them")


class Variant(Config):
    """Variants of the prompt, each off by default: measure before use (affectmine tasks tune)."""

    demonstrations: Demonstrations | None = Field(None, description="rows of gold that are shown")
    shuffles: int = Field(
        1, ge=1, le=16, description="ask so often, with the labels in another order, and average"
    )
    hints: str | None = Field(
        None, description="a student whose answer is shown as a hint: student or weights"
    )
    stimulus: Literal["none", "emotion", "negative", "stress"] = Field(
        "none", description="a sentence that is added to the instructions: an experiment"
    )


class Price(Config):
    """What the model costs, in any one currency. Tokens from the prefix cache cost as others do."""

    per_hour: float = Field(0.0, ge=0, description="for an hour in which the servers work for us")
    per_million_prompt_tokens: float = Field(0.0, ge=0, description="for tokens that are read")
    per_million_completion_tokens: float = Field(
        0.0, ge=0, description="for tokens that are written"
    )


class LanguageModel(Config):
    """Which model answers, and how it is asked. What is operational changes no answer."""

    name: str = Field(pattern=_NAME, description="written to the column labeler")
    model: str = Field(min_length=1, description="as it is served; in process: a folder")
    revision: str = Field(
        min_length=1, description="of the weights: a served name does not identify them"
    )
    mode: Literal["task", "generate", "score"] = Field(
        "task", description="how it answers; task: as the label task says"
    )
    temperature: float = Field(
        0.0, ge=0, le=2, description="of sampling; 0: the most probable answer"
    )
    samples: int = Field(
        1,
        ge=1,
        le=64,
        description="ask so often, and take the vote (generate, temperature above 0)",
    )
    seed: int = Field(0, ge=0, description="of sampling")
    max_answer_tokens: int | None = Field(
        None, ge=1, le=32_768, description="of one answer; default: as the task's answer needs"
    )
    chat_template_kwargs: dict[str, Any] = Field(
        default_factory=dict,
        description="for the model's chat template, such as enable_thinking: false",
    )
    languages: tuple[str, ...] = Field((), description="ISO 639-1; empty: all")
    variant: Variant = Variant()
    calibration: str | None = Field(
        None, description="a file that affectmine calibrate wrote; relative to the labeler file"
    )
    members: tuple[str, ...] = Field(
        (),
        description="labeler files of an ensemble that votes; then model and revision name the ensemble",
    )
    engine: Literal["server", "in_process"] = operational(
        "server", description="a vLLM server, or the engine in this process"
    )
    urls: tuple[str, ...] = operational(
        ("http://127.0.0.1:8000",), description="of the servers (replicas), without /v1"
    )
    api_key_env: str | None = operational(
        None, description="the environment variable that holds the servers' key"
    )
    window: Annotated[int, Field(ge=1, le=4096)] = operational(
        256, description="at most so many requests in flight at once; adapts below that"
    )
    deadline: Annotated[float, Field(gt=0, le=3600)] = operational(
        120.0, description="seconds after which one try of a request is given up"
    )
    retries: Annotated[int, Field(ge=0, le=20)] = operational(
        6, description="of a request after transient errors, with backoff and jitter"
    )
    price: Price = operational(
        default_factory=Price, description="what it costs, for `plan`, `status` and manifests"
    )

    @model_validator(mode="after")
    def _consistent(self) -> LanguageModel:
        mistakes = []
        if self.name.startswith(_RESERVED):
            mistakes.append(
                f"name {self.name!r} is that of a student: begin it with something else than "
                + " or ".join(_RESERVED)
            )
        if self.samples > 1 and self.temperature == 0:
            mistakes.append("samples above 1 need a temperature above 0: else all are equal")
        if self.samples > 1 and self.mode == "score":
            mistakes.append("samples are for generate; a score needs one step only")
        if not self.urls and self.engine == "server":
            mistakes.append("urls: at least one server is needed")
        if mistakes:
            raise SeveralError(mistakes)
        return self

    def asked_mode(self, task_mode: Mode) -> Mode:
        """The mode in which a task is asked."""
        return task_mode if self.mode == "task" else self.mode

    def meaning(self) -> dict[str, Any]:
        """What determines the answers."""
        return semantic(self)


def is_language_model(labeler: str) -> bool:
    """Whether a labeler of this name is a language model: it is given as a labeler file."""
    return labeler.endswith((".yaml", ".yml"))


def load_language_model(path: str | Path) -> LanguageModel:
    """The labeler file at `path`. Raises ConfigError: unreadable, or every mistake of content at once."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"There is no labeler file {path}.",
            remedy="Write one: affectmine serve MODEL --labeler FILE",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The labeler file {path} cannot be read: {error}.") from None
    return parse_spec(text, str(path), LanguageModel, "labeler")
