"""The demo corpus holds exactly what its README says, by a count of its own."""

import json
import re
import unicodedata
from collections import Counter
from datetime import UTC, datetime
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parents[2] / "jobs" / "demo" / "corpus"
EMOTIONS = """
    admiration amusement anger annoyance approval caring confusion curiosity desire
    disappointment disapproval disgust embarrassment excitement fear gratitude grief joy
    love nervousness optimism pride realization relief remorse sadness surprise
    neutral
"""

Row = dict[str, Any]

STOPWORDS = {
    "de": "ich ist nicht und wenn wir mir auf steht jemand schon das",
    "es": "que los las estoy muchas y por está llevo ellos una",
    "pt": "eu vocês não minha muito hoje um foi pelas",
    "fr": "je suis ça moi avec c'est tellement",
}

MARKS = {
    "HTML entities": r"&(?:amp|lt|gt|quot|#39|#x27);",
    "URLs": r"https?://|\bwww\.",
    "u/ mentions": r"(?<!\w)u/\w+",
    "@ mentions": r"(?<![\w.+])@\w+",
    "hashtags": r"(?<![\w&/])#[a-z]\w+",
    "Markdown": r"\*\*?\w[^*\n]*\*|\]\(http|^&gt;|^- |^\d\. |^# |~~|`\w|\^\(|\|:-|^    \\",
    "emoji": r"[\u2600-\u27bf\U0001f300-\U0001faff]",
    "emoji with a skin tone": r"[\U0001f3fb-\U0001f3ff]",
    "emoji joined by ZWJ": r"\u200d",
    "elongation": r"(?!www)(?!00)([^\W\d_])\1{2,}",
    "mojibake": r"â€|Ã[©¯]|ðŸ",
    "masks": r"\[(?:NAME|RELIGION)\]",
    "zero-width characters": r"[\u200b\u2060\ufeff]",
    "no-break spaces": r"\u00a0",
    "e-mail addresses": r"[\w.+]+@(?:\w+\.)*example\.(?:com|org|net)",
    "phone numbers": r"555\)?[- ]\d{3}[- ]\d{4}",
    "SSN-shaped numbers": r"\b\d{3}-\d{2}-\d{4}\b",
    "[laughs] and other marks": r"\[[a-z][a-z ]+\]",
    "record numbers (MRN)": r"MRN \d+",
}


def lines(name: str) -> list[bytes]:
    return (CORPUS / name).read_bytes().removesuffix(b"\n").split(b"\n")


def readme() -> dict[str, dict[str, int]]:
    """The count tables: file -> what -> number."""
    tables: dict[str, dict[str, int]] = {}
    for line in (CORPUS / "README.md").read_text("utf-8").splitlines():
        if heading := re.fullmatch(r"## (\w+\.jsonl)", line):
            table = tables[heading[1]] = {}
        elif row := re.match(r"\| ([^|`]+) \| (\d+) \|", line):
            table[row[1]] = int(row[2])
    return tables


def luhn(digits: str) -> bool:
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return sum(n - 9 * (n > 9) for n in doubled) % 10 == 0


def long_numbers(text: str) -> list[str]:
    return [re.sub(r"\D", "", m) for m in re.findall(r"\b\d(?:[ ]?\d){14,15}\b", text)]


