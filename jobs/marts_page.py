"""Writes docs/marts.md from the marts themselves: `python -m jobs.marts_page > docs/marts.md`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from schemas.mart import Mart, load_mart, mart_names

_HEAD = """# Marts: what the labels say

A mart is a table over all labels of a lake: one SQL file with a formula and a source, computed from a published
snapshot and asked like any other view.

```sh
affectmine marts build --lake lake
affectmine marts --lake lake
affectmine marts show contagion
affectmine sql --lake lake "SELECT label, rate_exposed, rate_unexposed, z FROM mart_contagion ORDER BY z DESC LIMIT 10"
```

With `marts: {}` in a config, `affectmine run` builds them each time that it has published; `affectmine report` shows
them as pictures. What they show on real podcasts and counseling: [talk.md](talk.md). Twenty questions with their
SQL: [queries.md](queries.md).

## How to read them

- A mart is of one **question**: corpus, task, taxonomy and labeler. Labelers are never mixed.
- Only rows that are *labeled* count. Rejected and failed ones are in `labels` with their reasons.
- The **state** of a row is the label that it was given with the greatest probability. A row that was given none has the
  state null: it takes part as a state of its own.
- **Valence**, from -1 to 1, is the sum of p(label) v(label) over the sum of p(label), where v is 1 for the labels that
  the taxonomy's mapping `sentiment` calls positive, -1 for negative ones, 0 for the others; where there are no
  probabilities, the mean of v over the labels that were given. Of the task `vad` it is 2 valence - 1. A taxonomy of
  your own has none: the lake holds its labels, not what they mean.
- **Hostile** is a row with a label of the task `toxicity`, or with an emotion that the taxonomy maps to Ekman's anger
  or disgust; disapproval, which GoEmotions groups with anger, is not: an unfavorable opinion is against nobody.
- A **turn** is a row with a place in a conversation: by its number, else by its time. It follows the record that it
  replies to, where it replies to one, else the turn before it.
- A cell that cannot be computed is null, never 0; a mart without rows is empty, with its columns.

## What is guaranteed

- A mart belongs to what is published, not to when it was made: the same files and settings give the same rows, found
  again by `sql` for every snapshot that publishes these files (`--as-of`, too). One that is there is not made again.
- Each is written whole and committed as a shard is ([lake.md](lake.md)); killed at any instant, the same command goes
  on where it stopped. A mart that cannot be computed does not keep the others back.
- Memory is bounded by `engine.memory_limit` (`--memory-limit`), beyond which DuckDB spills, encrypted, to the temporary
  folder. With `--engine spark` (in `run` or `marts build`) the same SQL runs on [Spark](spark.md), which gives equal
  rows, floats to their last digits.
- Words and expressions are shown only if at least `marts.min_records` records and `marts.min_speakers` speakers have
  them. They come from the redacted text. Rows about one conversation or one speaker name them by pseudonym; those of
  `sentiment_flips` that a language model told also have its words for holder, target and aspect, as the labels have
  (of clinical corpora these are null).
- `affectmine forget` deletes all marts, as they count everybody; the next build makes them of what is left. `vacuum`
  removes those of snapshots that are not retained.

## The marts
"""
_WIDTH = 118


def page() -> str:
    """The page, as Markdown."""
    marts = [load_mart(name) for name in mart_names()]
    lines = ["", "| mart | what it holds |", "|---|---|"]
    lines += [f"| [{each.name}](#mart_{each.name}) | {_cell(each.title)} |" for each in marts]
    for each in marts:
        lines += _section(each)
    return _HEAD + "\n".join(lines) + "\n"


def _section(mart: Mart) -> Iterator[str]:
    yield ""
    yield f"### mart_{mart.name}"
    yield ""
    yield _wrapped(f"**{mart.title}.** {mart.description}")
    yield ""
    yield _wrapped(f"*Formula:* {_plain(mart.formula)}")
    if mart.note:
        yield ""
        yield _wrapped(f"*Note:* {_plain(mart.note)}")
    yield ""
    yield _wrapped(f"*Source:* {_plain(mart.source)}")
    yield ""
    yield "| column | type | what it is |"
    yield "|---|---|---|"
    for column in mart.columns:
        yield f"| `{column.name}` | {column.type} | {_cell(column.description)} |"


def _wrapped(text: str) -> str:
    # A line of Markdown that begins with a sign would be a list or a heading.
    return textwrap.fill(
        " ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False
    )


def _plain(text: str) -> str:
    return text.replace("*", "\\*").replace("_", "\\_").replace("<", "&lt;")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")
