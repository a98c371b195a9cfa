"""Samples of files: what is chosen, with which weight, against independent counts."""

import csv
import json
import math
import stat
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.annotate.wanted import Wanted
from schemas.errors import ConfigError, SourceError, TerminalError
from tests.jobs.annotate.labeled_files import EKMAN, frame, ids, taken, tasks, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    for suffix in ("parquet", "jsonl", "csv"):
        write(frame(), folder / f"labeled.{suffix}")
    return folder


def test_random(folder: Path) -> None:
    wanted = Wanted(n=100, seed=3)
    found = taken(folder / "labeled.parquet", folder / "a.json", wanted)
    assert (found.rows, found.population, found.not_labeled) == (100, 1800, 200)
    rows = tasks(folder / "a.json")
    assert len({row["record_id"] for row in rows}) == 100
    assert {(row["probability"], row["weight"]) for row in rows} == {(100 / 1800, 18.0)}
    assert not any(int(row["record_id"][2:]) % 10 == 0 for row in rows)
    text = {f"id{n}": text for n, text in enumerate(frame()["text"])}
    assert all(row["text"] == text[row["record_id"]] for row in rows)
    taken(folder / "labeled.parquet", folder / "b.json", wanted)
    assert (folder / "a.json").read_bytes() == (folder / "b.json").read_bytes()
    taken(folder / "labeled.parquet", folder / "b.json", Wanted(n=100, seed=4))
    assert len(set(ids(folder / "a.json")) & set(ids(folder / "b.json"))) < 25


def test_a_smaller_sample_is_a_part_of_a_larger_one(folder: Path) -> None:
    for n in (40, 400):
        taken(folder / "labeled.parquet", folder / f"{n}.json", Wanted(n=n))
    assert set(ids(folder / "40.json")) < set(ids(folder / "400.json"))


@pytest.mark.parametrize("strategy", ["random", "stratified", "uncertain"])
def test_every_format_gives_the_same_rows(folder: Path, strategy: str) -> None:
    found = []
    for suffix in ("parquet", "jsonl", "csv"):
        wanted = Wanted(n=70, strategy=strategy)
        taken(folder / f"labeled.{suffix}", folder / f"{suffix}.json", wanted)
        found.append(tasks(folder / f"{suffix}.json"))
    assert len(found[0]) == 70
    assert found[1] == found[0]
    # CSV holds probabilities to four places: margins that differ by less may change places.
    same = {row["record_id"] for row in found[0]} & {row["record_id"] for row in found[2]}
    assert len(same) >= (68 if strategy == "uncertain" else 70)


def test_strata_are_of_the_rarest_label(folder: Path) -> None:
    found = taken(
        folder / "labeled.parquet", folder / "s.json", Wanted(n=210, strategy="stratified")
    )
    labeled = frame().filter(pl.col("status") == "labeled")
    counts = {name: sum(name in row for row in labeled["labels"]) for name in EKMAN}

    def stratum(labels: list[str]) -> str:
        return min(labels, key=lambda name: (counts[name], name), default="(none)")

    expected = labeled["labels"].to_list()
    sizes = {name: [stratum(row) for row in expected].count(name) for name in (*EKMAN, "(none)")}
    assert {s.name: s.rows for s in found.strata} == {n: size for n, size in sizes.items() if size}
    of = dict(zip(labeled["id"], map(stratum, expected), strict=True))
    rows = tasks(folder / "s.json")
    for part in found.strata:
        mine = [row["weight"] for row in rows if of[row["record_id"]] == part.name]
        assert len(mine) == part.taken
        assert math.fsum(mine) == pytest.approx(part.rows, rel=1e-12)
        assert part.taken == part.rows or 25 <= part.taken <= 30
    assert sum(s.taken for s in found.strata) == 210


@pytest.mark.parametrize(
    ("by", "names"), [("lang", {"en", "de", "(none)"}), ("corpus", {"posts", "talks"})]
)
def test_strata_of_other_kinds(folder: Path, by: str, names: set[str]) -> None:
    wanted = Wanted(n=61, strategy="stratified", by=by)
    found = taken(folder / "labeled.csv", folder / "s.json", wanted)
    assert {s.name for s in found.strata} == names
    assert max(s.taken for s in found.strata) - min(s.taken for s in found.strata) <= 1
    assert sum(s.taken for s in found.strata) == 61
    assert math.fsum(row["weight"] for row in tasks(folder / "s.json")) == pytest.approx(1800)


