"""The page of one conversation over a small published lake: what it shows, where, and that nothing on it can run."""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from jobs.cli import run_command
from jobs.report.conversation import write_conversation
from pipelines.lake.lake import create_lake
from schemas.errors import ConfigError, MissingExtraError, TerminalError
from tests.jobs.report.conversation_lake import Row, key, label, made_lake, scores, turn

EVIL = (
    "</style></script><script>alert(1)</script><img src=x onerror=alert(2)> \" onload='x' <b>&amp;"
)
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """All elements with their attributes, and the words of each turn by its id ('' outside turns)."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[tuple[str, str]] = []
        self._open: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self._open == []  # every element is closed: nothing broke out of its place

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            inside = self._open[-1][1] if self._open else ""
            own = dict(attrs).get("id") or ""
            self._open.append((tag, own if re.fullmatch(r"t\d+", own) else inside))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        inside = [tag for tag, _ in self._open]
        if data.strip() and "style" not in inside:
            self.words.append((self._open[-1][1] if self._open else "", data))

    def turn(self, number: int) -> str:
        return "".join(words for where, words in self.words if where == f"t{number}")

    @property
    def outside(self) -> str:
        return "".join(words for where, words in self.words if not where)

    def named(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.elements if name == tag)


def page(folder: Path, clean: list[Row], labels: list[Row] = [], wanted: str = "talk") -> Page:  # noqa: B006
    lake = made_lake(folder, clean, labels)
    return Page(write_conversation(lake, key(wanted), folder / "page.html").read_text())


def test_turns_stand_in_the_order_of_windows(tmp_path: Path) -> None:
    """By number, then by time in the recording; a reply after what is no reply; without any place last."""
    clean = [
        turn("reply", turn=None, start_ms=5_000, reply_to=key("one")),
        turn("timed", turn=None, start_ms=5_000),
        turn("two", turn=2, start_ms=1),
        turn("one", turn=1, start_ms=9_999_000),
        turn("other", conversation_id=key("another talk")),
    ]
    found = page(tmp_path, clean)
    assert [
        f"text of {name}" in found.turn(n)
        for n, name in enumerate(["one", "two", "timed", "reply"], 1)
    ] == [True] * 4
    assert found.turn(5) == ""
    assert "2:46:39" in found.turn(1)  # 9,999 s = 2 h + 46 min + 39 s
    assert "0:05" in found.turn(3)
    assert {"href": "#t1"} in list(found.named("a"))
    assert "text of other" not in found.outside


def test_dropped_rows_are_a_line_with_the_reason_and_take_no_number(tmp_path: Path) -> None:
    gone = turn("b", turn=2, outcome="dropped", reason="bot", text_clean="SECRET")
    found = page(tmp_path, [turn("a", turn=1), gone, turn("c", turn=3)])
    assert "text of c" in found.turn(2)
    assert "Dropped, host: bot" in found.outside
    assert not any("SECRET" in words for _, words in found.words)
    assert "1 dropped" in found.outside


def test_speakers_have_letter_shape_color_and_a_short_pseudonym(tmp_path: Path) -> None:
    clean = [
        turn("a", turn=1),
        turn("b", turn=2, speaker=key("speaker b"), role="guest"),
        turn("c", turn=3),
        turn("d", turn=4, speaker=None, role="guest"),
    ]
    found = page(tmp_path, clean)
    a, b = key("speaker a"), key("speaker b")
    assert [re.sub(r"\s", "", found.turn(n))[:3] for n in (1, 2, 3, 4)] == [
        "1●A",
        "2■B",
        "3●A",
        "4▲C",
    ]
    assert a[:6] in found.turn(1)
    assert b[:6] in found.turn(2)
    assert all(each not in words for each in (a, b) for _, words in found.words)
    assert "unknown speaker (guest)" in found.outside
    classes = [attributes["class"] for attributes in found.named("section")]
    assert classes == ["turn h0", "turn h1", "turn h0", "turn h2"]


def test_labels_of_each_labeler_with_bars_and_why_there_is_none(tmp_path: Path) -> None:
    a, b = turn("a", turn=1), turn("b", turn=2)
    labels = [
        label(a, "emotion", "ekman", labels=["joy"], scores=scores(anger=0.3, joy=0.62, fear=0.08)),
        label(a, "emotion", "ekman", "other", labels=["fear"]),
        label(b, "emotion", "ekman", status="rejected", reason="language:ja"),
        label(b, "emotion", "ekman", "other", status="failed", reason="timeout"),
        label(b, "toxicity", "perspective", labels=[]),
    ]
    found = page(tmp_path, [a, b], labels)
    assert "emotion · ekman · student" in found.turn(1)
    assert "joy0.62" in found.turn(1)
    assert (
        found.turn(1).index("joy0.62")
        < found.turn(1).index("anger0.30")
        < found.turn(1).index("fear0.08")
    )
    assert [attributes["style"] for attributes in found.named("i")] == [
        "width:62%",
        "width:30%",
        "width:8%",
    ]
    # Labelers by name: other gave fear without a probability, student gave joy of three.
    bars = [a["class"] for a in found.named("div") if a.get("class") in ("b", "b y")]
    assert bars == ["b y", "b y", "b", "b"]
    assert "rejected (language:ja)" in found.turn(2)
    assert "failed (timeout)" in found.turn(2)
    assert "none applies" in found.turn(2)


def test_numbers_are_drawn_on_their_scale(tmp_path: Path) -> None:
    a = turn("a", turn=1)
    labels = [
        label(a, "vad", "vad", answer={"valence": 0.75, "arousal": 0.2, "dominance": 0.5}),
        label(a, "empathy", "epitome", "m", answer={
            "emotional_reactions": 2, "interpretations": 1, "explorations": 0, "concern": 5.5}),
    ]  # fmt: skip
    found = page(tmp_path, [a], labels)
    assert "valence0.75" in found.turn(1)
    assert "emotional_reactions2 of 2" in found.turn(1)
    assert "concern: 5.5" in found.turn(1)
    # Of 0 to 2: 2 is all of the bar, 1 half of it, 0 none; of 0 to 1: .75, .2 and .5 of it.
    assert sorted(a["style"] or "" for a in found.named("i")) == sorted(
        ["width:100%", "width:50%", "width:75%", "width:20%", "width:50%"]
    )
    assert "+0.50" in found.outside  # valence of vad: 2 x 0.75 - 1


def test_spans_of_answers_are_marked_in_place_also_where_they_overlap(tmp_path: Path) -> None:
    first = turn("a", turn=1, text_clean="😀 I lost my job on Monday.")
    second = turn(
        "b", turn=2, text_clean="You lost it. Have you told her?", speaker=key("speaker b")
    )

    def span(row: Row, words: str) -> Row:
        start = row["text_clean"].index(words)
        return {"record_id": row["record_id"], "start": start, "end": start + len(words)}

    labels = [
        label(second, "support_strategy", "esconv_strategies", "m", labels=["Question"], answer={"strategies": [
            {"strategy": "Question", "span": span(second, "Have you told her?")},
            {"strategy": "Information", "span": span(second, "lost it. Have")},
        ]}),
        label(second, "emotion_cause", "reccon_causes", "m", labels=["hybrid"], answer={"emotion": "fear", "causes": [
            {"turn": {"record_id": first["record_id"], "back": 1}, "span": span(first, "lost my job"),
             "type": "hybrid"},
        ]}),
    ]  # fmt: skip
    lake = made_lake(tmp_path, [first, second], labels)
    text = write_conversation(lake, key("talk"), tmp_path / "page.html").read_text()
    marked = re.findall(r"<sup>(\d)</sup>(?=<mark)|<mark[^>]*>([^<]*)</mark>", text)
    assert [a or b for a, b in marked] == [
        "1", "lost my job",  # of the first turn, though the second was asked about
        "1", "lost it. ", "2", "Have", " you told her?",
    ]  # fmt: skip
    found = Page(text)
    assert "hybrid, for turn 2 (fear) · emotion_cause · reccon_causes · m" in found.turn(1)
    assert found.turn(2).index("Information · support") < found.turn(2).index("Question · support")
    assert found.turn(2).count("lost it. ") == 1


def test_cues_stand_beside_their_turn(tmp_path: Path) -> None:
    cues = [
        {"channel": "voice", "value": "trembling", "start_ms": 61_000, "end_ms": 62_000},
        {"channel": "face", "value": "tears", "start_ms": None, "end_ms": None},
    ]
    found = page(tmp_path, [turn("a", turn=1, cues=cues), turn("b", turn=2)])
    assert "voice trembling 1:01" in found.turn(1)
    assert "face tears" in found.turn(1)
    assert "tears" not in found.turn(2)


def test_what_people_said_stands_beside_it(tmp_path: Path) -> None:
    """Three people about two labels, one about a number; gold and annotations count together."""
    asked = {"task": "emotion", "taxonomy": "ekman", "label_set": None, "value": None}
    vad = {"task": "vad", "taxonomy": "vad", "label_set": "valence", "labels": None}
    gold = [
        asked | {"annotator": key("p"), "labels": ["joy"]},
        asked | {"annotator": key("q"), "labels": ["joy", "surprise"]},
        vad | {"annotator": key("p"), "value": 3.0},
        vad | {"annotator": key("q"), "value": 4.0},
    ]
    row = turn("a", turn=1, gold=gold)
    columns = ("record_id", "corpus", "domain", "partition", "conversation_id")
    annotation = (
        {name: row[name] for name in columns} | asked | {"labels": [], "label_set": "anger joy"}
    )
    lake = made_lake(tmp_path, [row], annotations=[annotation])
    found = Page(write_conversation(lake, key("talk"), tmp_path / "page.html").read_text())
    words = found.turn(1)
    # Of surprise, two of the three were asked.
    assert "peoplejoy2 of 3surprise1 of 2none applies1 of 3" in words
    assert "valence: 3.5 (mean of 2)" in words
    widths = [attributes["style"] for attributes in found.named("i")]
    assert widths == ["width:67%", "width:50%", "width:33%"]
    bars = [a["class"] for a in found.named("div") if a.get("class") in ("b", "b y")]
    assert bars == ["b y", "b", "b"]  # what most of them said
    assert not any(key("p")[:6] in text for _, text in found.words)


@pytest.mark.parametrize("domain", ["clinical", "social"])
def test_it_says_whose_words_they_are_and_that_redaction_is_not_perfect(
    tmp_path: Path, domain: str
) -> None:
    found = page(tmp_path, [turn("a", turn=1, domain=domain)])
    head = found.outside
    assert "Redaction is not perfect" in head
    assert ("patients or clients" in head) == (domain == "clinical")
    assert "text of a" in found.turn(1)
    assert head.index("Redaction") < head.index("Turns")


def test_nothing_on_the_page_can_run_or_load(tmp_path: Path) -> None:
    cue = {"channel": EVIL, "value": EVIL, "start_ms": 1, "end_ms": 2}
    clean = [
        turn(
            f"{n}",
            turn=n,
            text_clean=EVIL,
            speaker=EVIL if n % 2 else key("b"),
            role=EVIL,
            cues=[cue],
        )
        for n in range(12)
    ]
    clean += [turn("dropped", turn=20, outcome="dropped", reason=EVIL, role=EVIL)]
    whole = {"record_id": clean[0]["record_id"], "start": 0, "end": 30}
    part = whole | {"start": 10, "end": 200}
    labels = [
        label(
            row,
            "emotion",
            "ekman",
            labels=[EVIL],
            scores=[*scores(joy=0.5), {"label": EVIL, "probability": 0.4}],
        )
        for row in clean[:11]
    ]
    labels += [
        label(clean[11], "emotion", "ekman", status="failed", reason=EVIL),
        label(clean[0], "support_strategy", "esconv_strategies", "m", labels=[EVIL], answer={"strategies": [
            {"strategy": EVIL, "span": whole}, {"strategy": EVIL, "span": part}]}),
        label(clean[0], "open_emotion", "leia", "m", labels=[EVIL]),
    ]  # fmt: skip
    for row in clean:
        row["corpus"] = "<script>"
    for row in labels:
        row["corpus"] = "<script>"
    found = page(tmp_path, clean, labels)
    tags = {tag for tag, _ in found.elements}
    assert not tags & {
        "script",
        "img",
        "iframe",
        "object",
        "embed",
        "link",
        "base",
        "form",
        "a:href",
        "image",
        "use",
    }
    for tag, attributes in found.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "src", "xlink:href", "action", "formaction"):
                assert re.fullmatch(r"#t\d+", value or ""), (tag, name, value)
            if name == "style":
                assert re.fullmatch(r"(width:\d+%|box-shadow:[0-9a-zA-Z#, ]+)", value or ""), value
    policy = [a for a in found.named("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert [a["content"] for a in policy] == [
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    ]
    # The words themselves are there, as words.
    assert found.turn(1).count("<script>alert(1)</script>") >= 5
    assert "</style></script><script>" in found.outside  # role of the dropped row


def test_an_id_may_be_cut_short_as_long_as_it_is_of_one_conversation(tmp_path: Path) -> None:
    ids = ["ab" + "0" * 30, "ab" + "1" * 30, "cd" + "0" * 30]
    clean = [turn(name, turn=1, conversation_id=name) for name in ids]
    lake = made_lake(tmp_path, clean)
    output = tmp_path / "page.html"
    assert write_conversation(lake, "c", output) == output
    assert ids[2] in output.read_text()
    write_conversation(lake, ids[0], output)
    assert ids[0] in output.read_text()
    with pytest.raises(
        ConfigError, match=f"Several conversations begin with 'ab': {ids[0]}, {ids[1]}"
    ) as several:
        write_conversation(lake, "ab", output)
    assert "affectmine sql" in str(several.value.remedy)
    for wrong in ("ef", "f" * 32, "' OR 1=1 --", "%", "AB"):
        with pytest.raises(ConfigError, match="no conversation") as unknown:
            write_conversation(lake, wrong, output)
        assert "affectmine sql" in str(unknown.value.remedy)
        assert "conversation_id" in str(unknown.value.remedy)
    assert ids[0] in output.read_text()  # what was there stays


def test_snapshots_that_are_not_there(tmp_path: Path) -> None:
    lake = made_lake(tmp_path, [turn("a", turn=1)])
    write_conversation(lake, key("talk"), tmp_path / "page.html", 1)
    with pytest.raises(ConfigError, match="no snapshot 7"):
        write_conversation(lake, key("talk"), tmp_path / "page.html", 7)
    empty = create_lake(tmp_path / "empty", "0123456789abcdef")
    with pytest.raises(TerminalError, match="Nothing is published"):
        write_conversation(empty, key("talk"), tmp_path / "page.html")


def test_without_what_draws_it_says_which_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = made_lake(tmp_path, [turn("a", turn=1)])
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(MissingExtraError, match="The report"):
        write_conversation(lake, key("talk"), tmp_path / "page.html")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = made_lake(tmp_path, [turn("a", turn=1)])
    asked = [
        "report",
        "--lake",
        str(lake.root),
        "-o",
        str(tmp_path / "page.html"),
        "--conversation",
    ]
    assert run_command([*asked, key("talk")[:8]]) == 0
    assert "text of a" in (tmp_path / "page.html").read_text()
    capsys.readouterr()
    assert run_command([*asked, "nobody"]) == 2
    told = capsys.readouterr().err
    assert "There is no conversation 'nobody'" in told
    assert "affectmine sql --lake" in told
    assert "Traceback" not in told


@pytest.mark.slow
def test_a_conversation_of_5000_turns_makes_a_page_under_5_mb(tmp_path: Path) -> None:
    clean, labels = [], []
    for n in range(5_000):
        row = turn(
            f"{n}",
            turn=n,
            start_ms=n * 4_000,
            speaker=key(f"speaker {n % 9}"),
            text_clean=f"{n} said " * 12,
        )
        clean.append(row)
        p = n % 100 / 100
        labels.append(
            label(
                row, "emotion", "ekman", labels=["joy"], scores=scores(joy=p, anger=1 - p, fear=0.1)
            )
        )
        labels.append(
            label(row, "emotion", "goemotions", labels=["joy"], scores=scores(joy=p, anger=1 - p))
        )
    lake = made_lake(tmp_path, clean, labels)
    output = write_conversation(lake, key("talk"), tmp_path / "page.html")
    assert output.stat().st_size < 5_000_000
    found = Page(output.read_text())
    assert "4999 said" in found.turn(5_000)
    assert "joy0.99" in found.turn(5_000)
