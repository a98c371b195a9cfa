"""What a training corpus is worth: students of gold, of a labeler's labels, of both, and with synthetic rows, on dev.

    python benchmarks/training_corpora.py --work FOLDER [--one-in 5] [--items 12000]

GoEmotions train becomes a lake of two corpora: every n-th comment keeps its gold, the others are texts alone. All by
the commands that users have, so this is also the loop in full:

1. export (classification) of the gold → train → the student of gold
2. export (sft) of the same gold → a tiny language model (benchmarks/tiny_chat.py, which also reads the texts) → vLLM →
   the teacher, which labels the texts alone → export → train
3. a writer, tuned on the same gold, → synthesize, checked by the student of gold → export → train
4. the student of gold labels the texts alone itself → export → train

and, for what is left to gain, a student of all the gold there is. All are evaluated on GoEmotions dev in ekman, with
95 % intervals, and compared with the student of gold on the same rows (paired). What dev has, too, is taken out of the
exports. FOLDER keeps everything; language models that are there are not trained again. About 30 minutes on two cores;
needs vLLM's Python (.vllm/bin/python, or --vllm). Prints a table, and writes figures.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.training_corpora_work import EKMAN, LAKE, RECIPE, ROOT, Work, prepare, serve

GOLD, TEACHER = "{gold: true}", "{labeler: teacher, weight: 0.5}"
OWN, MADE = "{labeler: own_gold, weight: 0.5}", "{synthetic: [made], weight: 0.5}"
ARMS = {
    "gold": GOLD,
    "labels of the tiny teacher": TEACHER,
    "gold and the teacher's labels": f"{GOLD}, {TEACHER}",
    "gold and synthetic": f"{GOLD}, {MADE}",
    "gold and labels of the student of gold": f"{GOLD}, {OWN}",
}
# Whose labels of whose texts: a teacher's of the texts alone, so that they do not repeat its own lesson.
ONLY = {"labels of the tiny teacher": "corpora: [texts]\n"}


def teach(work: Work) -> dict[str, Any]:
    """The teacher: SFT export, tiny model, vLLM; calibrated on rows of gold that it did not learn from."""
    splits = "splits: {validation: 0.1, test: 0}\n"
    work.export("lesson", "sft", GOLD, f"{splits}mode: score\n")
    work.export("lesson_gold", "classification", GOLD, splits)  # the same splits, as tables
    tuned = work.tune(
        "teacher", "--base", "models/base", "--chats", "lesson", "--dropout", "0.3", "--hidden", "0.25"
    )  # fmt: skip
    asked = "mode: score\nlanguages: [en]"
    serve(work, "models/teacher", "teacher.yaml", asked)
    work.run(
        "calibrate", "calibrate", "lesson_gold/data/validation-00000-of-00001.parquet", "--labeler", "teacher.yaml",
        "--taxonomy", "ekman", "--output", "calibration.json",
    )  # fmt: skip
    serve(work, "models/teacher", "teacher.yaml", f"{asked}\ncalibration: calibration.json")
    return tuned


def write(work: Work, items: int) -> dict[str, Any]:
    """The writer: tuned to write what gold is labeled with; then a synthesis, checked by the student of gold."""
    gold = pl.read_parquet(work.folder / "gold" / "data" / "train-*.parquet")
    chats = [
        [
            {"role": "user", "content": f"write a comment: {label}"},
            {
                "role": "assistant",
                "content": json.dumps({"text": text.lower()}, ensure_ascii=False),
            },
        ]
        for text, labels in zip(gold["text"], gold["labels"], strict=True)
        for label in labels
    ]
    for name, part in (
        ("train", chats[len(chats) // 20 :]),
        ("validation", chats[: len(chats) // 20]),
    ):
        folder = work.folder / "letters" / "data"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}-0.jsonl").write_text(
            "".join(f"{json.dumps({'messages': each})}\n" for each in part)
        )
    tuned = work.tune("writer", "--base", "models/base", "--chats", "letters")
    serve(work, "models/writer", "writer.yaml", "temperature: 0.8\nlanguages: [en]")
    work.write("comments.yaml", RECIPE)
    work.write(
        "made.yaml",
        f"name: made\nrecipe: ./comments.yaml\nitems: {items}\nmodels: {{writer: writer.yaml, judge: teacher.yaml}}\n"
        "checker: gold.safetensors\n",
    )
    return tuned | {"synthesis": work.run("synthesize", "synthesize", "made.yaml")}


def student(work: Work, name: str, source: str | Path) -> dict[str, Any]:
    """Trains a student and evaluates it on dev; the paired difference is to the student of gold."""
    weights = f"{name}.safetensors"
    trained = work.run(f"train {name}", "train", source, "--taxonomy", "ekman", "--output", weights)
    return {"rows": trained["rows"]} | evaluated(work, weights)


def evaluated(work: Work, labeler: str) -> dict[str, Any]:
    """Figures on dev."""
    compare = () if labeler == "gold.safetensors" else ("--against", "gold.safetensors")
    told = work.run(
        f"evaluate {labeler}", "evaluate", "--gold", "dev.parquet", "--taxonomy", "ekman", "--labeler", labeler,
        *compare,
    )  # fmt: skip
    found = {"macro_f1": told["macro_f1"], "interval": told["intervals"]["macro_f1"]}
    if compare:  # what is told is the difference of the other one to this
        other = told["against"]["differences"]["macro_f1"]
        low, high = other["interval"]
        found |= {"more": -other["difference"], "more_interval": [-high, -low], "p": other["p"]}
    return found


def table(found: dict[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [
        "| trained on | rows | dev macro-F1 | more than the student of gold |",
        "|---|---:|---|---|",
    ]
    for name, each in found["students"].items():
        low, high = each["interval"]
        cells = [
            name,
            f"{each.get('rows', 0):,}",
            f"{each['macro_f1']:.3f} [{low:.3f}, {high:.3f}]",
        ]
        if "more" in each:
            least, most = each["more_interval"]
            cells.append(f"{each['more']:+.3f} [{least:+.3f}, {most:+.3f}]")
        lines.append(f"| {' | '.join(cells)} |" + ("" if "more" in each else " |"))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--vllm", type=Path, default=ROOT / ".vllm" / "bin" / "python")
    parser.add_argument("--one-in", type=int, default=5)
    parser.add_argument("--items", type=int, default=12_000)
    arguments = parser.parse_args()
    work = Work(arguments.work.absolute(), arguments.vllm.absolute())
    (work.folder / "models").mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"sets": prepare(work, arguments.data.absolute(), arguments.one_in)}
    students: dict[str, Any] = {}
    found |= {"students": students}
    work.write("config.yaml", LAKE)
    work.run("run", "run", "config.yaml")
    work.export("gold", "classification", GOLD)
    students["gold"] = student(work, "gold", "gold")
    try:
        found["base"] = work.tune("base", "--texts", "texts.parquet", "--words", *EKMAN.names)
        found["teacher"] = teach(work)
        found["writer"] = write(work, arguments.items)
        asked = ("teacher.yaml", "gold.safetensors")
        labels = "".join(
            f"  - {{task: emotion, taxonomy: ekman, labeler: {each}}}\n" for each in asked
        )
        work.write("config.yaml", f"{LAKE}label:\n{labels}")
        work.run("label", "run", "config.yaml")
        students["(the tiny teacher itself)"] = evaluated(work, "teacher.yaml")
    finally:
        for served in work.folder.glob("served_*.yaml"):
            work.run(f"stop {served.stem}", "serve", "--stop", served)
    for number, (name, rows) in enumerate(ARMS.items()):
        if number:
            work.export(f"arm_{number}", "classification", rows, ONLY.get(name, ""))
            students[name] = student(work, f"arm_{number}", f"arm_{number}")
    students["all gold of train"] = student(work, "everything", "all_gold.parquet")
    found["seconds"] = work.seconds
    work.write("figures.json", json.dumps(found, indent=1))
    print(table(found))


if __name__ == "__main__":
    main()
