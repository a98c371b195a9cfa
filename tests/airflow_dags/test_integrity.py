"""What Airflow makes of a folder of configs, without a database; expected DAGs are written by hand."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from schemas.config.airflow import AirflowConfig, ServeConfig
from schemas.config.load import load_config
from tests.airflow_dags.airflow_venv import DAGS, Home, new_home

BY_DAY = """lake: ../lake
corpora:
  - {name: posts, domain: social, license: CC0-1.0, sources: "posts/{day}.jsonl"}
"""
GPU = """lake: s3://bucket/of/affect
corpora:
  - {name: talks, domain: podcast, license: CC0-1.0, sources: ["talks/*.jsonl"]}
dedup: {}
windows: {}
label:
  - {task: emotion}
  - {task: emotion, labeler: models/qwen.yaml}
airflow:
  schedule: "30 4 * * 1"
  start: 2026-01-01
  groups: 2
  retries: 5
  pool: mine
  serve: {model: Qwen/Q, revision: abc, flags: [--max-model-len, "2048"]}
  pod_template: pods/label.yaml
  maintenance: null
  report: null
"""
DAY = "{{ dag_run.partition_key or params.day or macros.ds_add(dag_run.run_after | ds, -1) }}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = new_home(tmp_path_factory.mktemp("airflow"))
    (home.configs / "posts.yaml").write_text(BY_DAY)
    (home.configs / "late.yml").write_text(BY_DAY + "airflow: {late_days: 2, label_pool: big}\n")
    (home.configs / "gpu.talks.yaml").write_text(GPU)
    (home.configs / "derived.yaml").write_text(
        BY_DAY
        + "airflow: {syntheses: [made/rare.yaml, ../b.yaml], exports: [made/corpus.yaml], report: null}\n"
    )
    (home.configs / "once.yaml").write_text(
        BY_DAY.replace("{day}", "*")
        + "airflow: {exports: [/x/corpus.yaml], report: null, pool: mine}\n"
    )
    (home.configs / "files.yaml").write_text(BY_DAY + "airflow: {exports: corpus.yaml}\n")
    (home.configs / "twice.yaml").write_text(
        BY_DAY + "airflow: {exports: [a/corpus.yaml, b/corpus.yaml]}\n"
    )
    (home.configs / "broken.yaml").write_text("lake: [x\n")
    (home.configs / "typo.yaml").write_text(BY_DAY + "airflow: {shedule: null}\n")
    (home.configs / "value.yaml").write_text(BY_DAY + "airflow: {groups: two}\n")
    (home.configs / "notes.txt").write_text("no config")
    for number in range(30):
        (home.configs / f"team_{number:02d}.yaml").write_text(BY_DAY)
    return home


@pytest.fixture(scope="module")
def told(home: Home) -> dict[str, Any]:
    return home.asked("ask_dags.py", DAGS)


def upstream(dag: dict[str, Any]) -> dict[str, list[str]]:
    return {name: task["upstream"] for name, task in dag["tasks"].items()}


def test_a_config_is_its_dags(told: dict[str, Any], home: Home) -> None:
    assert told["errors"] == {}
    names = [f"team_{number:02d}" for number in range(30)] + ["posts", "late"]
    kinds = ("affect_corpus", "affect_backfill", "affect_report")
    expected = {f"{kind}.{name}" for kind in kinds for name in names}
    expected |= {
        "affect_corpus.gpu_talks",
        "affect_corpus.derived",
        "affect_backfill.derived",
        "affect_synthesis.derived",
        "affect_training_corpora.derived",
        "affect_corpus.once",
        "affect_training_corpora.once",
        "affect_corpus.files",
        "affect_corpus.twice",
        "affect_corpus.broken",
        "affect_corpus.typo",
        "affect_corpus.value",
    }
    lakes = {name for name in told["dags"] if name.startswith("affect_maintenance.")}
    assert set(told["dags"]) == expected | lakes
    assert sorted(name.rpartition("_")[0] for name in lakes) == [
        "affect_maintenance.affect", "affect_maintenance.lake",
    ]  # fmt: skip
    assert told["ours"] == []  # a DAG starts our command; it imports nothing of ours
    for name in names[:1]:
        load_config(home.configs / f"{name}.yaml")  # and the command takes the same file


def test_by_day(told: dict[str, Any], home: Home) -> None:
    dag = told["dags"]["affect_corpus.posts"]
    assert dag["timetable"] == "CronPartitionTimetable"
    assert (dag["schedule"], dag["catchup"], dag["active_runs"]) == ("0 3 * * *", False, 1)
    assert upstream(dag) == {
        "plan": [], "ingest": ["plan"], "clean": ["ingest"], "label": ["clean"], "check": ["label"],
        "publish": ["check"], "announce": ["publish"],
    }  # fmt: skip
    config = str(home.configs / "posts.yaml")
    for name, task in dag["tasks"].items():
        assert (task["retries"], task["backoff"], task["pool"]) == (3, True, "default_pool")
        assert task["outlets"] == (["affect.posts"] if name == "announce" else [])
        if name not in ("label", "announce"):
            assert task["arguments"] == [name, config, "--day", DAY]
    assert dag["tasks"]["label"]["mapped"] == [["label", config, "--day", DAY, "--group", "1/1"]]
    late = told["dags"]["affect_corpus.late"]["tasks"]
    inner = DAY.strip("{} ")
    assert late["clean"]["arguments"][-1] == f"{{{{ macros.ds_add({inner}, -2) }}}}..{DAY}"
    assert late["label"]["pool"] == "big"
    assert told["dags"]["affect_report.posts"]["timetable"] == "PartitionedAssetTimetable"


def test_all_at_once_with_a_language_model(told: dict[str, Any], home: Home) -> None:
    dag = told["dags"]["affect_corpus.gpu_talks"]
    assert dag["timetable"] == "CronTriggerTimetable"
    assert (dag["schedule"], dag["catchup"]) == ("30 4 * * 1", True)
    assert upstream(dag) == {
        "plan": [], "ingest": ["plan"], "clean": ["ingest"], "dedup": ["clean"], "windows": ["dedup"],
        "serve": ["windows"], "label": ["serve", "windows"], "stop_serving": ["label", "serve"],
        "check": ["label"], "publish": ["check"], "announce": ["publish"],
    }  # fmt: skip
    tasks = dag["tasks"]
    config = str(home.configs / "gpu.talks.yaml")
    assert tasks["label"]["mapped"] == [["label", config, "--group", f"{n}/2"] for n in (1, 2)]
    template = str(home.configs / "pods" / "label.yaml")
    assert tasks["label"]["executor_config"] == {"pod_template_file": template}
    assert [name for name in tasks if tasks[name]["pool"] == "affectmine_gpu"] == ["label", "serve"]
    assert {task["retries"] for task in tasks.values()} == {5}
    labeler = str(home.configs / "models" / "qwen.yaml")
    assert tasks["serve"]["arguments"] == [
        "serve", "Qwen/Q", "--detach", "--labeler", labeler, "--port", "8000", "--revision", "abc",
        "--json", "--", "--max-model-len", "2048",
    ]  # fmt: skip
    assert tasks["stop_serving"]["arguments"] == ["serve", "--stop", labeler]
    assert (tasks["serve"]["setup"], tasks["stop_serving"]["teardown"]) == (True, True)


def test_what_is_derived_when_something_is_published(told: dict[str, Any], home: Home) -> None:
    dag = told["dags"]["affect_synthesis.derived"]
    assert (dag["timetable"], dag["active_runs"]) == ("PartitionedAssetTimetable", 1)
    assert dag["heard"] == ["affect.derived"]
    assert upstream(dag) == {
        "synthesize_rare": [], "announce_rare": ["synthesize_rare"],
        "synthesize_b": [], "announce_b": ["synthesize_b"],
    }  # fmt: skip
    lake = str((home.folder / "lake").resolve())
    made = dag["tasks"]["synthesize_rare"]
    assert made["arguments"] == [
        "synthesize", str(home.configs / "made" / "rare.yaml"), "--lake", lake,
    ]  # fmt: skip
    assert made["pool"] == "affectmine_gpu"  # a language model answers
    assert dag["tasks"]["announce_b"]["outlets"] == ["affect.derived.synthetic"]
    corpora = told["dags"]["affect_training_corpora.derived"]
    assert corpora["timetable"] == "PartitionedAssetTimetable"
    assert corpora["heard"] == ["affect.derived", "affect.derived.synthetic"]
    export = corpora["tasks"]["export_corpus"]
    assert export["arguments"] == [
        "export", str(home.configs / "made" / "corpus.yaml"), "--lake", lake, "--replace",
    ]  # fmt: skip
    assert corpora["tasks"]["announce_corpus"]["outlets"] == ["affect.derived.training_corpora"]
    once = told["dags"]["affect_training_corpora.once"]
    assert (once["timetable"], once["heard"]) == ("AssetTriggeredTimetable", ["affect.once"])
    assert once["tasks"]["export_corpus"]["arguments"][1] == "/x/corpus.yaml"
    assert once["tasks"]["export_corpus"]["pool"] == "mine"


def test_a_config_that_cannot_be_read_says_so_and_harms_no_other(told: dict[str, Any]) -> None:
    for name, why in (
        ("broken", "ParserError"),
        ("typo", "unknown keys in `airflow`: shedule"),
        ("value", "TypeError"),
        ("files", "airflow.exports is no list of files"),
        ("twice", "airflow.exports has two files that give corpus"),
    ):
        dag = told["dags"][f"affect_corpus.{name}"]
        assert list(dag["tasks"]) == ["plan"]  # which the command ends with all mistakes, by line
        assert dag["timetable"] == "NullTimetable"
        assert why in dag["doc"]


def test_keys_and_defaults_are_those_of_the_config(told: dict[str, Any]) -> None:
    assert told["defaults"] == AirflowConfig().model_dump(mode="json")
    serve = ServeConfig(model="m").model_dump(mode="json")
    assert told["serve"] == {key: value for key, value in serve.items() if key != "model"}


def test_in_a_folder_of_other_dags(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    (home.configs / "posts.yaml").write_text(BY_DAY)
    shutil.copytree(DAGS, tmp_path / "dags" / "affectmine")
    told = home.asked("ask_dags.py", tmp_path / "dags")
    assert told["errors"] == {}
    assert "affect_corpus.posts" in told["dags"]
