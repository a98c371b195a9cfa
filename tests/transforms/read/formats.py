"""How a file of each reader looks, so that one of any size can be written."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

_RANDOM = random.Random(7)
_WORDS = ["so", "glad", "that", "you", "came", "back", "café", "really", "😀", "lost", "my", "dog"]
SHORT = [" ".join(_RANDOM.choices(_WORDS, k=8)) for _ in range(1000)]
_BLOCK = 256  # units written at once
_TABLE_MIB = 1500  # a chunk of a table, 64 MiB, is parsed at once: strings, cells and gold
LONG = [" ".join(_RANDOM.choices(_WORDS, k=2000)) for _ in range(128)]


@dataclass(frozen=True)
class Format:
    """`unit(n, text)`: the n-th native unit, which makes so many `rows`.

    `head`, `joint` (between two units) and `tail`: what is around; `around`: how many units these
    count as, which are skipped. `companions`: other files, by name. `single`: a document is one unit,
    and `unit` a part of it. `most_mib`: the bound on memory.
    """

    reader: str
    name: str
    unit: Callable[[int, str], str]
    head: str = ""
    joint: str = ""
    tail: str = ""
    rows: int = 1
    around: int = 0
    companions: dict[str, str] = field(default_factory=dict)
    single: bool = False
    most_mib: int = 600

    def write(self, folder: Path, size: int, short: int = 0) -> int:
        """A file of about `size` bytes, the first `short` of them in short units; how many units."""
        count = written = 0
        with self.opened(folder) as file:
            while written < size:
                data = self.block(count, SHORT if written < short else LONG)
                file.write(data)
                count, written = count + _BLOCK, written + len(data)
            file.write(self.tail.encode())
        return count

    def write_again(self, folder: Path, size: int) -> None:
        """A file of more than `size` bytes: the same units again and again."""
        data = self.block(_BLOCK, LONG)
        with self.opened(folder) as file:
            file.write(self.block(0, LONG))
            for _ in range(size // len(data)):
                file.write(data)
            file.write(self.tail.encode())

    def write_long(self, folder: Path, size: int) -> None:
        """A file of three units, of which the second has a text of `size` bytes."""
        before, after = self.unit(1, "@@@").split("@@@")
        words = (" ".join(SHORT) + " ").encode()
        with self.opened(folder) as file:
            file.write((self.unit(0, SHORT[0]) + self.joint + before).encode())
            for _ in range(size // len(words) + 1):
                file.write(words)
            file.write((after + self.joint + self.unit(2, SHORT[2]) + self.tail).encode())

    def block(self, first: int, texts: list[str]) -> bytes:
        """So many units, behind others."""
        units = [self.unit(n, texts[n % len(texts)]) for n in range(first, first + _BLOCK)]
        return ((self.joint if first else "") + self.joint.join(units)).encode()

    @contextmanager
    def opened(self, folder: Path) -> Iterator[BinaryIO]:
        """The compressed file, with its head, and its companions beside it."""
        for name, text in self.companions.items():
            (folder / name).write_text(text)
        with (
            (folder / f"{self.name}.zst").open("wb") as raw,
            zstandard.ZstdCompressor(level=1).stream_writer(raw) as file,
        ):
            file.write(self.head.encode())
            yield file


def write_parquet(folder: Path, size: int) -> int:
    """A table of about `size` bytes of text; how many rows."""
    table = pa.table({"id": range(len(LONG)), "text": LONG})
    each = sum(len(text.encode()) for text in LONG)
    with pq.ParquetWriter(folder / "a.parquet", table.schema, compression="zstd") as writer:
        for _ in range(size // each + 1):
            writer.write_table(table)
    return (size // each + 1) * table.num_rows


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _reddit(n: int, text: str) -> str:
    ids = {"id": f"{n:x}", "link_id": f"t3_{n // 9:x}", "parent_id": f"t3_{n // 9:x}"}
    more = {"author": f"u{n % 999}", "created_utc": n, "subreddit": "dogs", "score": 1}
    return _json({**ids, **more, "body": text}) + "\n"


def _topical(n: int, text: str) -> str:
    turns = [
        {"message": said, "agent": agent, "sentiment": "Happy", "knowledge_source": ["FS1"], "turn_rating": ""}
        for agent, said in (("agent_1", text), ("agent_2", "Yes."))
    ]  # fmt: skip
    return f'"t_{n}": ' + _json({"article_url": "u", "config": "A", "content": turns})


def _premo(n: int, text: str) -> str:
    part = {
        "emotions": ["joy"],
        "polarity": "positive",
        "positive_intensity": 3,
        "negative_itensity": 0,
    }
    answers = [{"user_type": kind, "part1": part, "part2": part} for kind in ("a", "b", "c")]
    about = {"message_url": f"https://x.org/pull/{n // 9}#{n}", "project": "p"}
    majority = {"polarity": "positive"}
    return _json(
        {**about, "raw_message": text, "individual_answers": answers, "part1_aggregate": majority}
    )


def _post(n: int, text: str) -> str:
    kind = f'PostTypeId="2" ParentId="{n - n % 9}"' if n % 9 else 'PostTypeId="1"'
    return f'  <row Id="{n}" {kind} Body="&lt;p&gt;{text}&lt;/p&gt;" OwnerUserId="{n % 999}" />\n'


_PEOPLE = "".join(f"{n}\tUser Number {n}\n" for n in range(999))
_COMMENTS = "".join(
    f'  <row Id="{n}" PostId="{n * 7}" Text="yes" UserId="{n % 999}" />\n' for n in range(20_000)
)
_RATINGS = "id,V,A,D\n" + "".join(
    f"s_{n}_{k},3,2,{k + 1}\n" for n in range(5_000) for k in range(4)
)
_ANNOMI = (
    "mi_quality,transcript_id,video_title,video_url,topic,utterance_id,interlocutor,timestamp,"
    "utterance_text,annotator_id,therapist_input_exists,therapist_input_subtype,reflection_exists,"
    "reflection_subtype,question_exists,question_subtype,main_therapist_behaviour,client_talk_type\n"
)
_COUNSEL = "questionID,questionTitle,questionText,topic,therapistInfo,therapistURL,answerText,upvotes,views\n"
_NOTES = "note_id,subject_id,hadm_id,note_type,note_seq,charttime,storetime,text\n"


def _utterance(n: int, text: str) -> str:
    where = f"high,{n // 900},V,u,smoking,{n // 3 % 300},client,00:00:{n % 60:02}"
    return f'{where},"{text}",{n % 3},n/a,n/a,n/a,n/a,n/a,n/a,n/a,change\n'


_EMOTIONS = "anger,disgust,fear,joy,sadness,surprise"
_EDOS = "Count,Index,DialogID,Dialog,Agreed emotion (2/3 vote),Worker 1 answer,Worker 2 answer,Worker 3 answer\n"
_TURNS = "conversationId\tturnNumber\tutteranceId\tutterance\tslot-labels\tintent\n"

STREAMS = (
    Format("jsonl", "a.jsonl", lambda n, text: _json({"id": n, "text": text}) + "\n"),
    Format("reddit", "RC_2012.jsonl", _reddit),
    Format("csv", "a.csv", lambda n, text: f'{n},"{text}"\n', head="id,text\n", around=1, most_mib=_TABLE_MIB),
    Format("tsv", "a.tsv", lambda n, text: f"{n}\t{text}\n", head="id\ttext\n", around=1, most_mib=_TABLE_MIB),
    Format("goemotions", "train.tsv", lambda n, text: f"{text}\t2,14\te{n:x}\n", most_mib=_TABLE_MIB),
    Format("stackexchange", "Posts.xml", _post,
           head='<?xml version="1.0"?>\n<posts>\n', tail="</posts>", around=3,
           companions={"users.tsv": f"Id\tDisplayName\n{_PEOPLE}"}),
    Format("topical_chat", "valid.json", _topical, head="{", joint=",\n", tail="}", rows=2),
    Format("premo", "premo.json", _premo, head="[", joint=",\n", tail="]"),
    Format("brighter", "eng.csv", lambda n, text: f'eng_train_track_a_{n:05},"{text}",1,0,0,1,0,0\n',
           head=f"id,text,{_EMOTIONS}\n", around=1, most_mib=_TABLE_MIB),
    Format("xed", "en-annotated.tsv", lambda _, text: f"{text}\t1, 5\n", most_mib=_TABLE_MIB),
    Format("edos", "edos.csv", lambda n, text: f'{n},0.{n},{n},"{text}\nYes.\n",Joyful,Joyful,Joyful,Sad\n',
           head=_EDOS, rows=2, around=1, most_mib=_TABLE_MIB),
    Format("multidogo", "train.tsv", lambda n, text: f"c{n // 9}\t{n % 9}\tu{n}\t{text}\tO O\tgreet<div>ask\n",
           head=_TURNS, around=1, most_mib=_TABLE_MIB),
    Format("dialogue_cell", "train.csv", lambda n, text: f'aci,D{n},"[doctor] hi .\n[patient] {text}",note\n',
           head="dataset,encounter_id,dialogue,note\n", rows=2, around=1, most_mib=_TABLE_MIB),
    Format("annomi", "annomi.csv", _utterance, head=_ANNOMI, around=1, most_mib=_TABLE_MIB),
    Format("emobank", "emobank.csv", lambda n, text: f's_{n // 4}_{n % 4},train,3.0,2.5,3,"{text}"\n',
           head="id,split,V,A,D,text\n", around=1, most_mib=_TABLE_MIB,
           companions={"individual_reader_ratings.csv": _RATINGS}),
    Format("counseling", "chat.csv", lambda n, text: f'{n},Why {n}?,"{text}",mood,Ann Lee,u/ann-lee,No.,1,2\n',
           head=_COUNSEL, rows=2, around=1, most_mib=_TABLE_MIB),
    Format("notes", "discharge.csv", lambda n, text: f'{n}-DS,{n // 9},1,DS,1,2180-05-07 00:00:00,,"{text}"\n',
           head=_NOTES, around=1, most_mib=_TABLE_MIB),
)  # fmt: skip


# The short form; the tier's own count of intervals is the least that it must have.
_GRID = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n9\n<exists>\n1\n"IntervalTier"\n"Ann"\n0\n9\n1\n'


def _clock(n: int, tail: str = "") -> str:
    return f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}{tail}"


def _whisper(n: int, text: str) -> str:
    return _json({"id": n, "start": n, "end": n + 0.9, "text": f" {text}."})


def _reduct(n: int, text: str) -> str:
    words = [{"word": f"{word} ", "start": n, "end": n + 0.1} for word in text.split()]
    return _json({"speaker_name": f"Ann {n % 2}", "start": n, "end": n + 1, "wdlist": words})


DOCUMENTS = (
    Format("transcript_markdown", "a.md", lambda n, text: f"**Ann Lee {n % 3}:** {text}\n\n", head="# Talk\n\n"),
    Format("transcript_times", "a.txt", lambda n, text: f"Ann Lee ({_clock(n)}) - {text}\n\n"),
    Format("webvtt", "a.vtt", lambda n, text: f"{_clock(n, '.000')} --> {_clock(n, '.900')}\n<v {n % 2}>{text}\n\n",
           head="WEBVTT\n\n"),
    Format("srt", "a.srt", lambda n, text: f"{n + 1}\n{_clock(n, ',000')} --> {_clock(n, ',900')}\n{text}\n\n"),
    Format("whisper", "a.json", _whisper, head='{"text": "", "segments": [', joint=",", tail="]}"),
    Format("word_times", "a.json", _reduct, head='{"segments": [', joint=",", tail="]}"),
    Format("textgrid", "a.TextGrid", lambda n, text: f'{n}\n{n + 1}\n"{text}"\n', head=_GRID),
    Format("clinical_note_json", "a.json", lambda _, text: f"{text} ",
           head='{"presenting_complaint": "Cough", "note": "', tail='"}', single=True),
)  # fmt: skip
