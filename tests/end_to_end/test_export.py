"""Exports of every format, as those who train on them load them; and what must not get into them."""

import json
import shutil
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest
import yaml

from tests.end_to_end.corpus import Ran, command
from tests.end_to_end.exported import EVALUATION, PLANTED, write_export_lake

pytestmark = pytest.mark.slow

GOLD = "{gold: true}"
STUDENT = "{labeler: student}"
MADE = "{synthetic: [made]}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("export")
    write_export_lake(found)
    return found


def export(folder: Path, name: str, kind: str, rows: str, more: str = "", *flags: str) -> Ran:
    (folder / f"{name}.yaml").write_text(
        f"name: {name}\nto: {name}\nformat: {kind}\ntaxonomy: ekman\nrows: [{rows}]\n{more}"
    )
    return command("export", f"{name}.yaml", "--json", *flags, cwd=folder)


def examples(folder: Path, name: str) -> dict[str, list[dict]]:
    found = {}
    for path in sorted((folder / name / "data").iterdir()):
        frame = pl.read_parquet(path) if path.suffix == ".parquet" else None
        rows = frame.to_dicts() if frame is not None else list(map(json.loads, path.open()))
        found[path.name.split("-")[0]] = rows
    return found


def conversational(messages: object) -> bool:
    """As the trainers of TRL want it (docs/source/dataset_formats): dicts of role and content."""
    return (
        isinstance(messages, list)
        and bool(messages)
        and all(
            isinstance(each, dict) and each.keys() == {"role", "content"} and each["content"]
            for each in messages
        )
    )


def labeled(folder: Path) -> int:
    sql = "SELECT count(*) AS n FROM labels WHERE status = 'labeled' AND labeler = 'student'"
    return json.loads(command("sql", sql, "-f", "json", cwd=folder).out)["n"]


