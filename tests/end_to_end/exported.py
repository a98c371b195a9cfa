"""A lake for tests of exports: posts and talks with gold, a clinical talk, and generated rows; with planted leaks."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from pipelines.lake.commit import DataWriter, commit
from pipelines.lake.lake import now, open_lake
from pipelines.lake.snapshots import publish
from schemas.datasets import SYNTHETIC
from schemas.datasets.base import KEYS
from schemas.datasets.labels import labels_schema_of
from schemas.label_task import load_task
from schemas.manifest import Manifest, Part
from schemas.taxonomy import load_taxonomy
from tests.end_to_end.corpus import command
from transforms.label.prompted.answer_type import answer_type

SENTENCE = (
    "the neighbor dog barked until the old clock struck nine and nobody came to open our door again while rain fell on "
    "the tin roof like small coins from a torn pocket of a stranger"
)
WORDS = SENTENCE.split()
LABELS = ("joy", "anger", "fear", "sadness", "neutral")
# The evaluation set of the tests, and what is planted of it among the posts.
EVALUATION = (
    "My sister finally called back after three long years and I could not stop smiling for days on end.",
    "They cancelled the last bus without a word, so I walked eleven kilometers through freezing mud.",
    "Short and sweet!",
)
PLANTED = {
    "near": "My sister finally called back after three long years, and I could not stop smiling for days on end!!",
    "run": "Listen: they cancelled the last bus without a word, so I walked eleven kilometers through it all.",
    "equal": "short and SWEET!",
}


def write_export_lake(folder: Path) -> None:
    """200 posts of 40 authors, two of whom talk in two conversations each, and one clinical talk."""
    posts = []
    for number in range(200):
        text = " ".join(
            WORDS[(number * 7 + place * (1 + number % 5)) % len(WORDS)] for place in range(12)
        )
        posts.append(
            {
                "id": f"p{number}", "who": f"author{number % 40}", "text": f"{text} ({number})",
                "label": LABELS[number % 5 if number % 3 else 0], "split": "train", "annotator": "a",
            }
        )  # fmt: skip
    for name, text in PLANTED.items():
        posts.append(
            {"id": name, "who": f"leak-{name}", "text": text, "label": "joy", "split": "train"}
        )
    # Three people annotated this one, and each saw something else in it.
    posts.append(
        {
            "id": "split", "who": "nobody", "text": "what a day that was for all of us here", "split": "train",
            "label": "joy", "annotator": "a", "label_b": "anger", "annotator_b": "b", "label_c": "fear",
            "annotator_c": "c",
        }
    )  # fmt: skip
    talks = [
        {
            "id": f"t{talk}-{turn}", "talk": f"talk{talk}", "turn": turn,
            # The guest of a talk is the host of the next one: all talks hang together.
            "who": f"person{talk + turn % 2}", "role": ("guest", "host")[turn % 2],
            "text": f"turn {turn} of talk {talk}: {' '.join(WORDS[talk:talk + 6])}",
            "label": LABELS[(talk + turn) % 5], "split": "train",
        }
        for talk in range(6)
        for turn in range(4)
    ]  # fmt: skip
    clinical = [
        {
            "id": f"c{n}", "talk": "c", "turn": n, "who": f"client{n % 2}", "role": "client",
            "text": f"I told the doctor about the nights, part {n}, call me at +1 415 555 2671.",
            "label": "sadness", "split": "train",
        }
        for n in range(4)
    ]  # fmt: skip
    for name, rows in (("posts", posts), ("talks", talks), ("clinic", clinical)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    gold = "gold: [{task: emotion, taxonomy: ekman, labels: label, split: split}]"
    told_by = (
        "gold: ["
        + ", ".join(
            f"{{task: emotion, taxonomy: ekman, labels: label{n}, split: split, annotator: annotator{n}}}"
            for n in ("", "_b", "_c")
        )
        + "]"
    )
    turns = "conversation_id: talk, turn: turn, role: role, "
    (folder / "config.yaml").write_text(
        f"""lake: lake
corpora:
  - {{name: posts, domain: social, license: CC0-1.0, consent: public posts, sources: posts.jsonl,
      columns: {{text: text, id: id, speaker: who}}, values: {{lang: en}}, {told_by}}}
  - {{name: talks, domain: podcast, license: CC-BY-4.0, sources: talks.jsonl,
      columns: {{text: text, id: id, speaker: who, {turns}}}, values: {{lang: en}}, {gold}}}
  - {{name: clinic, domain: clinical, license: restricted, consent: IRB 7, sources: clinic.jsonl,
      columns: {{text: text, id: id, speaker: who, {turns}}}, values: {{lang: en}}, {gold}}}
label:
  - {{task: emotion, taxonomy: ekman}}
