"""Every command of the README runs, in its order, in a folder of its own."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.corpus import ROOT, environment
from tests.end_to_end.test_files import own_labels
from tests.pipelines.lake.s3_server import ObjectStore

pytestmark = pytest.mark.slow

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def commands() -> list[str]:
    lines = [line.split("  #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line]


def test_the_make_targets_are_those_of_ci() -> None:
    makes = [line for line in commands() if line.startswith("make ")]
    assert makes == ["make demo", "make test"]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert {"demo", "test", "test-all", "lint"} <= targets
    script = (ROOT / ".ci" / "run").read_text()
    assert "make demo" in script
    assert "make test-all" in script


@pytest.fixture
def store() -> Iterator[ObjectStore]:
    """An object store with the bucket of the README."""
    store = ObjectStore()
    store.start()
    store.client().create_bucket(Bucket="my-bucket")
    yield store
    store.stop()


def test_every_command_and_the_python_example(tmp_path: Path, store: ObjectStore) -> None:
    (tmp_path / "posts.jsonl").write_bytes((ROOT / "jobs/demo/corpus/social.jsonl").read_bytes())
    gold = {"text": ["thanks a lot!", "why is that?"], "labels": [["gratitude"], ["curiosity"]]}
    with (tmp_path / "gold.jsonl").open("w") as file:
        for text, labels in zip(gold["text"], gold["labels"], strict=True):
            file.write(json.dumps({"text": text, "labels": labels}) + "\n")
    own_labels(40).write_parquet(tmp_path / "gold.parquet")
    for block in blocks("yaml"):  # those that name their file
        if name := re.match(r"# (\w+\.yaml)\n", block):
            (tmp_path / name.group(1)).write_text(block)
    ran = [line for line in commands() if not line.startswith("make ")]
    assert len(ran) >= 14
    for line in ran:
        words = shlex.split(line)
        assert words[0] == "affectmine", line
        if "--engine" in words and "--lake" not in words:
            shutil.rmtree(tmp_path / "lake")  # else there would be nothing to do
        done = subprocess.run(
            [sys.executable, "-m", "jobs.cli", *words[1:]], cwd=tmp_path,
            env=environment(**store.environment), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (line, done.stdout, done.stderr)
    assert "FROM labels" in ran[-1]  # in the bucket, by Spark; those in the folder are Beam's
    labels = pl.scan_parquet(tmp_path / "lake" / "labels" / "**" / "*.parquet")
    assert re.findall(r"^ *(\d+) *$", done.stdout, flags=re.MULTILINE) == [
        str(labels.select(pl.len()).collect().item())
    ]
    (example,) = blocks("python")
    script = (
        example
        + "\nassert frame['labels'].to_list() == [['gratitude']]\nassert counts['n'][0] > 400\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment(), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), (page.name, target)
    assert os.environ.get("AFFECTMINE_KEY")


def test_a_language_model_in_three_commands(
    tmp_path: Path, tiny_model: Path, vllm_python: Path
) -> None:
    """Those of the README, with the tiny model in place of the large one."""
    (block,) = blocks("bash")
    lines = [line.split("  #")[0].strip() for line in block.splitlines()]
    posts = (ROOT / "jobs/demo/corpus/social.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "posts.jsonl").write_bytes(b"".join(posts[:40]))
    assert [line.split()[1] for line in lines] == ["serve", "label", "serve"]
    for line in lines:
        words = shlex.split(line.replace("Qwen/Qwen3-8B", str(tiny_model)))
        if "--detach" in words:
            words += ["--labeler", "qwen3_8b.yaml", "--port", "0", "--python", str(vllm_python)]
        done = subprocess.run(
            [sys.executable, "-m", "jobs.cli", *words[1:]],
            cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (line, done.stdout, done.stderr)
    labels = pl.read_parquet(tmp_path / "soft.parquet")
    assert labels.height == 40
    assert set(labels["status"]) <= {"labeled", "rejected"}
    given = labels.filter(pl.col("status") == "labeled")
    assert given["scores"].list.len().unique().to_list() == [28]
