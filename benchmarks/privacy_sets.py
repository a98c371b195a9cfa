"""Texts with known identifiers, for `privacy.py`: each set is found by a reader and a finder of its own.

None of these uses the readers or the rules of the package: they are what those are measured against.

- **generated**: templates with fields (`tests/transforms/clean/planted*.py`), hard negatives among them.
- **multidogo**: slot labels of the customers' turns. A slot is an identifier by our definition where the text
  says what it is ("account number 5792", ten digits for a phone, a house number of two to five digits and a
  street). Not so, and left out of recall: values given alone in answer to a question that the set does not hold
  ("5792", "mathew hayden"), e-mail addresses that lost their @ and dot in the set ("kavingmailcom"), cities,
  bare postal codes and those of more than six digits, passwords. The text is all small and without punctuation.
  Slots are incomplete ("my name is mani" is now and then unlabeled, agents' names always): for precision, what
  follows "name is" or "mr" counts as a name, and any personal slot as right for any kind.
- **changelog, metamuse**: the words of the speakers' names, written large, in the turns of their episode. A word
  that the corpus writes small as well ("will", "mark") counts only inside a sentence, not after "the" or "a".
  Precision is of the names of hints, and looser than an eye: a speaker's word written large counts as right.
- **stackexchange**: full display names of those who wrote in a thread, as written, in its posts and comments;
  names of one small word that is also a word of the corpus are left out: nobody can tell. Recall only.
- **clinical**: Dr/Mr/Mrs/Ms and a name, numeric and "Month day" dates, ages over 89, in ACI-Bench, MTS-Dialog and
  PriMock57. These finders are narrow, so they give recall only.
"""

import csv
import html
import io
import random
import re
import sys
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

csv.field_size_limit(sys.maxsize)

Span = tuple[str, int, int]


@dataclass(slots=True)
class Case:
    """A text; what must be found in it; and, where known, all that may be (for precision)."""

    text: str
    gold: list[Span]
    names: tuple[str, ...] = ()
    allowed: list[tuple[int, int]] | None = field(default=None)


def unpacked(path: Path) -> str:
    return zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read().decode()


def archived(path: Path, ending: str) -> Iterator[tuple[str, str]]:
    raw = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.endswith(ending) else None
            if stream:
                yield member.name, stream.read().decode("utf-8-sig")


def generated(rows: int, *, safe_harbor: bool) -> list[Case]:
    from tests.transforms.clean import planted, planted_words

    rng = random.Random(20260302)
    made = [planted_words.planted(rng, safe_harbor=safe_harbor) for _ in range(rows)]
    if not safe_harbor:
        made += [planted.planted(rng) for _ in range(rows)]
    return [Case(text, gold, (), [span[1:] for span in gold]) for text, gold in made]


_TOLD = {
    "ssn": ("ssn", r"ssn|social(?: security)?(?: number| no)?"),
    "account_number": ("id", r"acc(?:oun)?t? (?:number|no)|ac no|acc no"),
    "booking_confirmation_number": ("id", r"(?:confirmation|booking) (?:number|no|code)"),
    "policyid": ("id", r"policy (?:number|no|id)"),
    "claimid": ("id", r"claim (?:number|no|id)"),
    "card_number": ("card", r"card (?:number|no)|cc number"),
    "name": ("name", r"my name is|my name s"),
    "current_zipcode": ("zip", r"zip ?codes?|zip"),
    "new_zipcode": ("zip", r"zip ?codes?|zip"),
}
_PERSONAL = {*_TOLD, "address", "phone_number", "phonenumber", "email_address", "username", "password", "company_name",
             "current_city", "new_city", "target_account_number", "item_code", "MISMATCH"}  # fmt: skip
_STREET = re.compile(
    r"(?<!\d )\b\d{2,5} (?:[a-z]+ ){1,3}?(?:street|road|avenue|lane|boulevard|highway)\b|\bpo box \d"
)