def margins(exclusive: bool) -> dict[str, float]:
    """Independent: the margin of each labeled row, in plain Python."""
    found = {}
    for name, status, scores in frame().select("id", "status", "scores").iter_rows():
        if status == "labeled":
            told = sorted((s["probability"] for s in scores), reverse=True)
            found[name] = told[0] - told[1] if exclusive else min(abs(p - 0.5) for p in told)
    return found


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(n=st.integers(1, 300), share=st.sampled_from([0.0, 0.2, 0.5, 1.0]), seed=st.integers(0, 99))
def test_uncertain_takes_the_smallest_margins(
    folder: Path, n: int, share: float, seed: int
) -> None:
    wanted = Wanted(n=n, strategy="uncertain", random_share=share, seed=seed)
    # A labeler that is no student: a label is given from .5 on.
    found = taken(folder / "labeled.parquet", folder / "u.json", wanted, labeler="other")
    rows = tasks(folder / "u.json")
    drawn = [row for row in rows if row["drawn"] == "random"]
    asked = {row["record_id"] for row in rows if row["drawn"] == "uncertain"}
    assert (len(drawn), len(rows)) == (round(n * share), n)
    assert all(row["weight"] == pytest.approx(1800 / len(drawn)) for row in drawn)
    assert all(
        row["weight"] is row["probability"] is None for row in rows if row["drawn"] == "uncertain"
    )
    left = margins(exclusive=False)
    for row in drawn:
        del left[row["record_id"]]
    smallest = sorted(left.values())[: len(asked)]
    assert sorted(left[name] for name in asked) == pytest.approx(smallest, abs=1e-7)
    assert any("tells nothing" in note for note in found.notes) == (not drawn)


def test_uncertain_by_two_best_where_one_label_holds(folder: Path, tmp_path: Path) -> None:
    one_of = tmp_path / "one_of.yaml"
    labels = "".join(f"  - name: {name}\n" for name in EKMAN)
    one_of.write_text(f"name: one_of\nversion: '1'\nexclusive: true\nlabels:\n{labels}")
    wanted = Wanted(n=50, strategy="uncertain", random_share=0.0)
    taken(folder / "labeled.parquet", folder / "u.json", wanted, taxonomy=str(one_of))
    known = margins(exclusive=True)
    assert sorted(known[name] for name in ids(folder / "u.json")) == pytest.approx(
        sorted(known.values())[:50], abs=1e-7
    )
    assert 'choice="single"' in (folder / "u.xml").read_text()


def test_what_was_given_out_before_is_left_out(folder: Path) -> None:
    first = taken(folder / "labeled.parquet", folder / "x.json", Wanted(n=300))
    again = Wanted(n=1000, seed=5)
    taken(folder / "labeled.parquet", folder / "y.csv", again, exclude=[folder / "x.json"])
    third = taken(
        folder / "labeled.parquet", folder / "z.json", again,
        exclude=[folder / "x.json", folder / "y.csv"],
    )  # fmt: skip
    with (folder / "y.csv").open(encoding="utf-8-sig", newline="") as file:
        second = [row["id"] for row in csv.DictReader(file)]
    every = [*ids(folder / "x.json"), *second, *ids(folder / "z.json")]
    assert len(every) == len(set(every)) == 1800
    assert (first.excluded, third.excluded, third.population, third.rows) == (0, 1300, 500, 500)
    assert any("1,000 rows were asked for, and there are 500" in note for note in third.notes)
    with pytest.raises(ConfigError, match="1800 are excluded"):
        taken(
            folder / "labeled.parquet", folder / "none.json", again,
            exclude=[folder / "x.json", folder / "y.csv", folder / "z.json"],
        )  # fmt: skip
    assert not (folder / "none.json").exists()
    (folder / "empty.json").write_text("[]")
    with pytest.raises(SourceError, match="nothing would be excluded"):
        taken(folder / "labeled.csv", folder / "n.json", again, exclude=[folder / "empty.json"])


def test_rows_are_dealt_out(folder: Path) -> None:
    wanted = Wanted(n=101, annotators=("ann", "ben", "cy"), overlap=20, strategy="stratified")
    found = taken(folder / "labeled.parquet", folder / "deal.json", wanted)
    given_ = {name: ids(folder / f"deal-{name}.json") for name in wanted.annotators}
    shared = set.intersection(*map(set, given_.values()))
    assert len(shared) == 20
    assert len(set.union(*map(set, given_.values()))) == 101
    assert sorted(len(rows) for rows in given_.values()) == [47, 47, 47]
    assert found.each == {name: len(rows) for name, rows in given_.items()}
    assert sum(map(len, given_.values())) == 101 + 2 * 20
    assert all(row["annotator"] == "ben" for row in tasks(folder / "deal-ben.json"))
    assert not (folder / "deal.json").exists()
    assert (folder / "deal.xml").exists()


