"""Counters of the real corpora, independent of our readers: csv, json, regular expressions, at most 15 lines each.

Each gives native units, records, conversations and speakers of one corpus of benchmarks/real_corpora.yaml.
"""

import csv
import html
import io
import json
import re
import tarfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import zstandard

csv.field_size_limit(1 << 30)


class Count(NamedTuple):
    """What a corpus holds: native units that are used, and of which `skipped` (reason, count) are not."""

    used: int
    records: int
    conversations: int
    speakers: int
    skipped: dict[str, int]
    quarantined: int = 0


def content(path: Path) -> bytes:
    reader = zstandard.ZstdDecompressor().stream_reader(path.open("rb"), read_across_frames=True)
    return reader.read() if path.suffix == ".zst" else path.read_bytes()


def table(data: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter)]


def members(path: Path, suffix: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(content(path))) as archive:
        for member in archive.getmembers():
            if member.isfile() and member.name.endswith(suffix):
                file = archive.extractfile(member)
                assert file is not None
                yield member.name, file.read()


def goemotions(data: Path) -> Count:
    folder = data / "social/goemotions"
    rows = sum(content(folder / f"{split}.tsv.zst").count(b"\n") for split in ("train", "dev"))
    return Count(rows, rows, 0, 0, {})


def brighter(data: Path) -> Count:
    files = [table(text) for _, text in members(data / "social/brighter.tar.zst", ".csv")]
    rows = sum(map(len, files))
    return Count(rows, rows, 0, 0, {"header": len(files)})


def premo(data: Path) -> Count:
    messages = json.loads(content(data / "social/premo_github_pr.json.zst"))
    threads = {message["message_url"].split("#")[0] for message in messages}
    return Count(len(messages), len(messages), len(threads), 0, {})


def bicycles_meta(data: Path) -> Count:
    """Wiki pages of tags are no posts; six lines are the declaration and the root of each file."""
    folder = data / "social/stackexchange_bicycles_meta"
    lines = [content(folder / f"{name}.xml.zst").splitlines() for name in ("Posts", "Comments")]
    posts, comments = ([ET.fromstring(x).attrib for x in each if b"<row" in x] for each in lines)
    wiki = [post for post in posts if post["PostTypeId"] not in ("1", "2")]
    posts = [post for post in posts if post["PostTypeId"] in ("1", "2")]
    users = {post.get("OwnerUserId", post.get("OwnerDisplayName")) for post in posts}
    users |= {comment.get("UserId", comment.get("UserDisplayName")) for comment in comments}
    rows, threads = len(posts) + len(comments), sum(post["PostTypeId"] == "1" for post in posts)
    markup = sum(b"<row" not in line for each in lines for line in each)
    return Count(
        rows, rows, threads, len(users - {None}), {"xml_markup": markup, "wiki": len(wiki)}
    )


def emobank(data: Path) -> Count:
    rows = len(table(content(data / "gold/emobank/emobank_train_dev.csv.zst")))
    return Count(rows, rows, 0, 0, {"header": 1})


def xed(data: Path) -> Count:
    """A line is text and ids of emotions. Where a quote was left open, lines of another table follow: no records."""
    lines, ragged, header = 0, 0, 0
    for file in [*(data / "gold/xed").rglob("*.zst")]:
        for line in content(file).decode().removesuffix("\n").split("\n"):
            lines += 1
            header += line.rstrip("\r") == "phrase\temotion"
            if not file.name.startswith("neu_"):
                ragged += not re.fullmatch(r"[^\t]*\t *[1-8](?:, ?[1-8])*,? *\r?", line)
    ragged -= header
    rows = lines - ragged - header
    return Count(rows, rows, 0, 0, {"header": header}, ragged)


def edos(data: Path) -> Count:
    rows = table(content(data / "conversation/edos_mturk_groundtruth.csv.zst"))
    turns = sum(bool(line.strip()) for row in rows for line in row["Dialog"].split("\n"))
    return Count(len(rows), turns, len(rows), 0, {"header": 1})


def topical_chat(data: Path) -> Count:
    files = [*(data / "conversation/topical_chat").glob("*.json.zst")]
    dialogues = [each for file in files for each in json.loads(content(file)).values()]
    turns = sum(len(dialogue["content"]) for dialogue in dialogues)
    agents = sum(len({turn["agent"] for turn in each["content"]}) for each in dialogues)
    return Count(len(dialogues), turns, len(dialogues), agents, {})


def multidogo(data: Path) -> Count:
    files = members(data / "conversation/multidogo_turn_level.tar.zst", ".tsv")
    tables = [table(text, "\t") for _, text in files]
    rows = [row for each in tables for row in each]
    talks = len({row["conversationId"] for row in rows})
    return Count(len(rows), len(rows), talks, talks, {"header": len(tables)})


