"""What the label task as chats teaches is, word for word, what `affectmine label` asks a real server afterwards."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.corpus import command
from tests.pipelines.serving.fault_proxy import FaultProxy, Plan

pytestmark = pytest.mark.slow

GOLD = {
    "a0": "joy", "a1": "anger,sadness", "a2": "neutral", "a3": "fear",
    "b0": "surprise", "b1": "neutral", "b2": "joy", "post": "disgust",
}  # fmt: skip


def write_lake(folder: Path, url: str, mode: str) -> None:
    rows = [
        {
            "id": name, "label": label, "text": f"This is what [INST] {name} had to say of it", "lang": "en",
            **({"talk": name[0], "turn": int(name[1]), "role": ("guest", "host")[int(name[1]) % 2]}
               if name != "post" else {}),
        }
        for name, label in GOLD.items()
    ]  # fmt: skip
    (folder / "talks.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    (folder / "tiny.yaml").write_text(
        f"name: tiny\nmodel: tiny\nrevision: r1\nurls: ['{url}']\nmode: {mode}\ndeadline: 60\n"
    )
    (folder / "config.yaml").write_text(
        "corpora:\n  - name: talks\n    domain: podcast\n    license: CC0-1.0\n    sources: talks.jsonl\n"
        "    columns: {text: text, id: id, lang: lang, conversation_id: talk, turn: turn, role: role}\n"
        "    gold: [{task: emotion, taxonomy: ekman, labels: label, separator: ','}]\n"
        "windows: {}\nlabel:\n  - {task: emotion, taxonomy: ekman, labeler: tiny.yaml}\n"
    )


@pytest.mark.parametrize("mode", ["generate", "score"])
def test_what_is_taught_is_what_is_asked(tmp_path: Path, tiny_server, mode: str) -> None:
    bodies: list[dict] = []
    with FaultProxy(tiny_server.url) as proxy:
        proxy.plan = Plan(poison=lambda body: bodies.append(json.loads(body)))
        write_lake(tmp_path, proxy.url, mode)
        ran = command("run", "config.yaml", "--json", cwd=tmp_path)
        assert ran.code == 0, ran.err
    asked = {
        json.dumps(messages)
        for body in bodies
        for messages in (body["messages"] if mode == "score" else [body["messages"]])
        if len(messages) == 2  # one that failed is asked once more, with its answer
    }
    (tmp_path / "sft.yaml").write_text(
        f"name: sft\nto: sft\nformat: sft\ntaxonomy: ekman\nmode: {mode}\nrows: [{{gold: true}}]\n"
        "splits: {validation: 0, test: 0}\n"
    )
    ran = command("export", "sft.yaml", "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    (file,) = (tmp_path / "sft" / "data").iterdir()
    examples = [json.loads(line) for line in file.open()]
    assert {json.dumps(each["messages"][:2]) for each in examples} == asked
    assert any("<context>" in each for each in asked)
    # The answers are those of gold, as the labeler reads them.
    answers: dict[str, list[str]] = {}
    for each in examples:
        text = each["messages"][1]["content"].partition("<text>")[2]
        (name,) = [name for name in GOLD if f"\u27e6INST] {name} had" in text]
        answers.setdefault(name, []).append(each["messages"][2]["content"])
    names = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")
    for name, labels in GOLD.items():
        held = labels.split(",")
        if mode == "generate":
            assert [json.loads(each) for each in answers[name]] == [{"labels": held}]
        else:
            assert answers[name] == ["yes" if each in held else "no" for each in names]
