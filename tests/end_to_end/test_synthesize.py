"""Each recipe from a lake to published synthetic rows, before a real vLLM server."""

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from pipelines.lake.lake import open_lake
from pipelines.lake.mart_files import queryable_files
from pipelines.lake.snapshots import published
from pipelines.query.catalog import open_catalog
from schemas.recipe import load_recipe, recipe_names
from tests.end_to_end.asked import wait_for
from tests.end_to_end.corpus import command, environment
from tests.end_to_end.generated import SEEDED, write_lake, write_synthesis
from tests.pipelines.serving.fault_proxy import FaultProxy

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """With a published lake, to which each test adds a synthesis of its own."""
    found = tmp_path_factory.mktemp("synthesis")
    write_lake(found)
    return found


def rows_of(folder: Path, sql: str) -> pl.DataFrame:
    lake = open_lake((folder / "lake").absolute())
    with open_catalog(queryable_files(lake, published(lake)[1])) as catalog:
        return catalog.frame(sql)


@pytest.mark.parametrize("recipe", recipe_names())
def test_a_recipe_end_to_end(folder: Path, tiny_server, recipe: str) -> None:
    config = write_synthesis(folder, tiny_server.url, recipe)
    ran = command("synthesize", config, "--json", cwd=folder)
    assert ran.code == 0, (ran.out, ran.err)
    told = json.loads(ran.out)
    rows = rows_of(folder, f"SELECT * FROM synthetic WHERE corpus = 'made_{recipe}'")
    # The counts add up, on the screen and in the rows.
    control = told["control"]
    assert control["rows"] == told["rows"] == rows.height
    assert control["kept"] + sum(control["reasons"].values()) == rows.height
    found = Counter(rows.filter(pl.col("outcome") == "dropped")["reason"].to_list())
    assert found == Counter(control["reasons"])
    assert rows["item"].n_unique() == 24
    # Where a row comes from.
    made = rows.filter(pl.col("text_clean").is_not_null())
    assert made.height > 0
    assert set(rows["recipe"]) == {recipe}
    assert set(made["generator"]) == {"tiny"}
    roles = {entry["role"] for models in made["models"].to_list() for entry in models}
    assert roles <= set(load_recipe(recipe).roles)
    assert rows["record_id"].is_unique().all()
    clean = rows_of(folder, "SELECT record_id, corpus, text_clean FROM clean")
    seeds = set(rows["seed_record_ids"].explode().drop_nulls())
    assert seeds <= set(clean["record_id"])
    assert bool(seeds) is (recipe in SEEDED)
    assert set(rows["domain"]) == ({"social"} if recipe in SEEDED else {"synthetic"})
    # Nothing is kept without a judge and a check, and an item is kept whole or not at all.
    kept = rows.filter(pl.col("outcome") == "kept")
    assert kept["judge_scores"].list.len().fill_null(0).min() in (None, *range(1, 9))
    assert kept["checked_labels"].null_count() == 0
    assert kept["agreed"].drop_nulls().all()
    assert set(kept["item"]).isdisjoint(rows.filter(pl.col("outcome") == "dropped")["item"])
    for scores in kept["judge_scores"].to_list():
        for score in scores:
            assert sum(score["probabilities"]) == pytest.approx(1, abs=1e-3)
            levels = enumerate(score["probabilities"], start=1)
            assert score["score"] == pytest.approx(sum(n * p for n, p in levels), abs=1e-3)
    # Synthetic rows are in no view of what people wrote.
    assert f"made_{recipe}" not in set(clean["corpus"])
    assert set(made["text_clean"]).isdisjoint(clean["text_clean"])
    # A second time nothing is asked and nothing changes.
    again = json.loads(command("synthesize", config, "--json", cwd=folder).out)
    assert again["cost"] == {}
    assert again["snapshot"] == told["snapshot"]