KINDS = {
    "classification": (f"{GOLD}, {MADE}", {"text", "labels", "label_ids"}),
    "sft": (f"{STUDENT}, {MADE}", {"messages"}),
    "preference": (MADE, {"prompt", "chosen", "rejected"}),
    "reward": (MADE, {"chosen", "rejected", "margin"}),
    "instructions": (f"{GOLD}, {MADE}", {"instruction", "input", "output"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_format_loads_everywhere(folder: Path, tmp_path: Path, kind: str, monkeypatch) -> None:
    rows, columns = KINDS[kind]
    ran = export(folder, kind, kind, rows)
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset(str(folder / kind), cache_dir=str(tmp_path))
    assert {split: part.num_rows for split, part in loaded.items()} == {
        split: count for split, count in told["examples"].items() if count
    }
    assert columns <= set(loaded["train"].column_names)
    for split, part in loaded.items():
        path = next((folder / kind / "data").glob(f"{split}-*"))
        reader = "read_parquet" if path.suffix == ".parquet" else "read_json"
        ((count,),) = duckdb.sql(f"SELECT count(*) FROM {reader}('{path}')").fetchall()
        frame = (
            pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_json(path, lines=True)
        )
        assert count == len(frame) == part.num_rows
        # What a model wrote is marked in every example, and nothing else is.
        assert set(frame["synthetic"]) <= {True, False}
        assert ((frame["corpus"] == "made") == frame["synthetic"]).all()
        assert (frame["generator"].notna() == frame["synthetic"]).all()
    first = loaded["train"][0]
    for name in columns & {"messages", "prompt"}:
        assert conversational(first[name])
    if kind in ("preference", "reward"):
        assert conversational(first["chosen"])
        assert conversational(first["rejected"])
    if kind == "reward":  # the prompt is what both begin with
        assert first["chosen"][0] == first["rejected"][0]
        assert first["margin"] == pytest.approx(first["chosen_score"] - first["rejected_score"])
    if kind == "sft":
        assert [each["role"] for each in first["messages"]] == ["system", "user", "assistant"]
    # Every row that was looked at is in an example, or has a reason.
    looked_at = {MADE: 300, GOLD: 200 + len(PLANTED) + 1 + 24 + 4, STUDENT: labeled(folder)}
    assert told["rows"] + sum(told["left_out"].values()) == sum(
        looked_at[each] for each in rows.split(", ")
    )
    made = sum(told["examples"].values())
    if kind in ("preference", "reward"):
        assert told["rows"] == 3 * made == 90
    elif kind == "instructions":  # 30 were written, of three rows each
        assert told["rows"] == made + 2 * 30
    else:
        assert told["rows"] == made
    again = json.loads(command("export", f"{kind}.yaml", "--json", cwd=folder).out)
    assert again["fresh"] is False


def test_the_clearest_pairs_come_first(folder: Path) -> None:
    """By what a judge gave the answer that is chosen: that the other one is bad makes a pair no less clear."""
    more = "curriculum: confidence\nsplits: {validation: 0, test: 0}\n"
    ran = export(folder, "clear", "preference", MADE, more)
    assert ran.code == 0, ran.err
    order = [each["chosen"][0]["content"] for each in examples(folder, "clear")["train"]]
    assert order == [f"chosen 1 that pair{number} wrote" for number in reversed(range(30))]


def test_generated_turns_are_shown_after_those_before(folder: Path) -> None:
    """As `affectmine label` shows the turns of people; no turn of another talk."""
    ran = export(folder, "turns", "sft", MADE)
    assert ran.code == 0, ran.err
    asked = [
        each["messages"][1]["content"]
        for rows in examples(folder, "turns").values()
        for each in rows
    ]
    shown = {}
    for each in asked:
        before, _, text = each.partition("<text>\n")
        shown[text.partition("\n")[0]] = before
    for number in range(30):
        assert "<context>" not in shown[f"turn 0 that talk{number} wrote"]
        before = shown[f"turn 2 that talk{number} wrote"]
        first, second = f"turn 0 that talk{number} wrote", f"turn 1 that talk{number} wrote"
        assert before.count(" wrote") == 2
        assert 0 < before.index(f"seeker: {first}") < before.index(f"supporter: {second}")


def test_conversations_as_chats(folder: Path) -> None:
    ran = export(folder, "chats", "sft", f"{GOLD}, {MADE}", "assistant_roles: [supporter, host]\n")
    assert ran.code == 0, ran.err
    found = [each for rows in examples(folder, "chats").values() for each in rows]
    assert len([each for each in found if each["synthetic"]]) == 30
    assert len([each for each in found if each["corpus"] == "talks"]) == 6
    for each in found:
        assert [m["role"] for m in each["messages"]] == ["user", "assistant"] * 2
    told = json.loads(ran.out)
    assert told["rows"] == 4 * len(found)
    # An order of train keeps conversations whole.
    for curriculum in ("emotional_shift", "agreement"):
        more = f"assistant_roles: [supporter, host]\ncurriculum: {curriculum}\n"
        ran = export(folder, f"chats_{curriculum}", "sft", f"{GOLD}, {MADE}", more)
        assert ran.code == 0, ran.err
        again = [each for rows in examples(folder, f"chats_{curriculum}").values() for each in rows]
        assert sorted(map(str, again)) == sorted(map(str, found))
    # Where the assistant begins, or the user ends, these turns are left out with a reason.
    ran = export(folder, "turned", "sft", MADE, "assistant_roles: [seeker]\n")
    assert json.loads(ran.out)["left_out"]["no_counterpart"] == 2 * 30
    for rows in examples(folder, "turned").values():
        assert all([m["role"] for m in each["messages"]] == ["user", "assistant"] for each in rows)


def test_no_author_and_no_conversation_in_two_splits(folder: Path) -> None:
    ran = export(
        folder,
        "split",
        "classification",
        f"{GOLD}, {MADE}",
        "splits: {validation: 0.3, test: 0.3}\n",
    )
    assert ran.code == 0, ran.err
    found = examples(folder, "split")
    assert set(found) == {"train", "validation", "test"}
    for column in ("speaker", "conversation_id"):
        seen: dict[str, str] = {}
        for split, rows in found.items():
            for row in rows:
                if row[column] is not None:
                    assert seen.setdefault(row[column], split) == split
    # All talks hang together by their speakers: one split has them all.
    assert (
        len({split for split, rows in found.items() for row in rows if row["corpus"] == "talks"})
        == 1
    )
    total = sum(map(len, found.values()))
    assert 0.15 < len(found["test"]) / total < 0.45


def test_what_was_made_from_a_text_is_in_its_split(folder: Path) -> None:
    ran = export(
        folder,
        "origins",
        "classification",
        f"{GOLD}, {MADE}",
        "splits: {validation: 0.3, test: 0.3}\n",
    )
    assert ran.code == 0, ran.err
    sql = (
        "SELECT record_id, seed_record_ids[1] AS seed FROM synthetic WHERE len(seed_record_ids) > 0"
    )
    told = command("sql", sql, "-f", "json", cwd=folder).out.splitlines()
    seeds = {row["record_id"]: row["seed"] for row in map(json.loads, told)}
    split_of = {
        row["record_id"]: s for s, rows in examples(folder, "origins").items() for row in rows
    }
    both = [(made, seed) for made, seed in seeds.items() if made in split_of and seed in split_of]
    assert len(both) > 20
    assert all(split_of[made] == split_of[seed] for made, seed in both)
    assert len({split_of[made] for made, _ in both}) > 1


def test_spans_as_tags(folder: Path) -> None:
    (folder / "spans.yaml").write_text(
        "name: spans\nto: spans\nformat: spans\ntask: support_strategy\ntaxonomy: esconv_strategies\n"
        "rows: [{labeler: asked}]\n"
    )
    ran = command("export", "spans.yaml", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    found = [row for rows in examples(folder, "spans").values() for row in rows]
    assert len(found) == json.loads(ran.out)["rows"] > 200
    for row in found:
        assert len(row["tokens"]) == len(row["tags"])
        # Six characters reach into every token that begins before the sixth; what is of another turn has no tag.
        text, at = " ".join(row["tokens"]), 0
        for place, token in enumerate(row["tokens"]):
            start = text.index(token, at)
            at = start + len(token)
            expected = "O" if start >= 6 else "I-Question" if place else "B-Question"
            assert row["tags"][place] == expected
    ran = export(folder, "no_spans", "spans", STUDENT)
    assert ran.code == 2
    assert "The task emotion has no spans" in ran.err
    assert "support_strategy" in ran.err


def test_planted_leaks_are_caught_and_listed(folder: Path) -> None:
    more = "contamination: {against: [{file: evaluation.csv}], words: 10}\n"
    ran = export(folder, "clean_of_tests", "classification", GOLD, more)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["left_out"]["contamination"] == len(PLANTED)
    removed = pl.read_parquet(folder / "clean_of_tests" / "removed.parquet")
    found = dict(removed.select("evaluation_row", "why").iter_rows())
    assert found == {0: "ngram_overlap", 1: "ngram_overlap", 2: "equal_text"} or found == {
        0: "near_duplicate", 1: "ngram_overlap", 2: "equal_text",
    }  # fmt: skip
    texts = {row["text"] for rows in examples(folder, "clean_of_tests").values() for row in rows}
    assert texts.isdisjoint(PLANTED.values())
    assert texts.isdisjoint(EVALUATION)
    # Without long runs of words, the near-copy is still found.
    ran = export(folder, "near", "classification", GOLD, more.replace("words: 10", "words: 40"))
    why = pl.read_parquet(folder / "near" / "removed.parquet")["why"].to_list()
    assert sorted(why) == ["equal_text", "near_duplicate"]
    # The splits of the lake's own gold are evaluation sets, too.
    ran = export(
        folder,
        "own",
        "classification",
        STUDENT,
        "contamination: {against: [{gold_splits: [train]}]}\n",
    )
    assert ran.code == 1
    assert "Nothing is left" in ran.err


def test_clinical_texts_only_where_they_are_asked_for_and_redacted(folder: Path) -> None:
    ran = export(folder, "open", "classification", GOLD)
    assert json.loads(ran.out)["left_out"]["clinical"] == 4
    ran = export(folder, "clinical", "classification", GOLD, "clinical: true\n")
    assert ran.code == 0, ran.err
    found = [row for rows in examples(folder, "clinical").values() for row in rows]
    clinical = [row for row in found if row["corpus"] == "clinic"]
    assert len(clinical) == 4
    everything = b"".join(
        path.read_bytes() for path in (folder / "clinical").rglob("*") if path.is_file()
    )
    assert b"555 2671" not in everything
    assert not any("555" in row["text"] for row in clinical)
    card = (folder / "clinical" / "README.md").read_text()
    assert "| clinic | 4 | restricted | IRB 7 |" in card
    front = yaml.safe_load(card.split("---")[1])
    assert front["task_categories"] == ["text-classification"]


def test_caps_limits_and_soft_labels(folder: Path) -> None:
    more = "balance: {max_per_label: 5}\nsplits: {validation: 0, test: 0}\nsoft_labels: true\n"
    ran = export(folder, "capped", "classification", STUDENT, more)
    assert ran.code == 0, ran.err
    found = examples(folder, "capped")["train"]
    firsts = pl.Series([row["labels"][0] for row in found]).value_counts()
    assert firsts["count"].max() == 5
    assert all(len(row["soft_labels"]) == 7 for row in found)
    told = json.loads(ran.out)
    assert told["rows"] == len(found)
    # Every row that was looked at is exported or has a reason.
    assert told["rows"] + sum(told["left_out"].values()) == labeled(folder)
    ran = export(folder, "limited", "classification", GOLD, "limit: 50\n")
    assert json.loads(ran.out)["rows"] == 50
    ran = export(folder, "few_each", "classification", GOLD, "balance: {max_per_speaker: 1}\n")
    speakers = [row["speaker"] for rows in examples(folder, "few_each").values() for row in rows]
    assert len(set(speakers)) == len(speakers)
    # A limit takes whole items: 20 pairs of three rows, and no piece of another one.
    ran = export(folder, "few_pairs", "preference", MADE, "limit: 62\n")
    assert sum(json.loads(ran.out)["examples"].values()) == 20
    assert json.loads(ran.out)["left_out"] == {"another_format": 210, "limit": 30}


def test_who_is_not_sure_leaves_the_record_to_the_next_source(folder: Path) -> None:
    ran = export(
        folder, "sure", "classification", f"{{labeler: student, min_confidence: 0.9}}, {GOLD}"
    )
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["left_out"]["confidence"] > 0
    assert told["rows_by_source"].get("labels", 0) + told["rows_by_source"]["gold"] == 227
    assert told["left_out"]["no_label"] == 1  # three people, three labels


def test_a_damaged_file_is_written_again(folder: Path) -> None:
    assert export(folder, "damaged", "classification", GOLD).code == 0
    path = folder / "damaged" / "data" / "train-00000-of-00001.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    ran = command("export", "damaged.yaml", "--json", "--replace", cwd=folder)
    assert json.loads(ran.out)["fresh"] is True
    assert path.read_bytes() == whole


def test_a_curriculum_orders_train(folder: Path) -> None:
    more = "splits: {validation: 0, test: 0}\nsoft_labels: true\ncurriculum: confidence\n"
    ran = export(folder, "sure_first", "classification", STUDENT, more)
    assert ran.code == 0, ran.err
    least = []
    names = ["anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral"]
    for row in examples(folder, "sure_first")["train"]:
        soft = dict(zip(names, row["soft_labels"], strict=True))
        assert set(row["labels"]) <= set(names)
        least.append(min(row["soft_labels"][number] for number in row["label_ids"]))
        assert soft
    assert least == sorted(least, reverse=True)


def test_another_content_is_not_overwritten_unless_asked(folder: Path) -> None:
    assert export(folder, "twice", "classification", GOLD).code == 0
    before = (folder / "twice" / "export.json").read_bytes()
    ran = export(folder, "twice", "classification", GOLD, "limit: 20\n")
    assert ran.code == 2
    assert "--replace" in ran.err
    assert (folder / "twice" / "export.json").read_bytes() == before
    assert export(folder, "twice", "classification", GOLD, "limit: 20\n", "--replace").code == 0
    assert not list(folder.glob(".*.part"))


def test_mistakes_are_told_at_once(folder: Path) -> None:
    ran = export(
        folder, "wrong", "preference", GOLD, "limit: 0\nsplits: {validation: 0.7, test: 0.7}\n"
    )
    assert ran.code == 2
    for told in ("limit", "validation and test leave nothing"):
        assert told in ran.err
    ran = export(folder, "wrong", "classification", "{labeler: nobody}")
    assert ran.code == 1
    assert "Nothing is left" in ran.err
    assert "Traceback" not in ran.err


def test_who_is_forgotten_is_forgotten_with_what_was_made_from_them(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder / "lake", tmp_path / "lake")
    sql = "SELECT record_id, seed_record_ids[1] AS seed FROM synthetic WHERE len(seed_record_ids) > 0 ORDER BY 1"

    def made_from() -> list[dict]:
        told = command("sql", sql, "-f", "json", cwd=tmp_path)
        return list(map(json.loads, told.out.splitlines()))

    before = made_from()
    seed = before[0]["seed"]
    ran = command("forget", "--record-id", seed, "--lake", "lake", cwd=tmp_path)
    assert ran.code == 0, (ran.out, ran.err)
    after = made_from()
    assert after == [each for each in before if each["seed"] != seed]
    assert len(after) == len(before) - 3