def multidogo(data: Path) -> list[Case]:
    cases = []
    for _, table in archived(data / "conversation/multidogo_turn_level.tar.zst", ".tsv"):
        for row in csv.DictReader(io.StringIO(table), delimiter="\t"):
            words, labels = (
                (row["utterance"] or "").split(" "),
                (row["slot-labels"] or "").split(" "),
            )
            if len(words) == len(labels):
                cases.append(_slots(words, labels))
    return cases


def _slots(words: list[str], labels: list[str]) -> Case:
    text, gold, allowed, at, start = " ".join(words), list[Span](), list[tuple[int, int]](), 0, 0
    while at < len(words):
        after = at + 1
        while after < len(words) and labels[after] == labels[at]:
            after += 1
        end = start + len(" ".join(words[at:after]))
        value, before = text[start:end], text[:start]
        if labels[at] in _PERSONAL:
            allowed.append((start, end))
        if labels[at] in _TOLD:
            kind, label = _TOLD[labels[at]]
            told = re.search(rf"\b(?:{label})(?: (?:is|was|its|it is))*\s*$", before)
            shape = (
                r"\d{5,6}" if kind == "zip" else r"[\w ]+" if kind == "name" else r"[\w ]*\d[\w ]*"
            )
            if told and re.fullmatch(shape, value):
                gold.append((kind, start, end))
        elif labels[at].startswith("phone") and re.fullmatch(r"[2-9]\d{2} ?\d{3} ?\d{4}", value):
            if re.search(r"\b(?:phone|contact|mobile|ph)\b(?: (?:number|no|is|my))*\s*$", before):
                gold.append(("phone", start, end))
        elif labels[at] == "address" and (street := _STREET.search(value)):
            gold.append(("address", start + street.start(), start + street.end()))
        at, start = after, end + 1
    # Slots hold customers' answers; names given unasked and the agents' are not annotated.
    allowed += [m.span(1) for m in re.finditer(r"\bname is ((?:\w+ ?){1,3})", text)]
    allowed += [m.span(1) for m in re.finditer(r"\b(?:mr|ms|mrs) (\w+)", text)]
    return Case(text, gold, (), allowed)


def changelog(data: Path) -> list[Case]:
    files = archived(data / "podcast/changelog.tar.zst", ".md")
    turn = re.compile(r"^\*\*(.+?):\*\*\s*(.*(?:\n(?!\*\*).*)*)", re.MULTILINE)
    return _said([turn.findall(text) for _, text in files])


def metamuse(data: Path) -> list[Case]:
    files = archived(data / "podcast/metamuse.tar.zst", ".txt")
    turn = re.compile(
        r"^([A-Z][\w.'-]+(?: [A-Z][\w.'-]+)+) \((?:\d+:)?\d+:\d+\)(?: -|:)\s*(.*(?:\n(?![A-Z].*\(\d+:\d+).*)*)",
        re.MULTILINE,
    )
    return _said([turn.findall(text) for _, text in files])


_NOBODY = {"Break", "Jingle", "Announcer", "Guest", "Host", "You", "Both", "All", "The", "And", "Commercial", "Friends",
           "Song", "Clip", "Voice", "Speaker", "Ad", "Man", "Woman", "Doctor", "Caller", "Crowd", "Audience",
           "Everyone", "Computer", "Narrator", "Interviewer"}  # fmt: skip