PAUSE = "Break|Jingle|Sample|Outro|Intro|Promo|Song|Song sample|Pile-on Song|.* Intro|.* extract|Clip .*"
MARK = (
    r"(?:# )?\*\*([^*\n]+?): ?\*\*|\*\*(Break|Jingle|Outro|Intro|Song)\*\* ?:"
    r"|(Break|Outro|Adam Stacoviak|Emma Bostian): "
)
SOUND = r"\[(?:laugh\w*|unintelligible[\d:. ]*|applause|whistling|playing the guitar[\d:. ]*)\]"


def changelog(data: Path) -> Count:
    """Blocks by their marks; a break, a clip of sound and a block of marks alone are no turns."""
    skipped, speakers, units, episodes = Counter[str](), set[str](), 0, 0
    for _, text in members(data / "podcast/changelog.tar.zst", ".md"):
        starts = [*re.finditer(rf"(?m)^(?:{MARK})", text.decode())]
        ends = [start.start() for start in starts[1:]] + [None]
        episodes, units = episodes + 1, units + len(starts)
        for start, end in zip(starts, ends, strict=True):
            body = text.decode()[start.end() : end].replace("\\", "")
            bare = re.sub(r"\[[\d:.]+\]|\bto\b|-", "", body).strip()
            if re.fullmatch(PAUSE, start[start.lastindex]):
                skipped["clip" if bare else "break"] += 1
            elif re.sub(SOUND, "", bare).strip():
                speakers.add(start[start.lastindex].split(",")[0].split(":")[0])  # no titles
            else:
                skipped["nonspeech" if bare else "empty"] += 1
    used = units - skipped.total()
    return Count(used, used, episodes, len(speakers), skipped)


NAMED = r"(?m)^(\S.*?) \((?:\d\d:)?\d\d:\d\d\)(?::| -)"
BARE = r"(?m)^((?:[A-Z]\w+ ){1,2}?[A-Z]\w+):$"  # the times were taken out of two texts


def metamuse(data: Path) -> Count:
    """Turns of texts, cues of captions (a turn is what one voice says on end), segments of word times."""
    units, turns, people, skipped = 0, 0, set[object](), Counter[str]()
    files = [*members(data / "podcast/metamuse.tar.zst", "")]
    for name, raw in files:
        said, voices = spoken(name, raw.decode("utf-8-sig").replace("\r\n", "\n"), skipped)
        units, turns = units + said, turns + len(voices)
        # Numbers are voices of their file, names are people.
        people |= {(name, who) if re.search(r"\d", who) else who for who in voices}
    return Count(units - skipped.total(), turns, len(files), len(people), skipped)


def spoken(name: str, text: str, skipped: Counter[str]) -> tuple[int, list[str]]:
    """Native units of a file, and who speaks in each turn with words."""
    if name.endswith(".vtt"):
        return text.count(" --> "), [who for who, _ in groupby(re.findall(r"<v (\d+)>", text))]
    if name.endswith(".json"):
        segments = json.loads(text)["segments"]
        words = ["".join(word["word"] for word in each["wdlist"]) for each in segments]
        skipped["nonspeech"] += sum(not re.sub(r"<\w+>|\W", "", each) for each in words)
        return len(segments), [
            each["speaker_name"]
            for each, said in zip(segments, words, strict=True)
            if re.sub(r"<\w+>|\W", "", said)
        ]
    pattern = NAMED if re.search(NAMED, text) else BARE
    _, *parts = re.split(pattern, text)
    blocks = [*zip(parts[::2], parts[1::2], strict=True)]
    skipped["empty"] += sum(not said.strip() for _, said in blocks)
    bare = [
        (who, re.sub(r"\[[a-z]+ [\d:]+\]|<\w+>|\[inaudible\]", "", said)) for who, said in blocks
    ]
    skipped["nonspeech"] += sum(bool(said.strip()) for _, said in blocks)
    voices = [who for who, said in bare if re.search(r"\w", said)]
    skipped["nonspeech"] -= len(voices)
    return len(blocks), voices


def annomi(data: Path) -> Count:
    rows = table(content(data / "clinical/annomi_full.csv.zst"))
    utterances = {(row["transcript_id"], row["utterance_id"]) for row in rows}
    people = {(row["transcript_id"], row["interlocutor"]) for row in rows}
    talks = {row["transcript_id"] for row in rows}
    return Count(len(rows), len(utterances), len(talks), len(people), {"header": 1})


