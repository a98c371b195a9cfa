"""All real corpora in one run: published, and with the counts that small counters of our own find in the files."""

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.end_to_end import real_counts
from tests.end_to_end.corpus import ROOT, command
from tests.end_to_end.real_counts import Count

pytestmark = pytest.mark.slow

CONFIG = ROOT / "benchmarks" / "real_corpora.yaml"
CORPORA = [corpus["name"] for corpus in yaml.safe_load(CONFIG.read_text())["corpora"]]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = ROOT.parent / "shared" / "data"
    if not data.is_dir():
        pytest.skip("needs ../shared/data, which is not here")
    folder = tmp_path_factory.mktemp("real")
    ran = command(
        "run", CONFIG, "--data", data, "--lake", folder / "lake", "--json", cwd=folder, timeout=1800
    )
    assert ran.code == 0, ran.err
    assert ran.json["snapshot"] == 1
    assert all(gate["passed"] for gate in ran.json["gates"])
    return folder / "lake"


def ask(lake: Path, query: str) -> Any:
    with duckdb.connect(str(lake / "catalog.duckdb"), read_only=True) as database:
        return database.execute(query).fetchall()


def units(lake: Path, corpus: str) -> tuple[Counter[str], Counter[str]]:
    counts, reasons = Counter[str](), Counter[str]()
    for path in (lake / "ingest" / corpus).rglob("chunk-*.json"):
        manifest = json.loads(path.read_text())
        counts.update(manifest["counts"])
        reasons.update(manifest["reasons"])
    return counts, reasons


@pytest.mark.parametrize("corpus", CORPORA)
def test_counts(lake: Path, corpus: str) -> None:
    counts, reasons = units(lake, corpus)
    files = [str(path) for path in (lake / "restricted" / "records" / corpus).rglob("*.parquet")]
    ((records, conversations, speakers),) = duckdb.execute(
        "SELECT count(*), count(DISTINCT conversation_id), count(DISTINCT speaker) FROM read_parquet($files)",
        {"files": files},
    ).fetchall()
    expected: Count = getattr(real_counts, corpus)(ROOT.parent / "shared" / "data")
    skipped = {reason: count for reason, count in expected.skipped.items() if count}
    assert (
        Count(
            counts["used"], records, conversations, speakers,
            {reason: n for reason, n in reasons.items() if reason in skipped}, counts["quarantined"],
        ) == expected._replace(skipped=skipped)
    )  # fmt: skip
    assert counts["skipped"] == sum(skipped.values())
    assert counts["records"] == records


def test_what_clean_drops(lake: Path) -> None:
    query = "SELECT corpus, count(*) FROM clean WHERE outcome = 'dropped' GROUP BY ALL"
    assert dict(ask(lake, query)) == real_counts.dropped(ROOT.parent / "shared" / "data")
    reasons = ask(lake, "SELECT DISTINCT reason FROM clean WHERE outcome = 'dropped'")
    assert {reason for (reason,) in reasons} == {"boilerplate", "no_text", "empty"}


def test_what_dedup_drops(lake: Path) -> None:
    """Only posts that stand alone and have no gold: the questions of Stack Exchange, here beside plain sets."""
    alone = "corpus = 'bicycles_meta' AND outcome = 'kept' AND reply_to IS NULL"
    query = f"SELECT record_id, text_clean FROM clean WHERE {alone}"
    grams = {name: five(text) for name, text in ask(lake, query)}
    twins = {
        frozenset((one, other))
        for one, other in itertools.combinations(grams, 2)
        if len(grams[one] & grams[other]) >= 0.8 * len(grams[one] | grams[other])
    }
    query = "SELECT record_id, cluster, corpus FROM dedup WHERE outcome = 'dropped'"
    found = ask(lake, query)
    assert {corpus for _, _, corpus in found} == {"bicycles_meta"}
    assert {frozenset((name, cluster)) for name, cluster, _ in found} <= twins
    kept = set(grams) - {name for name, _, _ in found}
    assert not [pair for pair in twins if pair <= kept]


def five(text: str) -> set[str]:
    """Sets of five characters of the text, in lower case with single spaces."""
    plain = " ".join(text.casefold().split())
    return {plain[n : n + 5] for n in range(len(plain) - 4)}


def test_what_the_sources_say(lake: Path) -> None:
    """Figures of SOURCES.md, by hand."""
    told = {
        "goemotions": 43_410 + 5_426, "premo": 1_235, "annomi": 9_965, "edos": 7_123, "counsel_chat": 1_391,
        "brighter": 63_940 + 8_291 + 22_457, "multidogo": 93_261, "topical_chat": 1_078, "mts_dialog": 1_301,
        "emobank": 9_062,
    }  # fmt: skip
    assert {corpus: units(lake, corpus)[0]["used"] for corpus in told} == told
    assert ask(lake, "SELECT count(*) FROM clean WHERE corpus = 'topical_chat'") == [(23_373,)]
    talks = "SELECT count(DISTINCT conversation_id) FROM clean WHERE corpus = 'annomi'"
    assert ask(lake, talks) == [(99,)]
    assert ask(lake, talks.replace("annomi", "changelog")) == [(359,)]
    assert ask(lake, talks.replace("annomi", "primock57")) == [(45,)]


def test_every_later_turn_of_a_talk_has_its_context(lake: Path) -> None:
    """A talk that lies in one partition: its first turn alone has no context."""
    query = """
        SELECT count(*) FILTER (len(context) = 0), count(DISTINCT conversation_id) FROM contexts
        WHERE corpus IN ('annomi', 'topical_chat', 'mts_dialog')
    """
    ((alone, talks),) = ask(lake, query)
    assert alone == talks == 99 + 1_078 + 1_301
