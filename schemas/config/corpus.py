"""What a corpus is: where its files lie, how they are read, which column is what."""

from typing import Any, Literal, get_args

from pydantic import ConfigDict, Field, field_validator

from schemas.config.base import Config, operational
from schemas.day_pattern import mistake
from schemas.yaml_mistakes import SeveralError

Domain = Literal["social", "podcast", "clinical"]
DOMAINS: tuple[str, ...] = get_args(Domain)
# Names of columns are taken as they are: files do have columns such as " text".
_AS_WRITTEN = ConfigDict(str_strip_whitespace=False)


class GoldColumn(Config):
    """A column that holds human labels; each row of it becomes one entry of `gold`."""

    model_config = _AS_WRITTEN

    task: str = Field(description="the label task that was annotated, such as emotion")
    taxonomy: str = Field(description="the taxonomy of the labels, such as goemotions")
    label_set: str | None = Field(None, description="which dimension or round, such as valence")
    labels: str | None = Field(None, description="column with a label or a list of labels")
    value: str | None = Field(None, description="column with a number")
    separator: str | None = Field(None, description="splits a text column of several labels")
    split: str | None = Field(None, description="column that names the split (train, dev, test)")
    annotator: str | None = Field(None, description="column that names the annotator")


class Columns(Config):
    """Which native column is which record column. A missing `id` becomes file and position."""

    model_config = _AS_WRITTEN

    text: str = Field(description="the text of the record")
    id: str | None = Field(None, description="native id; without one, file and position")
    revision: str | None = Field(None, description="a growing number or edit time of the post")
    conversation_id: str | None = Field(None, description="native id of the conversation")
    turn: str | None = Field(None, description="number of the turn in its conversation")
    reply_to: str | None = Field(None, description="native id of the record that this one answers")
    speaker: str | None = Field(None, description="who said it; becomes a pseudonym")
    role: str | None = Field(
        None, description="author, host, guest, therapist, client, doctor, patient …"
    )
    lang: str | None = Field(None, description="declared language, BCP 47")
    created_at: str | None = Field(None, description="ISO 8601, or Unix seconds or milliseconds")
    start_ms: str | None = Field(None, description="start in the recording, milliseconds")
    end_ms: str | None = Field(None, description="end in the recording, milliseconds")
    pii_hints: tuple[str, ...] = Field(
        (), description="columns with names of people (or lists of them) to redact from the text"
    )
    cues: str | None = Field(
        None, description="list of {channel, value, start_ms, end_ms}: what was not said in words"
    )
    meta: tuple[str, ...] = Field((), description="columns copied as they are; never people's text")


class Values(Config):
    """Constants for record columns that the source does not have."""

    role: str | None = Field(None, description="the role of every record")
    lang: str | None = Field(None, description="the language of every record, BCP 47")
    conversation_id: str | None = Field(None, description="one conversation for all records")


class CorpusConfig(Config):
    """A named source of records in a domain."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="lower case, digits, _")
    domain: Domain = Field(description="social, podcast or clinical: decides how text is cleaned")
    license: str = operational(description="travels to exports")
    consent: str = operational("", description="consent notes; travel to exports")
    sources: tuple[str, ...] = operational(
        min_length=1,
        description="files, folders or globs; relative to the config file. `{day}`, or `{day:%Y/%m/%d}`, stands for "
        "any day: `run --day 2026-03-02` reads the files of that day only",
    )
    reader: str = Field("auto", description="a reader's name, or auto: guessed from the file")
    options: dict[str, Any] = Field({}, description="options of the reader")
    columns: Columns | None = Field(
        None, description="not needed by readers that know their format"
    )
    values: Values = Values()
    gold: tuple[GoldColumn, ...] = ()
    bots: tuple[str, ...] = Field(
        ("AutoModerator",), description="native speaker names whose records get the role bot"
    )

    @field_validator("sources", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("sources")
    @classmethod
    def _days(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [found for each in sources if (found := mistake(each)) is not None]:
            raise SeveralError(wrong)
        return sources