def test_killed_it_goes_on_and_asks_nothing_twice(tmp_path: Path, tiny_server) -> None:
    write_lake(tmp_path)
    with FaultProxy(tiny_server.url) as proxy:
        config = write_synthesis(tmp_path, proxy.url, "followup_reward", items=30)
        undisturbed = command("synthesize", config, "--json", "--lake", "other-lake", cwd=tmp_path)
        assert undisturbed.code == 0, undisturbed.err
        requests = proxy.completions
        expected = rows_of_lake(tmp_path / "other-lake")
        for part in (0.3, 0.6):
            before = proxy.completions
            process = subprocess.Popen(
                [sys.executable, "-m", "jobs.cli", "synthesize", config, "--json"],
                cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            wait_for(lambda n=before + part * requests / 2: proxy.completions >= n, process)
            process.send_signal(signal.SIGKILL)
            process.wait()
        ran = command("synthesize", config, "--json", cwd=tmp_path)
        assert ran.code == 0, ran.err
        # What was in flight, and what was not flushed, when it was killed is asked again.
        assert proxy.completions - requests <= requests + 2 * (256 + 256)
    found = rows_of_lake(tmp_path / "lake")
    assert found.equals(expected)


def rows_of_lake(lake: Path) -> pl.DataFrame:
    opened = open_lake(lake.absolute())
    with open_catalog(queryable_files(opened, published(opened)[1])) as catalog:
        return catalog.frame(
            "SELECT record_id, part, target, outcome, reason, text_clean FROM synthetic ORDER BY record_id"
        )


def test_a_budget_stops_and_more_of_it_goes_on(tmp_path: Path, tiny_server) -> None:
    write_lake(tmp_path)
    with FaultProxy(tiny_server.url) as proxy:
        config = write_synthesis(
            tmp_path, proxy.url, "rebalance", items=30, more="budget: {requests: 20}\n"
        )
        ran = command("synthesize", config, "--json", cwd=tmp_path)
        assert ran.code == 1, ran.out
        assert "budget is used up" in ran.err
        assert json.loads(ran.out)["snapshot"] is None
        first = json.loads(ran.out)
        assert proxy.completions <= 20 + 4 * 6 * 2  # four shards, each of whose steps had begun
        path = tmp_path / config
        path.write_text(path.read_text().replace("requests: 20", "requests: 2000"))
        more = command("synthesize", config, "--json", cwd=tmp_path)
        assert more.code == 0, more.err
        told = json.loads(more.out)
        assert told["snapshot"] > 1
        assert told["shards_done_before"] == first["shards"]
        # Of the shards that had begun, what was written is not asked again.
        assert told["cost"]["from_cache"] > 0
        written = 30 - 6 * first["shards"]
        assert told["cost"]["requests"] <= 4 * written


def test_a_gate_of_diversity_blocks_and_publishes_nothing(folder: Path, tiny_server) -> None:
    before = rows_of(folder, "SELECT count(*) AS n FROM synthetic")["n"][0]
    config = write_synthesis(folder, tiny_server.url, "rebalance", items=40)
    path = folder / config
    path.write_text(
        path.read_text().replace("made_rebalance", "made_gated")
        + "diversity: {least_rows: 2, max_opening_repetition: 0.01}\n"
    )
    ran = command("synthesize", config, "--json", cwd=folder)
    assert ran.code == 3, (ran.out, ran.err)
    assert "opening_repetition" in ran.err
    assert rows_of(folder, "SELECT count(*) AS n FROM synthetic")["n"][0] == before


def test_mistakes_are_told_before_anything_is_asked(tmp_path: Path) -> None:
    write_lake(tmp_path, rows=20)
    config = write_synthesis(tmp_path, "http://127.0.0.1:9", "rebalance")
    path = tmp_path / config
    good = path.read_text()
    for change, told in (
        (("writer: tiny.yaml", "author: tiny.yaml"), "nobody plays writer; author is no role"),
        (("items: 24", "items: 0\nnonsense: 1"), "2 mistake"),
        (("name: made_rebalance", "name: posts"), "a corpus of people's texts named posts"),
        (("checker: student", "checker: tiny.yaml"), "agree with itself"),
        (("recipe: ./recipe/rebalance.yaml", "recipe: rebalanze"), "Did you mean 'rebalance'"),
    ):
        path.write_text(good.replace(*change))
        ran = command("synthesize", config, cwd=tmp_path)
        assert ran.code == 2, (told, ran.out, ran.err)
        assert told in ran.err
        assert "Traceback" not in ran.err