def _said(episodes: list[list[tuple[str, str]]]) -> list[Case]:
    small = Counter(
        word
        for turns in episodes
        for _, text in turns
        for word in re.findall(r"\b[a-z]{3,}\b", text)
    )
    large = Counter(
        word
        for turns in episodes
        for _, text in turns
        for word in re.findall(r"\b[A-Z][a-z]{2,}\b", text)
    )
    cases = []
    for turns in episodes:
        speakers = tuple(sorted({name for name, _ in turns}))
        words = {
            word for name in speakers for word in re.findall(r"\b[A-Z][\w'’]{2,}", name)
        } - _NOBODY
        pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, words)) or '(?!)'})(?!\w)")
        for _, text in turns:
            gold = []
            for found in pattern.finditer(text):
                both = small[found.group().lower()] > large[found.group()] / 10
                begins = re.search(
                    r"(?:^|[.!?…:\"“(*-]\s*|\b(?:the|a|an)\s)$",
                    text[: found.start()],
                    re.IGNORECASE,
                )
                if not (both and begins):
                    gold.append(("name", *found.span()))
            cases.append(Case(text, gold, speakers, [m.span() for m in pattern.finditer(text)]))
    return cases


def stackexchange(data: Path) -> list[Case]:
    folder = data / "social/stackexchange_bicycles_meta"
    users = dict(
        line.split("\t", 1)
        for line in unpacked(folder / "users_min.tsv.zst").splitlines()
        if "\t" in line
    )
    attribute = re.compile(r' (\w+)="([^"]*)"')
    posts = [
        dict(attribute.findall(line)) for line in unpacked(folder / "Posts.xml.zst").splitlines()
    ]
    comments = [
        dict(attribute.findall(line)) for line in unpacked(folder / "Comments.xml.zst").splitlines()
    ]
    thread = {post["Id"]: post.get("ParentId", post["Id"]) for post in posts if "Id" in post}
    rows = [
        (thread[p["Id"]], p.get("OwnerUserId"), re.sub("<[^>]+>", " ", html.unescape(p["Body"])))
        for p in posts
        if "Id" in p
    ]
    rows += [
        (thread.get(c["PostId"], c["PostId"]), c.get("UserId"), html.unescape(c["Text"]))
        for c in comments
        if "Text" in c
    ]
    wrote = defaultdict(set)
    for place, user, _ in rows:
        if user in users and user != "-1":
            wrote[place].add(users[user])
    small = Counter(word for _, _, text in rows for word in re.findall(r"\b[a-z]+\b", text))
    cases = []
    for place, _, text in rows:
        names = tuple(sorted(wrote[place]))
        clear = [
            name
            for name in names
            if len(name) > 3 and not (name.lower() in small and small[name.lower()] > 5)
        ]
        gold = [
            ("name", *found.span())
            for name in clear
            for found in re.finditer(rf"(?<![\w@]){re.escape(name)}(?!\w)", text)
        ]
        cases.append(Case(text, gold, names))
    return cases


_PERSON = re.compile(r"\b(?:Dr|Mr|Mrs|Ms)\. ([A-Z][a-z]+)\b")
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = re.compile(
    rf"\b\d{{1,2}}/\d{{1,2}}/\d{{2,4}}\b|\b(?:{_MONTHS}) \d{{1,2}}(?:st|nd|rd|th)?(?:, \d{{4}})?\b",
    re.IGNORECASE,
)
_OLD = re.compile(r"\b(9\d|1[01]\d)[- ]years?[- ](?:old|of age)")


def clinical(data: Path) -> list[Case]:
    texts = []
    for path in sorted((data / "clinical/aci_bench").glob("*.csv.zst")) + sorted(
        (data / "clinical/mts_dialog").glob("*.zst")
    ):
        for row in csv.DictReader(io.StringIO(unpacked(path))):
            texts += [row.get("dialogue") or "", row.get("note") or row.get("section_text") or ""]
    for _, grid in archived(data / "clinical/primock57.tar.zst", ".TextGrid"):
        texts += re.findall(r'text = "(.*)"', grid)
    return [
        Case(
            text,
            [("name", *m.span(1)) for m in _PERSON.finditer(text)]
            + [("date", *m.span()) for m in _DATE.finditer(text)]
            + [("age", *m.span(1)) for m in _OLD.finditer(text)],
        )
        for text in texts
    ]
