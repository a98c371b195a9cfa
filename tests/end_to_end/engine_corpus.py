"""A corpus with everything that could tell engines apart: what crosses shards, nulls, ties, and rows that fail."""

import gzip
import json
import random
from pathlib import Path

DAY = 86_400
START = 1_772_409_600  # 2026-03-02T00:00:00Z
OPENERS = (
    "I am so happy that the train came on time today",
    "what a terrible day, I hate everything about this weather",
    "thank you so much for helping my neighbor with the garden",
    "why would anyone ever do that to a friend of theirs?",
    "I miss my grandmother every single day of this long winter",
    "nobody told me that the exam was today and now I am scared",
    "Das ist wirklich eine ganz wunderbare Nachricht für uns alle hier",
    "this makes me laugh so hard that my coffee went everywhere 😂😂",
)
ODD = (
    None,
    "",
    "   ",
    "😂",
    "ok",
    "\u0000nul\u0000",
    "http://example.org/a?b=c",
    "a" * 3_000,
    "…",
    "yeah.",
)
TURNS = (
    "How have you been since last week?",
    "I feel much better, thank you.",
    "Honestly I am still angry about what he said.",
    "yeah.",
    "That sounds really hard.",
    "I am afraid that it will happen again.",
    "What would you like to change?",
    "",
)

FILES = {
    "posts": ("posts-1.jsonl", "posts-2.jsonl", "posts-3.jsonl.gz"),
    "talks": ("talks-1.jsonl", "talks-2.jsonl"),
    "sessions": ("sessions.jsonl",),
}


def write_engine_corpus(folder: Path, *, rows: int = 900, shard_records: int = 100) -> Path:
    """Posts of three days with near copies, replies and edits; talks and sessions that go over files and shards.

    Returns the config of a run over clean, dedup, windows, label and marts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random("engines")
    posts = [_post(draw, number, rows) for number in range(rows)]
    posts += [dict(posts[7], body="edited: I am happy again", edited=START + 3 * DAY)]  # a revision
    posts += [dict(posts[20])]  # the same id twice
    third = len(posts) // 3
    _write(folder / "posts-1.jsonl", posts[:third], broken=(3, 40))
    _write(folder / "posts-2.jsonl", posts[third : 2 * third], broken=(11,))
    _write_gzip(folder / "posts-3.jsonl.gz", posts[2 * third :])
    talks = [_turn(draw, number, "talk", 9) for number in range(rows // 2)]
    _write(folder / "talks-1.jsonl", talks[::2])  # every conversation is in both files
    _write(folder / "talks-2.jsonl", talks[1::2], broken=(5,))
    sessions = [_turn(draw, number, "session", 5) for number in range(rows // 3)]
    _write(folder / "sessions.jsonl", sessions)
    config = folder / "config.yaml"
    config.write_text(_CONFIG.format(shard_records=shard_records))
    return config


def _post(draw: random.Random, number: int, rows: int) -> dict[str, object]:
    text: str | None
    if number % 13 == 0:
        text = ODD[(number // 13) % len(ODD)]
    else:
        words = (
            f"{OPENERS[draw.randrange(len(OPENERS))]} number {draw.randrange(rows // 4)}".split()
        )
        if draw.random() < 0.3:  # a near copy of whatever else says this
            words[draw.randrange(len(words))] = draw.choice(("really", "so", "today"))
        text = " ".join(words)
    found: dict[str, object] = {
        "id": f"p{number}",
        "author": f"user{number % 17}" if number % 29 else None,
        "body": text,
        # Ties: many posts of the same second, over three days.
        "at": START + (number * 3 * DAY // rows) // 600 * 600,
    }
    if number % 4 == 1:
        found["parent"] = f"p{draw.randrange(number)}"
    if number % 31 == 0:
        found["parent"] = "p-unknown"
    return found


def _turn(draw: random.Random, number: int, kind: str, every: int) -> dict[str, object]:
    conversation = number % every
    turn = number // every
    speaker = ("anna", "ben")[turn % 2]
    return {
        "id": f"{kind}{number}",
        "conversation": f"{kind}-{conversation}",
        "turn": turn if number % 37 else None,
        "speaker": f"{speaker}{conversation}",
        "role": {"talk": ("host", "guest"), "session": ("therapist", "client")}[kind][turn % 2],
        "text": draw.choice(TURNS),
        "at": START + conversation * 3_600 + (turn // 3) * 60 + (DAY if turn > 25 else 0),
    }


def _write(path: Path, rows: list[dict[str, object]], broken: tuple[int, ...] = ()) -> None:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    for number in broken:
        lines[number] = lines[number][:-4]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_gzip(path: Path, rows: list[dict[str, object]]) -> None:
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(content, mtime=0))


_CONFIG = """lake: lake
corpora:
  - name: posts
    domain: social
    license: CC0-1.0
    sources: posts-*.jsonl*
    columns: {{text: body, id: id, speaker: author, created_at: at, reply_to: parent, revision: edited}}
    options: {{sparse: [edited]}}
  - name: talks
    domain: podcast
    license: CC0-1.0
    sources: talks-*.jsonl
    columns: &columns
      {{text: text, id: id, conversation_id: conversation, turn: turn, speaker: speaker, role: role, created_at: at}}
    values: {{lang: en}}
  - name: sessions
    domain: clinical
    license: CC0-1.0
    sources: sessions.jsonl
    columns: *columns
    values: {{lang: en}}
ingest: {{shard_records: {shard_records}}}
dedup: {{}}
windows: {{turns: 4}}
label:
  - {{task: emotion, taxonomy: goemotions, labeler: student}}
  - {{task: emotion, taxonomy: ekman, labeler: student}}
marts: {{min_records: 2, min_speakers: 1}}
engine: {{workers: 2}}
"""
