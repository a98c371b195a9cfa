"""Every query of docs/queries.md runs; what the demo can answer gives rows; and numbers are counted again in Python,
over the Parquet files, without SQL.
"""

import math
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from sklearn.metrics import cohen_kappa_score

from jobs.report.conversation_rows import read_conversation
from jobs.report.conversation_valence import trajectory
from pipelines.lake.lake import open_lake
from pipelines.lake.mart_files import queryable_files
from pipelines.lake.snapshots import state
from pipelines.query.catalog import open_catalog
from tests.end_to_end.corpus import ROOT, command, environment
from tests.jobs.report.conversation_lake import key, label, made_lake, scores, turn

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "queries.md").read_text()
BLOCKS = [
    (int(number), sql)
    for number, body in re.findall(r"^### (\d+)\. (.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    for sql in re.findall(r"```sql\n(.*?)```", body, re.DOTALL)
]
OWN_FILES = ("read_csv(", "COPY ", "'before.parquet'")
EMPTY = {
    3,
    11,
    13,
    14,
}  # the demo has no dedup, one labeler for each taxonomy, no annotators and no language model
Row = dict[str, Any]


def query(number: int, place: int = 0) -> str:
    return [sql for own, sql in BLOCKS if own == number][place]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with demo-lake, its marts built."""
    folder = tmp_path_factory.mktemp("queries")
    for arguments in (("demo", "--json"), ("marts", "build", "--lake", "demo-lake")):
        ran = command(*arguments, cwd=folder)
        assert ran.code == 0, ran.err
    ids = sorted(
        pl.read_parquet(folder / "demo-lake/clean/demo_podcast/**/*.parquet")[
            "conversation_id"
        ].unique()
    )
    named = "".join(
        f"{name},{campaign}\n" for name, campaign in zip(ids, ["spring", "autumn"], strict=False)
    )
    (folder / "posts_meta.csv").write_text(f"conversation_id,campaign\n{named}")
    return folder


def ask(folder: Path, sql: str) -> list[Row]:
    """The rows: through the door of `affectmine sql`, or in DuckDB itself where the query reads other files."""
    if not any(word in sql for word in OWN_FILES):
        import affectmine

        with affectmine.open_lake(folder / "demo-lake") as lake:
            return lake.frame(sql).to_dicts()
    with duckdb.connect(str(folder / "demo-lake" / "catalog.duckdb"), read_only=True) as catalog:
        catalog.execute(f"SET file_search_path = '{folder}'")
        answer = catalog.execute(sql)
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


@cache
def clean(folder: Path) -> list[Row]:
    return pl.read_parquet(folder / "demo-lake" / "clean" / "**" / "*.parquet").to_dicts()


@cache
def labels(folder: Path, taxonomy: str) -> list[Row]:
    return pl.read_parquet(
        folder / f"demo-lake/labels/emotion/{taxonomy}/student/**/*.parquet"
    ).to_dicts()


def labeled(folder: Path, taxonomy: str) -> Iterator[Row]:
    return (row for row in labels(folder, taxonomy) if row["status"] == "labeled")


def test_there_are_twenty_questions_in_order() -> None:
    assert list(dict.fromkeys(number for number, _ in BLOCKS)) == list(range(1, 21))
    assert len(re.findall(r"```sql\n", PAGE)) == len(BLOCKS)


@pytest.mark.parametrize(("number", "sql"), BLOCKS, ids=[str(number) for number, _ in BLOCKS])
def test_each_query_runs_and_answers_what_the_demo_knows(demo: Path, number: int, sql: str) -> None:
    if number == 20:
        compared = pl.DataFrame(
            {"record_id": ["a"], "taxonomy": ["t"], "labeler": ["l"], "labels": [["x"]]}
        )
        for name in ("before", "after"):
            compared.write_parquet(demo / f"{name}.parquet")
    if sql.startswith("COPY"):
        sql = sql.replace("'label_counts.parquet'", f"'{demo / 'label_counts.parquet'}'")
    rows = ask(demo, sql)
    assert (len(rows) == 0) == (number in EMPTY)


def test_1_outcomes(demo: Path) -> None:
    told = {(row["corpus"], row["outcome"], row["reason"]): row["n"] for row in ask(demo, query(1))}
    assert told == Counter((row["corpus"], row["outcome"], row["reason"]) for row in clean(demo))


def test_2_rejected_by_language(demo: Path) -> None:
    languages = {row["record_id"]: row["lang"] for row in clean(demo) if row["outcome"] == "kept"}
    expected = Counter(
        (languages[row["record_id"]], taxonomy, row["reason"])
        for taxonomy in ("goemotions", "ekman")
        for row in labels(demo, taxonomy)
        if row["status"] == "rejected"
    )
    rows = ask(demo, query(2))
    assert {(row["lang"], row["taxonomy"], row["reason"]): row["n"] for row in rows} == expected
    assert expected["de", "goemotions", "language:de"] >= 6  # seven posts are planted


def test_4_sample(demo: Path) -> None:
    kept = [
        row for row in clean(demo) if row["outcome"] == "kept" and row["corpus"] == "demo_social"
    ]
    kept.sort(key=lambda row: (row["sample_key"], row["record_id"]))
    assert [row["record_id"] for row in ask(demo, query(4))] == [
        row["record_id"] for row in kept[:50]
    ]


def test_5_most_grateful(demo: Path) -> None:
    found = [
        (-score["probability"], row["record_id"])
        for row in labeled(demo, "goemotions")
        if row["corpus"] == "demo_social"
        for score in row["scores"]
        if score["label"] == "gratitude"
    ]
    assert [(-row["probability"], row["record_id"]) for row in ask(demo, query(5))] == sorted(
        found
    )[:5]


def test_6_hard_and_soft_counts(demo: Path) -> None:
    hard: Counter[tuple[str, str]] = Counter()
    soft: dict[tuple[str, str], float] = defaultdict(float)
    for taxonomy in ("goemotions", "ekman"):
        for row in labeled(demo, taxonomy):
            hard.update((taxonomy, name) for name in row["labels"])
            for score in row["scores"]:
                soft[taxonomy, score["label"]] += score["probability"]
    rows = ask(demo, query(6))
    assert len(rows) == 28 + 7
    for row in rows:
        key_ = row["taxonomy"], row["label"]
        assert row["n"] == hard[key_]
        assert row["expected"] == pytest.approx(soft[key_], abs=0.06)  # rounded to one digit


def test_7_slopes(demo: Path) -> None:
    """The slope again by numpy's least squares, times 7 days and 100 percent."""
    rows: Counter[tuple[Any, ...]] = Counter()
    given: Counter[tuple[Any, ...]] = Counter()
    for taxonomy in ("goemotions", "ekman"):
        for row in labeled(demo, taxonomy):
            day = row["created_at"].date()
            rows[row["corpus"], taxonomy, day] += 1
            given.update((row["corpus"], taxonomy, day, name) for name in row["labels"])
    told = ask(demo, query(7))
    assert len(told) == 20
    slopes = []
    for row in told:
        days = sorted(
            day
            for corpus, taxonomy, day in rows
            if (corpus, taxonomy) == (row["corpus"], row["taxonomy"])
        )
        own = row["corpus"], row["taxonomy"]
        shares = [given[*own, day, row["label"]] / rows[*own, day] for day in days]
        slope = np.polyfit([day.toordinal() for day in np.array(days)], shares, 1)[0]
        assert row["points_a_week"] == pytest.approx(700 * slope, abs=0.006)
        assert row["n"] == sum(given[*own, day, row["label"]] for day in days)
        slopes.append(row["points_a_week"])
    assert slopes == sorted(slopes, reverse=True)


def test_8_cooccurrence(demo: Path) -> None:
    both = Counter(
        (row["corpus"], *pair)
        for row in labeled(demo, "goemotions")
        for pair in combinations(sorted(row["labels"]), 2)
    )
    rows = ask(demo, query(8))
    often = {pair: n for pair, n in both.items() if n >= 3}
    assert len(rows) == min(20, len(often)) > 5
    for row in rows:
        assert row["n_both"] == often[row["corpus"], row["label_a"], row["label_b"]]
        assert row["jaccard"] == round(row["n_both"] / (row["n_a"] + row["n_b"] - row["n_both"]), 2)


def test_9_role(demo: Path) -> None:
    rows = [row for row in labeled(demo, "goemotions") if row["corpus"] == "demo_clinical"]
    own = [row for row in rows if row["role"] == "client"]
    other = [row for row in rows if row["role"] not in ("client", None)]
    for told in ask(demo, query(9)):
        n = sum(told["label"] in row["labels"] for row in own)
        assert told["n"] == n
        assert told["share"] == round(n / len(own), 3)
        rest = sum(told["label"] in row["labels"] for row in other)
        assert told["other_share"] == round(rest / len(other), 3)


def test_12_kappa(demo: Path) -> None:
    """Against scikit-learn."""
    groups = dict(re.findall(r"\('(\w+)', '(\w+)'\)", query(12)))
    assert len(groups) == 28
    ekman = {row["record_id"]: row["labels"] for row in labeled(demo, "ekman")}
    pairs = [
        (groups[row["labels"][0]], ekman[row["record_id"]][0])
        for row in labeled(demo, "goemotions")
        if row["labels"] and ekman.get(row["record_id"])
    ]
    (told,) = ask(demo, query(12))
    one, other = zip(*pairs, strict=True)
    assert told["n"] == len(pairs)
    assert told["agreement"] == pytest.approx(np.mean(np.array(one) == np.array(other)), abs=5e-5)
    assert told["kappa"] == pytest.approx(cohen_kappa_score(one, other), abs=5e-5)


POSITIVE = {
    "admiration", "amusement", "approval", "caring", "desire", "excitement", "gratitude", "joy", "love", "optimism",
    "pride", "relief",
}  # fmt: skip
NEGATIVE = {
    "anger", "annoyance", "disappointment", "disapproval", "disgust", "embarrassment", "fear", "grief", "nervousness",
    "remorse", "sadness",
}  # fmt: skip


def valence(row: Row) -> float:
    """By the sentiments of the paper of GoEmotions (Demszky et al. 2020, figure 2)."""
    total = sum(score["probability"] for score in row["scores"])
    signed = sum(
        score["probability"] * ((score["label"] in POSITIVE) - (score["label"] in NEGATIVE))
        for score in row["scores"]
    )
    return signed / total


def talk(folder: Path, taxonomy: str, conversation: str) -> list[Row]:
    """Labeled turns in order, of a corpus that numbers its turns."""
    rows = [row for row in labeled(folder, taxonomy) if row["conversation_id"] == conversation]
    assert all(row["turn"] is not None for row in rows)
    return sorted(rows, key=lambda row: row["turn"])


def test_15_who_changes_mood_most(demo: Path) -> None:
    rows = ask(demo, query(15))
    assert [row["mssd"] for row in rows] == sorted((row["mssd"] for row in rows), reverse=True)
    checked = 0
    for row in rows:
        if row["corpus"] == "demo_social":
            continue
        own = [
            each
            for each in talk(demo, "goemotions", row["conversation_id"])
            if each["speaker"][:6] == row["speaker"]
        ]
        values = [valence(each) for each in own]
        steps = [(b - a) ** 2 for a, b in pairwise(values)]
        assert row["turns"] == len(values)
        assert row["mean_valence"] == pytest.approx(np.mean(values), abs=0.0051)
        assert row["mssd"] == pytest.approx(np.mean(steps), abs=0.00051)
        checked += 1
    assert checked >= 2


def test_17_better_at_the_end(demo: Path) -> None:
    """Bins of tenths: the first and last two are the first and last fifth, each bin counted alike."""
    happy, unhappy = {"joy"}, {"anger", "disgust", "fear", "sadness"}
    rows = [row for row in ask(demo, query(17)) if row["corpus"] != "demo_social"]
    assert len(rows) == 5  # two episodes, three sessions
    for row in rows:
        bins: dict[int, list[float]] = defaultdict(list)
        turns = talk(demo, "ekman", row["conversation_id"])
        for place, each in enumerate(turns):
            p = {score["label"]: score["probability"] for score in each["scores"]}
            signed = sum(p.get(name, 0) for name in happy) - sum(p.get(name, 0) for name in unhappy)
            bins[math.floor(place * 10 / len(turns)) + 1].append(signed / sum(p.values()))
        means = {number: np.mean(values) for number, values in bins.items()}
        assert row["begins"] == pytest.approx((means[1] + means[2]) / 2, abs=0.00051)
        assert row["ends"] == pytest.approx((means[9] + means[10]) / 2, abs=0.00051)


def test_18_turns_before_hostile_ones(demo: Path) -> None:
    texts = {row["record_id"]: row["text_clean"] for row in clean(demo)}
    found = {(row["text_before"], row["text_clean"]) for row in ask(demo, query(18, 1))}
    assert len(found) >= 15
    for conversation in {
        row["conversation_id"] for row in ask(demo, query(17)) if row["corpus"] != "demo_social"
    }:
        turns = talk(demo, "ekman", conversation)
        shown = {pair for pair in found if pair[1] in {texts[each["record_id"]] for each in turns}}
        hostile = {
            (texts[a["record_id"]], texts[b["record_id"]])
            for a, b in pairwise(turns)
            if {"anger", "disgust"} & set(b["labels"])
        }
        assert shown <= hostile


def test_19_own_tables(demo: Path) -> None:
    lines = (demo / "posts_meta.csv").read_text().splitlines()[1:]
    campaigns = dict(line.split(",") for line in lines)
    assert len(campaigns) == 2
    expected = Counter(
        (campaigns[row["conversation_id"]], name)
        for row in labeled(demo, "ekman")
        if row["conversation_id"] in campaigns
        for name in row["labels"]
    )
    assert {(row["campaign"], row["label"]): row["n"] for row in ask(demo, query(19))} == expected


def test_20_what_changed(demo: Path, tmp_path: Path) -> None:
    """Three rows before; one stays, one changes its labels, one goes; two come."""
    shutil.copytree(demo / "demo-lake", tmp_path / "demo-lake")

    def table(name: str, rows: list[tuple[str, list[str]]]) -> None:
        pl.DataFrame(
            {
                "record_id": [r for r, _ in rows],
                "taxonomy": "t",
                "labeler": "l",
                "labels": [names for _, names in rows],
            }
        ).write_parquet(tmp_path / f"{name}.parquet")

    table("before", [("a", ["joy"]), ("b", ["joy"]), ("c", [])])
    table("after", [("a", ["joy"]), ("b", ["joy", "love"]), ("d", []), ("e", ["fear"])])
    assert ask(tmp_path, query(20)) == [
        {"taxonomy": "t", "new": 2, "gone": 1, "changed": 1, "same": 1}
    ]


def test_queries_about_what_the_demo_has_not(tmp_path: Path) -> None:
    rows = [turn(name, turn=n) for n, name in enumerate("abcd")]
    answers = [
        label(row, "emotion", "ekman", who, labels=[name], scores=scores(joy=0.5, anger=0.5))
        for row, names in zip(
            rows, [("joy", "joy"), ("joy", "anger"), ("anger", "joy"), ("joy", "joy")], strict=True
        )
        for who, name in zip(("student", "teacher"), names, strict=True)
    ]
    keys = ("record_id", "corpus", "domain", "partition", "speaker", "role")
    known = [{name: row[name] for name in keys} for row in rows]
    asked = {"task": "emotion", "taxonomy": "ekman", "labeler": "qwen", "request_hash": "h"}
    calls = [
        known[0] | asked | {"source": "asked", "attempts": 3, "prompt_tokens": 100, "cached_tokens": 40,
                            "completion_tokens": 7, "latency_ms": 10.0},
        known[1] | asked | {"source": "asked", "attempts": 1, "prompt_tokens": 50, "cached_tokens": 0,
                            "completion_tokens": 3, "latency_ms": 30.0},
        known[2] | asked | {"source": "cached", "attempts": 0, "prompt_tokens": 900, "cached_tokens": 0,
                            "completion_tokens": 900},
        known[3] | asked | {"source": "shared", "attempts": 0, "prompt_tokens": 50, "cached_tokens": 0,
                            "completion_tokens": 3},
    ]  # fmt: skip
    clusters = [
        row | {"cluster": cluster, "representative": True, "outcome": "kept"}
        for row, cluster in zip(known, "xxyx", strict=True)
    ]
    lake = made_lake(tmp_path, rows, answers, calls=calls, dedup=clusters)
    with open_catalog(queryable_files(lake, state(lake)[1])) as catalog:
        copies = catalog.frame(query(3)).to_dicts()
        apart = catalog.frame(query(11)).to_dicts()
        cost = catalog.frame(query(14)).to_dicts()
    assert [(row["cluster"], row["copies"], row["speakers"]) for row in copies] == [("x", 3, 1)]
    # Of four rows two differ: in one only the student says joy, in the other only the teacher.
    assert [(row["label"], row["one"], row["other"], row["rows"], row["only_one"], row["only_other"], row["differ"])
            for row in apart] == [
        ("anger", "student", "teacher", 4, 1, 1, 0.5), ("joy", "student", "teacher", 4, 1, 1, 0.5),
    ]  # fmt: skip
    assert cost == [{
        "task": "emotion", "taxonomy": "ekman", "labeler": "qwen", "questions": 4, "asked": 2, "prompt_tokens": 150,
        "of_these_cached_by_the_server": 40, "completion_tokens": 10, "repeated": 2, "median_ms": 20.0,
    }]  # fmt: skip
    assert key("talk")  # ids are keyed ones


def test_commands_and_python_of_the_page(demo: Path, tmp_path: Path) -> None:
    shutil.copytree(demo / "demo-lake", tmp_path / "demo-lake")
    lines = [
        line
        for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
        for line in block.splitlines()
    ]
    ran = [line for line in lines if line.startswith("affectmine ")]
    assert len(ran) == len(lines) - 1  # the other is DuckDB's shell
    for line in ran:
        done = command(*shlex.split(line)[1:], cwd=tmp_path)
        assert done.code == 0, (line, done.err)
    same = sum(1 for taxonomy in ("goemotions", "ekman") for _ in labels(demo, taxonomy))
    with duckdb.connect() as shell:
        shell.execute(f"SET file_search_path = '{tmp_path}'")
        told = shell.sql(query(20)).pl()
    assert (told["same"].sum(), told["new"].sum(), told["gone"].sum()) == (same, 0, 0)
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    checked = script + "\nassert frame.height > 5\nassert files.collect().height == 754\n"
    done = subprocess.run(
        [sys.executable, "-c", checked],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "demo_social" in done.stdout


def test_the_line_on_the_page_of_a_conversation_is_that_of_the_mart(demo: Path) -> None:
    lake = open_lake(demo / "demo-lake")
    rows = ask(demo, "SELECT * FROM mart_trajectories ORDER BY conversation_id, taxonomy, bin")
    expected: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        expected[row["conversation_id"], row["taxonomy"]].append(row)
    assert len(expected) == 34
    for conversation in sorted({name for name, _ in expected})[::3]:
        found = read_conversation(lake, conversation, None)
        numbers = {each.record_id: each.number for each in found.turns if each.number}
        for answers in found.answers:
            line = trajectory(answers, numbers, dict.fromkeys(numbers, 0))
            assert line is not None
            told = expected[conversation, answers.taxonomy]
            assert [each.turns for each in line.bins] == [row["turns"] for row in told]
            assert [each.valence for each in line.bins] == pytest.approx(
                [row["valence"] for row in told]
            )
            assert [each.smoothed for each in line.bins] == pytest.approx(
                [row["smoothed"] for row in told]
            )


def test_the_connection_that_superset_takes(demo: Path) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    pytest.importorskip("duckdb_engine")
    url = f"duckdb:///{demo / 'demo-lake' / 'catalog.duckdb'}"
    assert url.startswith("duckdb:////")
    engine = sqlalchemy.create_engine(url, connect_args={"read_only": True})
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT count(*) FROM clean")).scalar() == 754
