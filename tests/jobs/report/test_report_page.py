import datetime as dt
import errno
import json
import re
from contextlib import nullcontext
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from jobs.report.opening import open_source
from jobs.report.report import make_report
from jobs.report.source import Source
from pipelines.lake.lake import create_lake
from pipelines.lake.store import disk_trouble
from schemas.errors import TransientError
from schemas.manifest import DataFile, Manifest, Part, Snapshot
from tests.jobs.report.marts_by_hand import COLUMNS, Hand

pytest.importorskip("vl_convert")

SCRIPT, IMAGE = "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'
EVIL = (
    SCRIPT,
    IMAGE,
    "datum.x",
    "a\\b'c[0].d",
    "javascript:alert(1)",
    "\x00\x1b[31m\u202e",
    "</svg><style>",
)


class Seen(HTMLParser):
    """All elements and attributes, and the text outside of style."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.attributes, self.text, self._inside = [], [], [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self._inside = tag
        self.elements.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data):
        if self._inside != "style":
            self.text.append(data)


def filled(names):
    """A row for each name in each mart: names in all text columns, small numbers elsewhere."""
    hand = Hand()
    for mart in COLUMNS:
        described = hand.database.execute(f"DESCRIBE mart_{mart}").fetchall()
        for k in range(len(names)):
            row = {}
            for column, kind, *_ in described:
                own = names[(k + len(column)) % len(names)]
                row[column] = (
                    names[k % 2] if column == "corpus" else "emotion" if column == "task" else names[2] if column in
                    {"taxonomy", "labeler"} else "2026-03-0" + str(1 + k) if column == "partition" else own
                    if kind == "VARCHAR" else dt.date(2026, 3, 1 + k) if kind == "DATE" else True
                    if kind == "BOOLEAN" else 0.1 * (k + 1) if kind == "DOUBLE" else 10 + k
                )  # fmt: skip
            row |= {"scope": "speaker"} if mart == "transitions" else {}
            row |= {"domain": "podcast"} if mart == "label_counts" else {}
            row |= {"phase": k % 6} if mart == "strategy_preference" else {}
            hand.fill(f"mart_{mart}", [{f"{key}": value for key, value in row.items()}])
    keys = {
        "corpus": names[0],
        "domain": "podcast",
        "task": "emotion",
        "taxonomy": names[2],
        "labeler": names[2],
    }
    for k, text in enumerate(names):
        known = {"record_id": f"r{k}", "sample_key": k, "corpus": names[0], "domain": "podcast"}
        hand.fill("clean", [{**known, "text_clean": text, "lang": text, "outcome": "kept"}])
        hand.fill("labels", [{**known, **keys, "status": "labeled", "labels": [text]}])
    return hand


def report_of(hand, folder, names=("corpus",)):
    lake = create_lake(folder, "key")
    manifest = Manifest(
        name="m.json", stage="clean", stage_version=1, shard="s", source_file="f", source_chunk=0, fingerprint="p",
        inputs=(), outputs=(), counts={"in": 3, "kept": 2, "dropped": 1}, reasons={names[0]: 1}, attempt="a",
        run_id="run", created_at="2026-01-01", seconds=1.0,
    )  # fmt: skip
    (folder / "m.json").write_text(manifest.model_dump_json())
    file = DataFile(
        dataset="clean", corpus=names[0], partition="2026-03-01", path="x", rows=2, bytes=1, checksum="0",
        schema_version=1,
    )  # fmt: skip
    part = Part(
        dataset="clean", variant=names[-1], corpus=names[0], partition="2026-03-01", manifests=("m.json",),
        sources=("f",), files=(file,), stored=("x",),
    )  # fmt: skip
    (folder / "runs" / "run").mkdir(parents=True)
    finding = {
        "id": names[0], "type": "t", "column": None, "severity": "warning", "success": False, "observed": 1,
        "unexpected_count": 1, "why": names[-1], "error": names[0],
    }  # fmt: skip
    gate = {
        "suite": "clean", "version": 1, "dataset": names[0], "rows": 2, "files": 1, "seconds": 0.1,
        "findings": [finding],
    }  # fmt: skip
    evaluation = {**gate, "kind": "evaluation", "variant": names[-1]}
    (folder / "runs" / "run" / "gates.json").write_text(json.dumps([gate, evaluation]))
    snapshot = Snapshot(
        number=7, run_id="run", created_at="2026-03-05T06:07:08+00:00", changes=(part,)
    )
    source = Source(hand, hand.views, lake, snapshot, {part.key: part})
    return source, make_report(source)


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lakes") / "<b onclick=alert(1)>"
    source, report = report_of(filled(EVIL), folder, EVIL)
    return source, report, report.render()


@pytest.mark.slow
def test_outside_strings_are_inert_everywhere(evil):
    _, report, page = evil
    seen = Seen(page)
    acting = {
        "script",
        "img",
        "image",
        "iframe",
        "object",
        "embed",
        "link",
        "foreignobject",
        "use",
        "base",
        "form",
    }
    assert not acting & set(seen.elements)
    assert seen.elements.count("style") == 1
    assert [each for each in seen.attributes if each[1].startswith("on")] == []
    assert [each for each in seen.attributes if each[1] == "style"] == []
    links = [
        value
        for _, name, value in seen.attributes
        if name in {"href", "src", "xlink:href", "action"}
    ]
    assert len(links) == len(report.sections)
    assert all(link.startswith("#") for link in links)
    assert {value for tag, name, value in seen.attributes if name == "http-equiv"} == {
        "Content-Security-Policy"
    }
    assert "default-src 'none'" in page
    # They are there, as text, also in pictures: shown is what was said.
    text = "".join(seen.text)
    assert text.count(SCRIPT) > 50
    assert IMAGE in text
    assert "\x1b" not in page
    assert "\u202e" not in page


@pytest.mark.slow
def test_every_mart_has_its_picture_and_no_name_breaks_one(evil):
    _, report, _ = evil
    marts = {
        item.mart.name
        for section in report.sections
        for item in section.items
        if getattr(item, "mart", None)
    }
    assert marts >= set(COLUMNS)
    assert report.pictures > 25


@pytest.mark.slow
def test_the_sql_behind_each_picture_gives_its_numbers(evil):
    source, report, _ = evil
    asked = 0
    for section in report.sections:
        for item in section.items:
            sql, numbers = getattr(item, "sql", ""), getattr(item, "numbers", None)
            if sql and numbers is not None:
                found = source.frame(sql)
                asked += 1
                assert found.height >= len(numbers.rows)
                assert set(numbers.columns) <= set(found.columns)
    assert asked > 25


@pytest.mark.slow
def test_ids_are_unique_and_what_is_referred_to_is_there(evil):
    page = evil[2]
    ids = [value for _, name, value in Seen(page).attributes if name == "id"]
    assert len(ids) == len(set(ids))
    for _, _, value in Seen(page).attributes:
        if value and value.startswith("url(#"):
            assert value[5:-1] in ids
    for _, name, value in Seen(page).attributes:
        if name == "href":
            assert value[1:] in ids


@pytest.mark.slow
def test_pictures_are_named_for_those_who_do_not_see_them(evil):
    _, report, page = evil
    labels = [value for _, name, value in Seen(page).attributes if name == "aria-label"]
    roles = [value for _, name, value in Seen(page).attributes if name == "role"]
    assert roles.count("img") == 2 * report.pictures
    assert all(labels)


def test_an_empty_snapshot_is_a_page_of_sentences(tmp_path):
    _, report = report_of(Hand(), tmp_path / "empty lake")
    page = report.render()
    assert "empty lake: report of snapshot 7" in page
    assert "No record is labeled." in page
    assert "2026-03-05 06:07 UTC" in page
    assert len(page) < 300_000


def test_the_same_snapshot_gives_the_same_page(tmp_path):
    _, report = report_of(Hand(), tmp_path / "lake")
    from jobs.report.page import render_page

    when = dt.datetime(2026, 3, 6, tzinfo=dt.UTC)
    pages = {render_page(report.head, report.sections, made_at=when) for _ in range(2)}
    assert len(pages) == 1
    assert "2026-03-06 00:00 UTC" in pages.pop()


def card(hand, folder):
    _, report = report_of(hand, folder)
    return next(below for title, _, below in report.head.cards if title == "records")


def test_the_span_is_of_the_records_and_not_of_the_days_of_ingest(tmp_path):
    # The partition, a day of ingest, is 2026-03-01 throughout.
    known = {
        "corpus": "c",
        "task": "emotion",
        "taxonomy": "t",
        "labeler": "l",
        "label": "joy",
        "n": 1,
        "rows": 1,
    }
    hand = Hand()
    assert card(hand, tmp_path / "a") == "kept by cleaning"  # nothing is labeled
    hand.fill("mart_label_counts", [{**known, "day": None}])
    assert card(hand, tmp_path / "b") == "no times"
    hand.fill("mart_label_counts", [{**known, "day": dt.date(2019, 5, 6)}])
    assert card(hand, tmp_path / "c") == "2019-05-06, some without a time"
    hand.fill("mart_label_counts", [{**known, "day": dt.date(2020, 1, 2)}])
    assert card(hand, tmp_path / "d") == "2019-05-06 to 2020-01-02, some without a time"


def test_only_the_marts_that_are_missing_are_built_with_the_settings_of_the_lake(
    tmp_path, monkeypatch
):
    asked = {}

    def build(lake, **given):
        asked.update(given)
        return SimpleNamespace(errors={})

    monkeypatch.setattr("jobs.report.opening.published", lambda *_: (3, {}))
    monkeypatch.setattr("jobs.report.opening.mart_names", lambda: ["b", "a", "there"])
    monkeypatch.setattr("jobs.report.opening.mart_files", lambda *_: {"there": None})
    monkeypatch.setattr("jobs.marts.build_marts", build)
    monkeypatch.setattr("jobs.report.opening.queryable_files", lambda *_: {})
    monkeypatch.setattr(
        "jobs.report.opening.open_catalog", lambda *_, **__: nullcontext(SimpleNamespace(views=()))
    )
    monkeypatch.setattr("jobs.report.opening.read_snapshot", lambda *_: None)
    with open_source(create_lake(tmp_path / "lake", "key")):
        assert asked == {"as_of": 3, "names": ["a", "b"]}


@pytest.fixture
def forbidding(tmp_path, monkeypatch):
    """A function that opens a lake without the mart label_drift, where building fails with an error."""

    def opened(error):
        def build(*_, **__):
            raise error

        marts = {f"mart_{mart}" for mart in COLUMNS}
        monkeypatch.setattr("jobs.report.opening.published", lambda *_: (3, {}))
        monkeypatch.setattr("jobs.report.opening.mart_names", lambda: [*COLUMNS])
        monkeypatch.setattr(
            "jobs.report.opening.mart_files",
            lambda *_: dict.fromkeys(COLUMNS.keys() - {"label_drift"}),
        )
        monkeypatch.setattr("jobs.marts.build_marts", build)
        monkeypatch.setattr("jobs.report.opening.queryable_files", lambda *_: {})
        catalog = SimpleNamespace(views=marts - {"mart_label_drift"})
        monkeypatch.setattr(
            "jobs.report.opening.open_catalog", lambda *_, **__: nullcontext(catalog)
        )
        monkeypatch.setattr("jobs.report.opening.read_snapshot", lambda *_: None)
        return open_source(create_lake(tmp_path / "lake", "key"))

    return opened


def trouble(number):
    """As pipelines.lake.store raises it: from None, so that what was caught is its context only."""
    caught = OSError(number, "no")
    told = disk_trouble("write", Path("x"), caught)
    told.__context__, told.__suppress_context__ = caught, True
    return told


@pytest.mark.parametrize(
    "error",
    [PermissionError(errno.EACCES, "no"), OSError(errno.EROFS, "no"), trouble(errno.EACCES)],
)
def test_a_lake_that_may_only_be_read_is_drawn_without_what_is_missing(forbidding, error):
    with forbidding(error) as source:
        assert source.missing("label_counts") is None
        assert source.missing("label_drift").startswith(
            "This mart is not built and cannot be built here: the lake's folder may only be read"
        )


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "full"), trouble(errno.ENOSPC), TransientError("Being forgotten.")],
)
def test_other_trouble_with_the_disk_is_told(forbidding, error):
    with pytest.raises(type(error)), forbidding(error):
        pass


def test_a_lake_of_numbers_alone_has_its_page(tmp_path):
    hand = Hand()
    vad = {"corpus": "corpus", "task": "vad", "taxonomy": "vad", "labeler": "l"}
    known = {**vad, "conversation_id": "c", "role": "host"}
    moved = {"turns": 6, "pairs": 5, "mean_valence": 0.1, "inertia": 0.3, "mssd": 0.2}
    hand.fill("mart_speaker_dynamics", [{**known, "speaker": "s", **moved}])
    tenth = {"bins": 10, "turns": 1, "valence": 0.1, "smoothed": 0.1}
    hand.fill(
        "mart_trajectories",
        [{**vad, "conversation_id": "c", "bin": k, **tenth} for k in range(1, 11)],
    )
    hand.fill("labels", [{**vad, "record_id": "r", "sample_key": 1, "status": "labeled"}])
    _, report = report_of(hand, tmp_path / "lake")
    page = report.render()
    assert "Answered by numbers: no labels to count." in page
    assert "No record is labeled." not in page
    assert "The median inertia is 0.30" in page
    # On paper a picture stays with its title and sentence.
    style = page[page.index("@media print") : page.index("</style>")]
    kept = re.search(r"([^{}]*)\{ break-inside: avoid; \}", style)
    assert {".picture", "figure"} <= {each.strip() for each in kept[1].split(",")}
    pictures = re.findall(r'<article class="picture">(.*?)</article>', page, re.DOTALL)
    assert len(pictures) == report.pictures > 0
    assert all(
        each.index("<h3>") < each.index('class="reading"') < each.index("<figure>")
        for each in pictures
    )
