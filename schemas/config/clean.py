"""How records are cleaned, by domain.

Structured PII is redacted in every domain: there is no key for it.
"""

from typing import Literal

from pydantic import Field, model_validator

from schemas.config.base import Config
from schemas.config.corpus import Domain


class Policy(Config):
    """What one domain keeps, masks and drops."""

    urls: Literal["mask", "remove"] = Field(
        "mask", description="mask: a link becomes [URL]; remove: it disappears"
    )
    mentions: Literal["mask", "remove"] = Field(
        "mask", description="mask: @name, u/name and other handles become [USER]; remove: they go"
    )
    identifiers: Literal["standard", "safe_harbor"] = Field(
        "standard",
        description="standard: what points to one person (names of the conversation's speakers and behind "
        "titles, addresses, contacts, record and account numbers); safe_harbor: also what the HIPAA Safe "
        "Harbor list names beside (dates finer than the year, ages over 89, postal codes, towns, any long number)",
    )
    hashtags: Literal["keep", "word", "remove"] = Field(
        "keep", description="keep: #joy stays; word: it becomes joy; remove: it disappears"
    )
    markdown: bool = Field(
        default=True,
        description="strip Markdown marks (links, emphasis, headings, escapes), keep the words",
    )
    quotes: Literal["keep", "drop"] = Field(
        "keep",
        description="lines quoted with > are another person's words: keep them without the mark, "
        "or drop them (a post of nothing but quotes keeps them)",
    )
    min_chars: int = Field(
        0,
        ge=0,
        description="fewer characters of clean text: too_short; posts with emoji are exempt",
    )
    max_chars: int | None = Field(
        None, ge=1, description="more characters of clean text: too_long; null: no bound"
    )
    bound_turns: bool = Field(
        default=False, description="hold conversation turns to min_chars and max_chars as well"
    )

    @model_validator(mode="after")
    def _ordered(self) -> "Policy":
        if self.max_chars is not None and self.max_chars < self.min_chars:
            raise ValueError("max_chars is smaller than min_chars")
        return self


class SocialPolicy(Policy):
    """Posts: Markdown, quoted replies, one-character and book-length posts."""

    quotes: Literal["keep", "drop"] = Field(
        "drop", description=Policy.model_fields["quotes"].description
    )
    min_chars: int = Field(2, ge=0, description=Policy.model_fields["min_chars"].description)
    max_chars: int | None = Field(
        40_000, ge=1, description=Policy.model_fields["max_chars"].description
    )


class PodcastPolicy(Policy):
    """Turns of talk: every length counts."""


class ClinicalPolicy(Policy):
    """Dialogue turns and notes: nothing is dropped for its length, asterisks and dashes stay."""

    identifiers: Literal["standard", "safe_harbor"] = Field(
        "safe_harbor", description=Policy.model_fields["identifiers"].description
    )
    markdown: bool = Field(default=False, description=Policy.model_fields["markdown"].description)


class CleanConfig(Config):
    """The clean stage: a policy for each domain, and whether the language is detected."""

    social: SocialPolicy = Field(SocialPolicy(), description="policy for social posts")
    podcast: PodcastPolicy = Field(PodcastPolicy(), description="policy for podcast turns")
    clinical: ClinicalPolicy = Field(ClinicalPolicy(), description="policy for clinical dialogues")
    ner: str | None = Field(
        None,
        min_length=1,
        description="a recognizer of further names and places, by the name under which an installed package "
        "offers it (entry point group affectmine.ner); null: rules and known names only",
    )
    detect_language: bool = Field(
        default=True,
        description="detect the language of records that declare none; false leaves it unknown",
    )

    def policy(self, domain: Domain) -> Policy:
        """Look up the policy of a domain."""
        policies: dict[Domain, Policy] = {
            "social": self.social,
            "podcast": self.podcast,
            "clinical": self.clinical,
        }
        return policies[domain]