def primock57(data: Path) -> Count:
    """Intervals with words, and a note for each talk."""
    path = data / "clinical/primock57.tar.zst"
    notes = sum(1 for _ in members(path, ".json"))
    grids = [text.decode() for _, text in members(path, ".TextGrid")]
    said = [each for text in grids for each in re.findall(r'text = "((?:[^"]|"")*)"', text)]
    silent = sum(not each.strip() for each in said)
    marks = sum(not re.sub(r"<[^>]*>|\W", "", each) for each in said) - silent
    used = len(said) - silent - marks + notes
    skipped = {"silence": silent, "nonspeech": marks}
    return Count(used, used, len(grids) // 2, len(grids), skipped)


SPEAKER = r"(?m)\[(doctor|patient|patient_guest)\]|^ *(\w+_?\w*):|^(Guest_family)\.|(?<=[.?] )(Doctor|Patient): "


def role(label: str) -> str:
    """Some labels are misspelt (Docotr, Gest_family): their letters tell enough."""
    return re.sub("[^dp_fc0-9]", "", label.lower())


def dialogues(folder: Path) -> Count:
    """Marks of speakers with words behind them, in cells."""
    files = [table(content(file)) for file in folder.rglob("*.csv.zst")]
    cells = [row["dialogue"] for each in files for row in each]
    turns = speakers = 0
    for cell in cells:
        starts = [*re.finditer(SPEAKER, cell)]
        ends = [start.start() for start in starts[1:]] + [None]
        spoken = [
            s for s, end in zip(starts, ends, strict=True) if re.search(r"\w", cell[s.end() : end])
        ]
        turns += len(spoken)
        speakers += len({role(start[start.lastindex]) for start in spoken})
    return Count(len(cells), turns, len(cells), speakers, {"header": len(files)})


def aci_bench(data: Path) -> Count:
    return dialogues(data / "clinical/aci_bench")


def mts_dialog(data: Path) -> Count:
    return dialogues(data / "clinical/mts_dialog")


def counsel_chat(data: Path) -> Count:
    """An id may stand for two questions, and a question have two ids: a question is what it says."""
    rows = table(content(data / "clinical/counsel_chat_20200325.csv.zst"))
    questions = {(row["questionTitle"].strip(), row["questionText"].strip()) for row in rows}
    answers = {
        (
            row["questionTitle"].strip(),
            row["questionText"].strip(),
            row["therapistURL"],
            row["answerText"],
        )
        for row in rows
    }
    therapists = {re.sub(r"-\d+$", "", row["therapistURL"].lower()) for row in rows}
    return Count(
        len(rows), len(questions) + len(answers), len(questions), len(therapists), {"header": 1}
    )


LINK = r"\w+://\S+|www\.\S+"
NOTICE = r"(?:Your|This) (?:comment|submission) (?:has been|was) removed for "


def dropped(data: Path) -> dict[str, int]:
    """Rows with nothing to label: notices of moderators, links and pictures alone, marks alone, no text."""
    reddit = [content(data / f"social/goemotions/{split}.tsv.zst") for split in ("train", "dev")]
    folder = data / "social/stackexchange_bicycles_meta"
    dump = [content(folder / f"{name}.xml.zst").splitlines() for name in ("Posts", "Comments")]
    posts, comments = ([ET.fromstring(x).attrib for x in each if b"<row" in x] for each in dump)
    texts = [x.get("Title", "") + x["Body"] for x in posts if x["PostTypeId"] in ("1", "2")]
    texts += [comment["Text"] for comment in comments]
    bare = [re.sub(LINK, "", html.unescape(re.sub("<[^>]*>", "", text))) for text in texts]
    marks = r"\[(?:clears throat|chuckles|sighs|(?:unintelligible|inaudible)[\d: ]*)\]|\W"
    talks = table(content(data / "clinical/annomi_full.csv.zst"))
    said = {(x["transcript_id"], x["utterance_id"]): x["utterance_text"] for x in talks}
    chats = [t for _, t in members(data / "conversation/multidogo_turn_level.tar.zst", ".tsv")]
    subtitles = [content(file).decode() for file in (data / "gold/xed").rglob("*.tsv.zst")]
    return {
        "goemotions": sum(len(re.findall(f"(?m)^{NOTICE}", text.decode())) for text in reddit),
        "bicycles_meta": sum(not re.search(r"\w", text) for text in bare),
        "annomi": sum(not re.sub(marks, "", text) for text in said.values()),
        "multidogo": sum(not x["utterance"].strip() for t in chats for x in table(t, "\t")),
        "xed": sum(len(re.findall(r"(?m)^\s*\t[1-8]", text)) for text in subtitles),
    }
