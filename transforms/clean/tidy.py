"""One dirty row: repair, mark-up, redaction and policy, until another round changes nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from schemas.config.clean import Policy
from transforms.clean.edits import Edit, Found, Step, apply_edits, way_back
from transforms.clean.markdown import MARKDOWN, quotes
from transforms.clean.markup_html import HTML
from transforms.clean.name_rows import named
from transforms.clean.pii import PLACEHOLDERS, redact
from transforms.clean.prefilter import sifted
from transforms.clean.repair import (
    ampersands,
    entities,
    invisible,
    mojibake,
    normal_form,
    white_space,
)
from transforms.clean.social import hashtags, removal

# Real rows settle in two rounds. The bound is for hostile nesting, so that a row costs linear time.
_MOST_ROUNDS = 8


@dataclass(slots=True)
class Tidied:
    """A clean text, and what was taken from it."""

    text: str
    pii: list[Found] = field(default_factory=list)  # offsets into the text as it came
    urls: int = 0  # removed, not masked
    mentions: int = 0
    hashtags: int = 0  # no longer visible in the text
    edits: list[list[Edit]] = field(default_factory=list)  # every step that changed the text
    quiet: int = 0  # steps since the last change


class Tidier:
    """The steps of one policy.

    They go round until each has left the text alone in turn: one step can bring to light what
    another must take (an entity inside an entity, an address inside a link).
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._safe_harbor = policy.identifiers == "safe_harbor"
        markdown = (quotes(drop=policy.quotes == "drop"), *MARKDOWN) if policy.markdown else ()
        # White space first: most rows need nothing else, and one round is enough for them. Tags before entities: a
        # quotation mark that an attribute has as &quot; would end it.
        repairs = (
            white_space,
            ampersands,
            *HTML,
            entities,
            mojibake,
            invisible,
            normal_form,
            *markdown,
        )
        # None is redaction. A name is the count that a step adds to.
        self._steps: list[tuple[Step | None, str]] = [(step, "") for step in repairs]
        self._steps.append((None, ""))
        if policy.urls == "remove":
            self._steps.append((removal("[URL]"), "urls"))
        if policy.mentions == "remove":
            self._steps.append((removal("[USER]"), "mentions"))
        if policy.hashtags != "keep":
            self._steps.append((hashtags(policy.hashtags), "hashtags"))

    def tidy(self, raw: str, names: tuple[str, ...] = ()) -> Tidied:
        """Clean the text of one row. Pure.

        PII spans are code points of `raw`, sorted: a span found in repaired text is led back
        through every edit made before it.
        """
        trimmed = pl.Series([raw], dtype=pl.String).str.strip_chars()
        return self.tidy_all([raw], [names], sifted(trimmed, self._policy).worded)[0]

    def tidy_all(
        self, raw: Iterable[str], names: list[tuple[str, ...]], worded: Iterable[bool]
    ) -> list[Tidied]:
        """Clean many rows, each as `tidy` does.

        After one round most rows are clean: the prefilter finds them for less than a second round.
        `worded` says which of the texts as they came may hold what words give away (see `sifted`).
        """
        rows = list(map(Tidied, raw))
        worded = list(worded)
        for row, known, deep in zip(rows, names, worded, strict=True):
            self._go(row, known, 1, worded=deep)
        texts = pl.Series("text", [row.text for row in rows], dtype=pl.String).str.strip_chars()
        texts, more, _ = sifted(texts, self._policy)
        if any(names):
            hints = pl.Series("hints", list(map(list, names)), dtype=pl.List(pl.String))
            more |= named(texts, hints)
        for row, known, deep, text, again in zip(rows, names, worded, texts, more, strict=True):
            if again:
                row.quiet = row.quiet if deep else 0
                self._go(row, known, _MOST_ROUNDS - 1, worded=True)
            else:
                row.text = text
            row.pii = _apart(row.pii)
        return rows

    def take(self, row: Tidied, names: tuple[str, ...], found: list[Found]) -> None:
        """Put placeholders for further PII of a tidied text, and tidy what that brings to light."""
        edits = [(start, end, PLACEHOLDERS[kind]) for kind, start, end in found]
        row.pii = _apart(row.pii + _led_back(found, row.edits))
        row.text = apply_edits(row.text, edits)
        row.edits.append(edits)
        row.quiet = 0
        self._go(row, names, _MOST_ROUNDS, worded=True)
        row.pii = _apart(row.pii)

    def _go(self, row: Tidied, names: tuple[str, ...], rounds: int, *, worded: bool) -> None:
        text, quiet, enough = row.text, row.quiet, len(self._steps)
        for _ in range(rounds):
            if quiet == enough:
                break
            for step, counter in self._steps:
                if step:
                    edits = step(text)
                else:
                    edits, found = redact(text, names, safe_harbor=self._safe_harbor, worded=worded)
                    if found:
                        row.pii += _led_back(found, row.edits)
                if edits:
                    text = apply_edits(text, edits)
                    row.edits.append(edits)
                    quiet = 0
                    if counter:
                        setattr(row, counter, getattr(row, counter) + len(edits))
                else:
                    quiet += 1
                    if quiet == enough:
                        break
        row.text, row.quiet = text, quiet


def _led_back(found: list[Found], history: list[list[Edit]]) -> list[Found]:
    """PII of an edited text as PII of the raw text."""
    spans = [(start, end) for _, start, end in found]
    for edits in reversed(history) if found else ():
        spans = way_back(edits, spans)
    return [(kind, *span) for (kind, _, _), span in zip(found, spans, strict=True)]


def _apart(found: list[Found]) -> list[Found]:
    """Spans in order. One of a later round may hold one of an earlier: it stands for both."""
    if len(found) < 2:
        return found
    apart: list[Found] = []
    for item in sorted(found, key=lambda item: (item[1], -item[2])):
        if not apart or item[1] >= apart[-1][2]:
            apart.append(item)
        elif item[2] - item[1] > apart[-1][2] - apart[-1][1]:
            apart[-1] = item
    return apart
