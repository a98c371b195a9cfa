"""TRL's own trainers take exports as they are: formats are checked by who reads them, not by us."""

import json
import math
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.corpus import command
from tests.end_to_end.exported import write_export_lake

pytestmark = pytest.mark.slow

KINDS = {
    "label_chats": ("sft", "{labeler: student}, {synthetic: [made]}", ""),
    "conversations": ("sft", "{gold: true}, {synthetic: [made]}", "assistant_roles: [supporter, host]\n"),
    "preference": ("preference", "{synthetic: [made]}", ""),
    "reward": ("reward", "{synthetic: [made]}", ""),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("trl")
    write_export_lake(found)
    return found


@pytest.mark.parametrize("name", KINDS)
def test_a_trainer_takes_it(folder: Path, tiny_model: Path, vllm_python: str, name: str) -> None:
    kind, rows, more = KINDS[name]
    (folder / f"{name}.yaml").write_text(
        f"name: {name}\nto: {name}\nformat: {kind}\ntaxonomy: ekman\nrows: [{rows}]\n{more}"
    )
    ran = command("export", f"{name}.yaml", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    script = Path(__file__).with_name("trl_trains.py")
    done = subprocess.run(
        [vllm_python, script, tiny_model, folder / name, kind], cwd=folder, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads((folder / f"{name}-trl.json").read_text())
    assert told["conversational"] is True
    assert told["taken"] == told["examples"] == json.loads(ran.out)["examples"]["train"] > 0
    assert math.isfinite(told["loss"])
