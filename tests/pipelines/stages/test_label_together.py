"""Several label stages over one shard in one pass: what each would write alone, whatever was done before."""

import dataclasses
from pathlib import Path

import polars as pl
import pytest

from jobs.label import label_tasks, names_of, passes, refuse_equal
from pipelines.engines.local import Done
from pipelines.stages import row as row_stage
from pipelines.stages.row import RowTask, run_row_task, run_row_tasks
from schemas.config.run import LabelConfig
from schemas.errors import ConfigError, TerminalError, TransientError
from tests.jobs.dedup_runs import Runs, row
from transforms.label.student.catalog import shipped
from transforms.label.student.weights import save_weights

ROWS = [
    row("a", "thank you so much for your help", minute=0),
    row("gone", "beep boop", outcome="dropped", reason="bot"),
    row("b", "漢漢漢字", minute=1),
    row("c", "I hate this, it is awful", minute=2),
]
CONFIGS = [
    LabelConfig(),
    LabelConfig(task="vad", taxonomy="vad"),
    LabelConfig(task="intent", taxonomy="empathetic_intents"),
    LabelConfig(task="emotion_intensity", taxonomy="ekman_intensity"),
]


def tasks(folder: Path) -> tuple[Runs, tuple[RowTask, ...]]:
    folder.mkdir(exist_ok=True)
    runs = Runs(folder)
    cleaned = [runs.clean("file", ROWS)]
    found = [task for config in CONFIGS for task in label_tasks(runs.session(), cleaned, config)]
    return runs, tuple(found)


def rows(runs: Runs, manifest) -> pl.DataFrame:
    return pl.read_parquet(runs.lake.path(manifest.outputs[0].path))


def test_together_as_alone(tmp_path: Path) -> None:
    runs, together = tasks(tmp_path / "together")
    others, alone = tasks(tmp_path / "alone")
    made = run_row_tasks(together)
    for manifest, task in zip(made, alone, strict=True):
        own = run_row_task(task)
        assert (manifest.name, manifest.fingerprint) == (own.name, own.fingerprint)
        assert (manifest.counts, manifest.reasons) == (own.counts, own.reasons)
        assert manifest.counts["in"] == 3
        assert rows(runs, manifest).equals(rows(others, own))
    assert rows(runs, made[0])["labels"].to_list()[0] == ["gratitude"]
    vad = rows(runs, made[1])
    assert vad["answer"].struct.fields == ["valence", "arousal", "dominance"]
    assert vad["answer"][0]["valence"] > vad["answer"][2]["valence"]
    assert vad["answer"].to_list()[1] is None
    assert rows(runs, made[3])["answer"].dtype.fields[0].dtype == pl.Int8


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    runs, together = tasks(tmp_path)
    second = run_row_task(together[1])
    made = run_row_tasks(together)
    assert made[1] == second
    assert run_row_tasks(together) == made
    assert len(list(runs.lake.root.glob("labels/**/*.parquet"))) == len(CONFIGS)


def test_killed_between_two_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, together = tasks(tmp_path)
    commit, number = row_stage.make_shards.__globals__["commit"], 0

    def failing(lake, manifest):
        nonlocal number
        number += 1
        if number == 3:
            raise TransientError("no space left")
        return commit(lake, manifest)

    monkeypatch.setitem(row_stage.make_shards.__globals__, "commit", failing)
    with pytest.raises(TransientError):
        run_row_tasks(together)
    assert len(list(runs.lake.root.glob("labels/**/shard-*.json"))) == 2
    monkeypatch.undo()
    made = run_row_tasks(together)
    assert [rows(runs, manifest).height for manifest in made] == [3] * len(CONFIGS)


def test_a_failed_attempt_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, together = tasks(tmp_path)

    def broken(*_):
        raise TransientError("the disk is gone")

    monkeypatch.setattr(row_stage, "_count", broken)
    with pytest.raises(TransientError):
        run_row_tasks(together)
    assert list(runs.lake.root.glob("labels/**/shard-*")) == []


def test_which_stages_share_a_pass() -> None:
    own = LabelConfig(labeler="mine.safetensors")
    assert passes([*CONFIGS, own]) == [[*CONFIGS, own]]


def test_stages_that_would_write_to_one_place(tmp_path: Path) -> None:
    weights = tmp_path / "a" / "mine.safetensors"
    (tmp_path / "b").mkdir()
    weights.parent.mkdir()
    save_weights(shipped("vad-emobank"), weights)
    save_weights(shipped("vad-emobank"), tmp_path / "b" / "mine.safetensors")
    same = [
        LabelConfig(task="vad", taxonomy="vad", labeler=f"{folder}/mine.safetensors")
        for folder in ("a", "b")
    ]
    with pytest.raises(ConfigError, match="labels/vad/vad/own_mine"):
        refuse_equal(same, tmp_path)
    two = [
        LabelConfig(taxonomy="ekman"),
        LabelConfig(taxonomy="ekman", labeler="student:emotion-brighter"),
    ]
    refuse_equal(two, tmp_path)
    assert names_of(two, tmp_path) == [
        "emotion/ekman/student",
        "emotion/ekman/student_emotion-brighter",
    ]
    assert names_of(CONFIGS, tmp_path) == [
        "goemotions",
        "vad",
        "empathetic_intents",
        "ekman_intensity",
    ]


class Inline:
    """An engine without processes."""

    def map(self, function, todo):
        for task in todo:
            try:
                yield Done(task, function(task), None)
            except TerminalError as error:
                yield Done(task, None, error)


def test_one_labeler_that_fails_leaves_the_others_running(tmp_path: Path) -> None:
    weights = tmp_path / "mine.safetensors"
    save_weights(shipped("vad-emobank"), weights)
    runs = Runs(tmp_path / "lake")
    cleaned = [runs.clean("file", ROWS)]
    own = LabelConfig(task="vad", taxonomy="vad", labeler=str(weights))
    bundle = tuple(
        label_tasks(runs.session(), cleaned, config)[0] for config in (CONFIGS[0], own, CONFIGS[2])
    )
    weights.unlink()
    session = dataclasses.replace(runs.session(), engine=Inline())
    failed = []
    made = session.bundles(
        "label", run_row_tasks, [bundle], variants=["a", "own", "b"], on_failure=failed.append
    )
    assert [manifest.outputs[0].variant for manifest in made] == sorted(
        [bundle[0].variant, bundle[2].variant]
    )
    assert failed == [bundle[1]]
    assert [(each.shards, each.failed) for each in session.totals[-3:]] == [(1, 0), (0, 1), (1, 0)]