def test_files_are_whole_and_for_you_alone(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "mine.json"
    output.write_text("older")
    taken(folder / "labeled.parquet", output, Wanted(n=5))
    for path in (output, tmp_path / "mine.xml"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = output.read_bytes()
    broken = frame(50).with_columns(pl.lit("no list").alias("labels"))
    broken.write_parquet(tmp_path / "broken.parquet")
    with pytest.raises(TerminalError, match="cannot be read") as caught:
        taken(tmp_path / "broken.parquet", output, Wanted(n=5, strategy="stratified"))
    assert "no list" not in str(caught.value)
    assert output.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["broken.parquet", "mine.json", "mine.xml"]


def test_clinical_rows_need_leave(folder: Path, tmp_path: Path) -> None:
    made = frame().with_columns(
        pl.when(pl.col("corpus") == "talks")
        .then(pl.lit("clinical"))
        .otherwise(pl.lit("social"))
        .alias("domain")
    )
    source = write(made, tmp_path / "c.jsonl")
    with pytest.raises(ConfigError, match=r"clinical rows \(talks\).*--allow-clinical"):
        taken(source, tmp_path / "c.json", Wanted(n=50))
    assert not (tmp_path / "c.json").exists()
    assert taken(source, tmp_path / "c.json", Wanted(n=50, corpora=("posts",))).clinical == 0
    found = taken(source, tmp_path / "c.json", Wanted(n=50, allow_clinical=True))
    assert found.clinical == sum(row["corpus"] == "talks" for row in tasks(tmp_path / "c.json")) > 0


def test_only_some_languages(folder: Path) -> None:
    wanted = Wanted(n=2000, languages=("de",), corpora=("posts",))
    found = taken(folder / "labeled.jsonl", folder / "de.json", wanted)
    rows = tasks(folder / "de.json")
    assert {(row["lang"], row["corpus"]) for row in rows} == {("de", "posts")}
    assert found.rows == sum(n % 3 == 1 and n % 2 == 1 and n % 10 > 0 for n in range(2000))
    with pytest.raises(ConfigError, match="no role is known"):
        taken(folder / "labeled.jsonl", folder / "de.json", Wanted(n=5, roles=("host",)))


def test_ids_that_repeat_are_positions(tmp_path: Path) -> None:
    source = write(frame(40).with_columns(pl.lit("same").alias("id")), tmp_path / "r.csv")
    found = taken(source, tmp_path / "r.json", Wanted(n=100))
    assert sorted(ids(tmp_path / "r.json")) == sorted(f"position:{n}" for n in range(40) if n % 10)
    assert any("known by their position" in note for note in found.notes)


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "csv"])
def test_numbers(tmp_path: Path, suffix: str) -> None:
    numbers = pl.Series(
        [
            {"valence": 0.5, "arousal": n / 40, "dominance": 1.0} if n % 10 else None
            for n in range(40)
        ]
    )
    made = frame(40).with_columns(
        pl.when(pl.col("status") == "labeled").then(pl.lit([], pl.List(pl.String))).alias("labels"),
        pl.lit(None, frame(1).schema["scores"]).alias("scores"),
        numbers.alias("answer"),
    )
    source = write(made, tmp_path / f"v.{suffix}")
    options = {"task": "vad", "taxonomy": "vad"}
    taken(source, tmp_path / "v.json", Wanted(n=40, predictions=True), **options)
    found = json.loads((tmp_path / "v.json").read_text())
    assert len(found) == 36
    for task in found:
        told = {e["from_name"]: e["value"]["number"] for e in task["predictions"][0]["result"]}
        n = int(task["data"]["record_id"][2:])
        assert told == pytest.approx({"valence": 3.0, "arousal": 1 + n / 10, "dominance": 5.0})
    for strategy, why in (
        ("uncertain", "without probabilities"),
        ("stratified", "no strata by label"),
    ):
        with pytest.raises(ConfigError, match=why):
            taken(source, tmp_path / "v.json", Wanted(n=5, strategy=strategy), **options)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"overlap": 5}, "two annotators"),
        ({"annotators": ("ann", "Ann")}, "named twice"),
        ({"annotators": ("../ann",)}, "part of a file's name"),
        ({"annotators": ("a", "b"), "overlap": 11}, "more than the 10"),
        ({"strategy": "best"}, "no strategy"),
        ({"strategy": "stratified", "n": 2}, "cannot be drawn from"),
    ],
)
def test_what_cannot_be(folder: Path, options: dict, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        taken(folder / "labeled.csv", folder / "no.json", Wanted(**({"n": 10} | options)))
    assert not (folder / "no.json").exists()


def test_files_that_are_none(folder: Path, tmp_path: Path) -> None:
    wanted, output = Wanted(n=5), tmp_path / "o.json"
    with pytest.raises(SourceError, match="no file"):
        taken(tmp_path / "gone.csv", output, wanted)
    (tmp_path / "plain.csv").write_text("text\nhello\n")
    (tmp_path / "plain.jsonl").write_text('{"text": "hello"}\n')
    for name in ("plain.csv", "plain.jsonl"):
        with pytest.raises(SourceError, match=r"no column position, status, labels"):
            taken(tmp_path / name, output, wanted)
    (tmp_path / "none.jsonl").write_text("hello\n")
    with pytest.raises(SourceError, match="first line is no object"):
        taken(tmp_path / "none.jsonl", output, wanted)
    with pytest.raises(ConfigError, match="would be replaced"):
        taken(folder / "labeled.csv", folder / "labeled.csv", wanted)
    with pytest.raises(ConfigError, match="labels that are not in the taxonomy"):
        taken(
            folder / "labeled.csv", output, Wanted(n=50, strategy="stratified"), taxonomy="plutchik"
        )
