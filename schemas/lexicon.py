"""Lexicon: words of one kind, as data (`schemas/lexicons/*.yaml` or a user's file)."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.errors import ConfigError
from schemas.spec_file import load_spec

_PACKAGE = "schemas.lexicons"


class Lexicon(BaseModel):
    """Words by family, each form written out; `language` is the ISO 639 code of all of them, or null for any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str = Field(min_length=1)
    source: str = ""
    license: str = ""
    language: str | None = None
    words: dict[str, tuple[str, ...]] = Field(min_length=1)

    @property
    def forms(self) -> tuple[str, ...]:
        """All words, lower case, sorted, each once."""
        return tuple(sorted({form.lower() for family in self.words.values() for form in family}))

    @model_validator(mode="after")
    def _filled(self) -> Lexicon:
        empty = [name for name, family in self.words.items() if not family]
        blank = [name for name, family in self.words.items() if any(not w.strip() for w in family)]
        if empty or blank:
            raise ValueError(
                f"families without words or with an empty one: {', '.join(empty + blank)}"
            )
        return self


def load_lexicon(name_or_path: str | Path = "emotion_words") -> Lexicon:
    """Load a shipped lexicon by name, a YAML file, or a text file with a word a line (# starts a remark).

    ConfigError: an unknown name, a file that cannot be read, or one without words.
    """
    path = Path(name_or_path)
    if path.suffix != ".txt":
        return load_spec(name_or_path, _PACKAGE, Lexicon, "lexicon")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            f"The word list {path} cannot be read.",
            remedy="Give a text file in UTF-8, a word a line.",
        ) from None
    words = tuple(line.partition("#")[0].strip() for line in lines)
    words = tuple(word for word in words if word)
    if not words:
        raise ConfigError(f"The word list {path} has no words.", remedy="Write one a line.")
    return Lexicon(name="own_words", version="1", words={"words": words})