"""
    )
    (folder / "evaluation.csv").write_text(
        "text\n" + "\n".join(f'"{each}"' for each in EVALUATION) + "\n"
    )
    ran = command("run", "config.yaml", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    add_synthetic(folder / "lake")
    add_spans(folder / "lake")


def add_synthetic(lake_folder: Path, pairs: int = 30) -> None:
    """Kept rows of a synthesis: pairs of answers, conversations, and instructions made from posts."""
    posts = pl.read_parquet(f"{lake_folder}/clean/posts/*/*.parquet")["record_id"].sort().to_list()
    rows = []
    for number in range(pairs):
        for place, part in enumerate(("prompt", "chosen", "rejected")):
            rows.append(
                (f"pair{number}", part, place, "user" if place == 0 else "assistant", 0.5 - place)
            )
        for turn in range(4):
            rows.append((f"talk{number}", "turn", turn, ("seeker", "supporter")[turn % 2], None))
        for place, part in enumerate(("instruction", "input", "output")):
            rows.append((f"task{number}", part, place, "user", None))
    table = pa.Table.from_pylist(
        [
            {
                "record_id": f"{item}-{part}-{turn}", "sample_key": hash_of(f"{item}{part}{turn}"), "corpus": "made",
                "domain": "synthetic", "partition": "synthetic", "conversation_id": item, "turn": turn,
                "speaker": f"{item}-{role}", "role": role, "text_clean": f"{part} {turn} that {item} wrote",
                "recipe": "by_hand", "recipe_version": 1, "item": item, "part": part, "task": "emotion",
                "taxonomy": "ekman", "target": ["joy"] if part in ("prompt", "input") or role == "seeker" else None,
                "seed_record_ids": [posts[int(item[4:])]] if item.startswith("task") else [], "generator": "a model",
                "score": score, "outcome": "kept", "agreed": True,
                "checker": "student", "checked_labels": ["joy"], "judge_scores": judged(item, part),
            }
            for item, part, turn, role, score in rows
        ],
        schema=SYNTHETIC.schema,
    )  # fmt: skip
    publish_rows(lake_folder, "synthetic", "made", "synthetic", table)


def judged(item: str, part: str) -> list[dict[str, Any]] | None:
    """Of pair n the answer that is chosen fits by 3 + n / 100, the other one by 3 - n / 100."""
    if not item.startswith("pair"):
        return None
    more = int(item[4:]) / 100 * (-1 if part == "rejected" else 1)
    return [{"rubric": "fit", "score": 3 + more, "probabilities": []}]


def add_spans(lake_folder: Path) -> None:
    """Answers to support_strategy about the posts: the first six characters are a question, the rest is other."""
    posts = pl.read_parquet(f"{lake_folder}/clean/posts/*/*.parquet").filter(
        pl.col("outcome") == "kept"
    )
    task, taxonomy = load_task("support_strategy"), load_taxonomy("esconv_strategies")
    schema = labels_schema_of(answer_type(task, taxonomy))
    keys = [field.name for field in KEYS]
    rows = [
        {
            **{name: post[name] for name in keys}, "task": task.name, "task_version": "1", "taxonomy": taxonomy.name,
            "taxonomy_version": "1", "labeler": "asked", "labeler_version": "r1", "status": "labeled",
            "labels": ["Question"], "scores": None, "reason": None,
            "answer": {"strategies": [
                {"strategy": "Question", "span": {"record_id": post["record_id"], "start": 0, "end": 6}},
                {"strategy": "Others", "span": {"record_id": "an earlier turn", "start": 0, "end": 3}},
            ]},
        }
        for post in posts.iter_rows(named=True)
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=schema)
    variant = f"{task.name}/{taxonomy.name}/asked"
    publish_rows(lake_folder, "labels", "posts", posts["partition"][0], table, variant)


def publish_rows(
    lake_folder: Path, dataset: str, corpus: str, partition: str, table: pa.Table, variant: str = ""
) -> None:
    """Publishes rows as one shard, as the stages do."""
    lake = open_lake(lake_folder.absolute())
    place = {"corpus": corpus, "partition": partition, "variant": variant}
    writer = DataWriter(lake, dataset, stem="shard-0-a", schema=table.schema, **place)
    writer.write(table)
    file = writer.close()
    folder = lake.folder(dataset, **place)
    kept = "labeled" if dataset == "labels" else "kept"
    manifest = commit(
        lake,
        Manifest(
            name=lake.relative(folder / "shard-0-a.json"), stage="by_hand", stage_version=1, shard="0",
            source_file="made", source_chunk=0, fingerprint="a", inputs=(), outputs=(file,),
            counts={"in": file.rows, kept: file.rows}, attempt="a", run_id="r", created_at=now(),
            seconds=0.0,
        ),
    )  # fmt: skip
    part = Part(
        dataset=dataset, manifests=(manifest.name,), sources=("made",), files=(file,), stored=(file.path,), **place
    )  # fmt: skip
    publish(lake, "r", lambda _: ([part], []))


def hash_of(text: str) -> int:
    import hashlib

    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
