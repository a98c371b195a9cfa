"""`affectmine tasks`: the list, and one task in full; and the page about them."""

import json
import re
from pathlib import Path

import pytest

from jobs.cli import run_command
from jobs.tasks import page_table
from jobs.tasks_show import explained
from schemas.label_task import load_task, task_names
from schemas.taxonomy import load_taxonomy

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "tasks.md").read_text()


def test_the_page_lists_the_tasks_as_they_are() -> None:
    assert "\n".join(page_table()) in PAGE, (
        "put the output of `python -m jobs.tasks` into docs/tasks.md"
    )


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["tasks"]) == 0
    shown = capsys.readouterr().out
    for name in task_names():
        assert re.search(rf"^{name} ", shown, re.M)
    assert re.search(r"^appraisal \* ", shown, re.M)
    assert re.search(r"^toxicity +labels +record +score, generate +perspective$", shown, re.M)


def test_the_list_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["tasks", "--json"]) == 0
    listed = {task["task"]: task for task in json.loads(capsys.readouterr().out)}
    assert list(listed) == task_names()
    assert listed["severity"]["unit"] == "document"
    assert listed["aspects"]["modes"] == ["generate"]
    assert [name for name, task in listed.items() if task["experimental"]] == [
        "appraisal", "pain", "persuasion",
    ]  # fmt: skip


@pytest.mark.parametrize("name", task_names())
def test_every_task_is_explained(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = "The train was late again, and nobody said a word."
    task, taxonomy = load_task(name), load_taxonomy(load_task(name).taxonomy)
    for mode in task.modes:
        assert run_command(["tasks", "show", name, "--mode", mode, "--text", text]) == 0
        shown = capsys.readouterr().out
        assert text in shown
        assert task.description in shown
        for label in taxonomy.labels:
            assert f"  {label.name}" in shown
        assert ("JSON schema" in shown) == (mode == "generate")
        found = explained(name, mode=mode, text=text, options={})
        # Nothing of a template is left over, and what is static is the same for all conversations.
        systems = {conversation[0]["content"] for conversation in found["conversations"]}
        assert len(systems) == 1
        assert not re.search(r"\{(labels|persona)\}", systems.pop())
        expected = 1
        if mode == "score" and not (task.answer == "labels" and taxonomy.exclusive):
            expected = len(taxonomy.names)
        assert len(found["conversations"]) == expected


def test_another_taxonomy_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        "tasks",
        "show",
        "reader_emotion",
        "--taxonomy",
        "plutchik",
        "--option",
        "persona=a nurse",
    ]
    assert run_command([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["labels"]) == list(load_taxonomy("plutchik").names)
    assert "The reader is: a nurse." in found["conversations"][0][0]["content"]
    assert found["json_schema"]["properties"]["labels"]["maxItems"] == 4
    assert found["columns"].keys() == {"labels", "scores", "answer"}
    assert run_command([*command[:-1], "persona"]) == 2
    assert run_command([*command[:-1], "person=x"]) == 2


def test_the_example_of_the_page_is_a_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [task, taxonomy] = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    (tmp_path / "help_wanted.yaml").write_text(task)
    (tmp_path / "help_wants.yaml").write_text(taxonomy)
    monkeypatch.chdir(tmp_path)
    assert run_command(["tasks", "show", "help_wanted.yaml"]) == 0
    shown = capsys.readouterr().out
    assert "You sort messages to a helpline for parents." in shown
    assert "- no contact: Wants to be left alone." in shown
    # The mistakes that the page shows are told as it shows them.
    wrong = task.replace('version: "1"', "version: 1").replace("unit: record", "unit: sentense")
    (tmp_path / "help_wanted.yaml").write_text(wrong)
    assert run_command(["tasks", "show", "help_wanted.yaml"]) == 2
    [message] = re.findall(r"```text\n(.*?)```", PAGE, re.S)
    assert capsys.readouterr().err == f"affectmine: {message}"


def test_what_cannot_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["tasks", "show", "aspects", "--mode", "score"]) == 2
    assert "Its modes: generate." in capsys.readouterr().err
    assert run_command(["tasks", "show", "emotoin"]) == 2
    assert "Did you mean 'emotion'?" in capsys.readouterr().err
    assert run_command(["tasks", "show", "emotion", "--taxonomy", "parrot"]) == 2
    assert "Did you mean 'parrott'?" in capsys.readouterr().err
