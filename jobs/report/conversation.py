"""The page of one conversation: its turns in order, with what labelers said of each, and valence over the turns.

Like the report, one HTML file that works offline, on a phone and on paper; by its own content policy it may load
nothing and run nothing, and everything from outside goes through the template's escaping.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jobs.report.charts.look import NARROW, WIDE
from jobs.report.conversation_answers import all_said
from jobs.report.conversation_rows import Conversation, read_conversation
from jobs.report.conversation_speakers import Speaker, identity, speakers_of
from jobs.report.conversation_turns import shown_turns
from jobs.report.conversation_valence import MOST_POINTS, Trajectory, chart, trajectory
from jobs.report.page import environment, inert_file
from jobs.report.svg import draw, require_drawing
from jobs.report.words import listed, many
from jobs.target import write_whole
from pipelines.lake.lake import Lake

MOST_TURNS: Final = 5_000
_BARS: Final = 18_000  # on a page
_MOST_BARS: Final = 4  # of an answer
_MOST_PICTURES: Final = 3


def write_conversation(
    lake: Lake, conversation_id: str, output: Path, as_of: int | None = None
) -> Path:
    """Writes the page of a conversation of the newest snapshot, or of the one `as_of`; returns where it lies.

    The id may be cut short where what is left is still that of one conversation only.
    Raises ConfigError: there is none or several, or `output` cannot be written; TerminalError: nothing is published;
    MissingExtraError: what draws is not installed.
    """
    require_drawing()
    found = read_conversation(lake, conversation_id, as_of)
    write_whole(output, render_conversation(found, _consents(lake, found)))
    return output


def render_conversation(
    found: Conversation, consents: Sequence[str] = (), *, made_at: datetime | None = None
) -> str:
    """The page as text. `consents`: a sentence for each corpus; `made_at` defaults to now."""
    made = (made_at or datetime.now(UTC)).astimezone(UTC)
    speakers = speakers_of(found.turns)
    kept = [turn for turn in found.turns if turn.number is not None]
    numbers = {turn.record_id: turn.number for turn in kept if turn.number is not None}
    hues = {turn.record_id: speakers[identity(turn)].hue for turn in kept}
    shown = found.turns[:MOST_TURNS]
    answers = max(1, len(shown) * len(found.answers))
    most = max(1, min(_MOST_BARS, _BARS // answers))
    said = all_said(found.answers, numbers, most)
    drawn = [trajectory(asked, numbers, hues) for asked in found.answers]
    # What is drawn first: answered as a number, then the finer taxonomy.
    paths = sorted(
        (path for path in drawn if path), key=lambda path: not path.told.startswith("vad ")
    )
    template = environment().get_template("conversation.html.j2")
    return str(
        template.render(
            title=f"Conversation {found.conversation_id[:12]}",
            below=_below(found),
            warnings=_warnings(found, consents),
            cards=_cards(found, speakers, len(kept)),
            speakers=list(speakers.values()),
            pictures=[_picture(path, place) for place, path in enumerate(paths[:_MOST_PICTURES])],
            turns=shown_turns(shown, speakers, numbers, said),
            most=most,
            people=any(turn.people for turn in shown),
            left_out=len(found.turns) - len(shown),
            made_at=f"{made:%Y-%m-%d %H:%M} UTC",
            style=inert_file("style.css"),
            own_style=inert_file("conversation.css"),
        )
    )


def _below(found: Conversation) -> str:
    corpora = sorted({turn.corpus for turn in found.turns})
    return f"Corpus {listed(corpora)}, id {found.conversation_id}, snapshot {found.snapshot}."


def _warnings(found: Conversation, consents: Sequence[str]) -> list[str]:
    clinical = any(turn.domain == "clinical" for turn in found.turns)
    whose = (
        "patients or clients, and of those who treat them, from a clinical corpus"
        if clinical
        else "people"
    )
    told = (
        f"These are the words of {whose}, redacted by a machine. Redaction is not perfect: names and places may be "
        "left, and somebody may be known by what is told."
    )
    if clinical:
        told += " Keep this page as you keep the records that it is from."
    return [told, *consents]


def _cards(
    found: Conversation, speakers: dict[str, Speaker], kept: int
) -> list[tuple[str, str, str]]:
    dropped = len(found.turns) - kept
    cards = [
        ("turns", f"{kept:,}", f"{dropped:,} dropped" if dropped else "none dropped"),
        (
            "speakers",
            f"{len(speakers):,}",
            listed(sorted({r for s in speakers.values() for r in s.roles})[:4]),
        ),
        ("questions", f"{len(found.answers):,}", "answered by labelers"),
    ]
    days = sorted(turn.created_at for turn in found.turns if turn.created_at)
    if days:
        cards.append(("date", f"{days[0]:%Y-%m-%d}", _until(days[0], days[-1])))
    return cards


def _until(first: datetime, last: datetime) -> str:
    if first.date() != last.date():
        return f"to {last:%Y-%m-%d}"
    hours = f"{first:%H:%M}", f"{last:%H:%M}"
    return f"{hours[0]} UTC" if hours[0] == hours[1] else f"{hours[0]} to {hours[1]} UTC"


def _picture(shown: Trajectory, place: int) -> dict[str, Any]:
    from markupsafe import Markup

    points = len(shown.points)
    mean = sum(point.valence for point in shown.points) / points
    told = f"{many(points, 'turn')} with a valence; their mean is {_signed(mean)}."
    if shown.bins:
        ends = [b.smoothed for b in shown.bins if b.smoothed is not None]
        told += f" The line begins at {_signed(ends[0])} and ends at {_signed(ends[-1])}."
    drawn = "Each point is a turn, in the color and shape of its speaker."
    if points > MOST_POINTS:
        drawn = f"Points are turns, one of every {-(-points // MOST_POINTS)}, in the color and shape of their speakers."
    line = (
        "The line goes over ten equal parts of the conversation: the mean of each part and its two neighbors, as in "
        "mart_trajectories."
        if shown.bins
        else "There is no line: the conversation has fewer than ten turns with an answer."
    )
    caption = f"{drawn} {line}"
    if place == 0:
        caption += (
            " Valence is what an answer comes to: the probability of its positive labels less that of its negative "
            "ones; of the task vad, its valence, brought to -1 to 1."
        )
    return {
        "title": f"Valence: {shown.told}",
        "reading": told,
        "caption": caption,
        "bins": shown.bins,
        "wide": Markup(draw(chart(shown, WIDE), f"v{place}w")),  # noqa: S704 - made inert
        "narrow": Markup(draw(chart(shown, NARROW), f"v{place}n")),  # noqa: S704 - made inert
    }


def _signed(value: float) -> str:
    told = f"{value:+.2f}".replace("-", "\u2212")
    return told if float(f"{value:.2f}") else "0.00"


def _consents(lake: Lake, found: Conversation) -> list[str]:
    """What the lake knows of consent and license of the corpora."""
    told = []
    for corpus in sorted({turn.corpus for turn in found.turns}):
        try:
            facts = json.loads(
                (lake.root / "corpora" / f"{corpus}.json").read_text(encoding="utf-8")
            )
            known = {key: str(facts[key]) for key in ("license", "consent") if facts.get(key)}
        except (OSError, ValueError, TypeError, AttributeError):
            continue
        if known:
            told.append(
                f"{corpus}: " + "; ".join(f"{key} {value}" for key, value in known.items()) + "."
            )
    return told