def ipv4(text: str) -> list[bool]:
    """For each dotted quad: is it an address set aside for documentation."""
    found = []
    for quad in re.findall(r"\b\d+\.\d+\.\d+\.\d+\b", text):
        try:
            address = IPv4Address(quad)
        except AddressValueError:
            found.append(False)
        else:
            networks = map(IPv4Network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
            assert any(address in network for network in networks), quad
            found.append(True)
    return found


def ipv6(text: str) -> bool:
    found = re.findall(r"\b2001:[0-9a-f:]+[0-9a-f]", text)
    assert all(IPv6Address(a) in IPv6Network("2001:db8::/32") for a in found)
    return bool(found)


def language(text: str) -> str:
    if len(text) <= 40:
        return ""
    if re.search(r"[\u3040-\u30ff]", text):
        return "ja"
    if re.search(r"[\u0600-\u06ff]", text):
        return "ar"
    words = re.findall(r"[\w']+", unicodedata.normalize("NFC", text).lower())
    score = {lang: sum(w in known.split() for w in words) for lang, known in STOPWORDS.items()}
    best = max(score, key=lambda lang: score[lang])
    return best if score[best] / len(words) > 0.09 and not {"the", "you", "i"} & set(words) else ""


def shingles(text: str) -> set[str]:
    folded = text.casefold()
    return {folded[i : i + 5] for i in range(len(folded) - 4)}


def marks(texts: list[str], names: list[str]) -> dict[str, int]:
    return {n: sum(bool(re.search(MARKS[n], t, re.MULTILINE)) for t in texts) for n in names}


def parse(raw: list[bytes]) -> tuple[list[Row], Counter[str]]:
    good: list[Row] = []
    bad: Counter[str] = Counter()
    for line in raw:
        try:
            row = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError:
            bad["invalid UTF-8"] += 1
        except json.JSONDecodeError:
            bad["broken JSON"] += 1
        else:
            if "body" not in row:
                bad["body missing"] += 1
            elif not isinstance(row["body"], str):
                bad["body of a wrong type"] += 1
            else:
                good.append(row)
    return good, bad


def near_duplicates(rows: list[Row]) -> int:
    long = [(r["id"], r["body"], shingles(r["body"])) for r in rows if len(r["body"].split()) >= 12]
    return sum(
        any(a != b and x != y and len(s & t) / len(s | t) >= 0.6 for a, x, s in long[:n])
        for n, (b, y, t) in enumerate(long)
    )


def count_social() -> dict[str, int]:
    raw = lines("social.jsonl")
    rows, bad = parse(raw)
    bodies = [r["body"] for r in rows]
    ids = [r["id"] for r in rows]
    day = {r["id"]: datetime.fromtimestamp(r["created_utc"], UTC).date().isoformat() for r in rows}
    place = {name: n for n, name in reversed(list(enumerate(ids)))}
    threads = Counter(r["link_id"] for r in rows)
    replies = [
        (r["id"], r["parent_id"].removeprefix("t1_"))
        for r in rows
        if r["parent_id"].startswith("t1_")
    ]
    known = [(child, parent) for child, parent in replies if parent in place]
    all_ids = {m[1].decode() for line in raw if (m := re.search(rb'"id": "(\w+)"', line))}
    people = [
        r
        for r in rows
        if "I am a bot" not in r["body"] and r["body"] not in ("", "[deleted]", "[removed]")
    ]
    twice: list[Row] = []
    seen: set[str] = set()
    for r in people:
        if r["body"] in seen:
            twice.append(r)
        seen.add(r["body"])
    languages = Counter(language(b) for b in bodies)
    return {
        "lines": len(raw),
        **bad,
        "readable posts": len(rows),
        **{f"posts of {d}": n for d, n in Counter(day[i] for i in ids).items()},
        "ids given twice": len(ids) - len(set(ids)),
        "threads": len(threads),
        "threads of one post": sum(n == 1 for n in threads.values()),
        "subreddits": len({r["subreddit"] for r in rows}),
        "replies to a post": len(replies),
        "replies to a post that no line holds": len({parent for _, parent in replies} - all_ids),
        "replies before their parent": sum(place[child] < place[parent] for child, parent in known),
        "replies on another day than their parent": sum(
            day[child] != day[parent] for child, parent in known
        ),
        "[deleted]": bodies.count("[deleted]"),
        "[removed]": bodies.count("[removed]"),
        "empty": bodies.count(""),
        "posts by AutoModerator": sum(r["author"] == "AutoModerator" for r in rows),
        "posts that say I am a bot": sum("I am a bot, and this action" in b for b in bodies),
        "exact duplicates": len(twice),
        "exact duplicates that stand alone": sum(threads[r["link_id"]] == 1 for r in twice),
        "near-duplicates": near_duplicates(people),
        "1 to 5 characters": sum(1 <= len(b) <= 5 for b in bodies),
        "over 4,000 characters": sum(len(b) > 4000 for b in bodies),
        "not in Unicode NFC": sum(not unicodedata.is_normalized("NFC", b) for b in bodies),
        **{f"language {lang}": n for lang, n in languages.items() if lang},
        **marks(
            bodies,
            [n for n in MARKS if n not in ("[laughs] and other marks", "record numbers (MRN)")],
        ),
        "card numbers": sum(any(map(luhn, long_numbers(b))) for b in bodies),
        "long numbers that are no card": sum(
            any(not luhn(n) for n in long_numbers(b)) for b in bodies
        ),
        "IPv4 addresses": sum(any(ipv4(b)) for b in bodies),
        "dotted quads that are no address": sum(not all(ipv4(b)) for b in bodies),
        "IPv6 addresses": sum(map(ipv6, bodies)),
    }


def count_talk(name: str, conversation: str, when: str, wanted: list[str]) -> dict[str, int]:
    rows: list[Row] = [json.loads(line) for line in lines(name)]
    texts = [r["text"] for r in rows]
    turns: dict[str, list[int]] = {}
    for r in rows:
        turns.setdefault(r[conversation], []).append(r["turn"])
        assert datetime.fromisoformat(r[when]).tzinfo
    assert all(t == list(range(len(t))) for t in turns.values())
    return {
        "lines": len(rows),
        **{f"turns of {c}": len(t) for c, t in turns.items()},
        **{f"turns by a {role}": n for role, n in Counter(r["role"] for r in rows).items()},
        "exact duplicates": len(texts) - len(set(texts)),
        **marks(texts, wanted),
    }


def test_social_counts() -> None:
    assert count_social() == readme()["social.jsonl"]


def test_podcast_counts() -> None:
    wanted = ["[laughs] and other marks", "e-mail addresses"]
    assert (
        count_talk("podcast.jsonl", "episode_id", "published_at", wanted)
        == readme()["podcast.jsonl"]
    )


def test_clinical_counts() -> None:
    wanted = [
        "[laughs] and other marks",
        "e-mail addresses",
        "phone numbers",
        "record numbers (MRN)",
    ]
    assert (
        count_talk("clinical.jsonl", "session_id", "recorded_at", wanted)
        == readme()["clinical.jsonl"]
    )


def test_fields_and_types() -> None:
    text, whole = str, int
    social = {
        "id": text, "author": text, "body": text, "created_utc": whole,
        "link_id": text, "parent_id": text, "subreddit": text, "score": whole,
    }  # fmt: skip
    podcast = {
        "episode_id": text, "turn": whole, "speaker": text, "role": text,
        "text": text, "start_ms": whole, "end_ms": whole, "published_at": text,
    }  # fmt: skip
    clinical = {
        "session_id": text, "turn": whole, "speaker": text, "role": text,
        "text": text, "recorded_at": text,
    }  # fmt: skip
    for row in parse(lines("social.jsonl"))[0]:
        assert {k: type(v) for k, v in row.items()} == social
        assert re.fullmatch(r"t3_\w+", row["link_id"])
        assert row["parent_id"] == row["link_id"] or row["parent_id"].startswith("t1_")
    for line in lines("podcast.jsonl"):
        row = json.loads(line)
        assert {k: type(v) for k, v in row.items()} == podcast
        assert 0 <= row["start_ms"] < row["end_ms"]
    for line in lines("clinical.jsonl"):
        assert {k: type(v) for k, v in json.loads(line).items()} == clinical


def test_an_example_of_every_emotion() -> None:
    named = dict(
        re.findall(
            r"^\| (\w+) \| `(\w+)` \|", (CORPUS / "README.md").read_text("utf-8"), re.MULTILINE
        )
    )
    assert set(named) == set(EMOTIONS.split())
    assert set(named.values()) <= {r["id"] for r in parse(lines("social.jsonl"))[0]}
