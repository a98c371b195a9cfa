"""Answers of people to a gold file: every unit is counted, and no name of theirs is written."""

import json
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jobs.annotate.answers_in as answers_in
from jobs.annotate.import_command import import_annotations, show_imported
from jobs.train_gold import read_gold
from schemas.errors import ConfigError, SourceError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy

MAIL = "ann@example.org"


def annotation(*labels, who=MAIL, at="2024-05-01T10:00:00Z", **more):
    result = [
        {
            "from_name": "labels",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": list(labels)},
        }
    ]
    return {
        "id": 1,
        "completed_by": who,
        "result": result if labels else [],
        "updated_at": at,
    } | more


def task(record, *annotations, **data):
    return {
        "id": 1, "data": {"text": f"text of {record}", "record_id": record} | data,
        "annotations": list(annotations), "predictions": [],
    }  # fmt: skip


def write(path, content):
    path.write_text(json.dumps(content))
    return path


def run(folder, tasks, name="gold.parquet", **options):
    file = write(folder / "export.json", tasks)
    found = import_annotations(
        file, task="emotion", taxonomy="ekman", output=folder / name, **options
    )
    return found, folder / name


@pytest.mark.parametrize("name", ["gold.parquet", "gold.jsonl"])
def test_a_gold_file_of_two_annotators(tmp_path, name):
    both = task("r1", annotation("joy"), annotation("fear", "joy", who=7), lang="de", weight=2)
    found, gold = run(tmp_path, [both, task("r2", annotation("anger"))], name)
    rows = pl.read_parquet(gold) if name.endswith("parquet") else pl.read_ndjson(gold)
    assert rows["id"].to_list() == rows["group"].to_list() == ["r1", "r1", "r2"]
    assert rows["labels"].to_list() == [["joy"], ["fear", "joy"], ["anger"]]
    assert rows["lang"].to_list() == ["de", "de", None]
    assert rows["weight"].to_list() == [2, 2, None]
    ann, bob, again = rows["annotator"]
    assert ann == again != bob
    assert len(ann) == 32
    assert MAIL.encode() not in gold.read_bytes()
    assert found.gold == 3
    if name.endswith("parquet"):
        asked, labels = load_task("emotion"), load_taxonomy("ekman")
        trained = read_gold(gold, asked, labels, folds=2, lang="en", absent=True)
        held = [[labels.names[n] for n in np.flatnonzero(row)] for row in trained.values]
        assert held == [["joy"], ["fear", "joy"], ["anger"]]
        assert trained.groups[0] == trained.groups[1] != trained.groups[2]


def test_numbers_have_a_column_each(tmp_path):
    result = [
        {"from_name": name, "to_name": "text", "type": "number", "value": {"number": value}}
        for name, value in (("valence", 4.5), ("arousal", 1))
    ]
    file = write(tmp_path / "e.json", [task("r", annotation() | {"result": result})])
    import_annotations(file, task="vad", taxonomy="vad", output=tmp_path / "gold.parquet")
    rows = pl.read_parquet(tmp_path / "gold.parquet")
    assert rows.select("valence", "arousal", "dominance").rows() == [(4.5, 1.0, None)]


def test_a_label_set_is_written_beside(tmp_path):
    _, gold = run(tmp_path, [task("r", annotation("joy"))], label_set=["joy", "anger"])
    assert pl.read_parquet(gold)["label_set"].to_list() == ["anger joy"]


def test_planted_mistakes_are_counted_and_found_but_not_quoted(tmp_path, capsys):
    tasks = [
        task("r1", annotation("joy"), annotation("my secret"), annotation("joy", was_cancelled=True)),
        task("r2", annotation("joy", at="2024-05-02"), annotation("fear"), annotation()),
        task("r3", annotation("joy"), text=None),
        task("r4"),
        "my secret",
    ]  # fmt: skip
    found, gold = run(tmp_path, tasks)
    told = found.to_json()
    assert told["units"] == 9
    assert told["imported"] == 2
    assert told["skipped"] == {"cancelled": 1, "no_answer": 1, "superseded": 1, "not_annotated": 1}
    assert told["quarantined"] == {"unknown_label": 1, "no_text": 1, "not_an_object": 1}
    assert told["places"] == {
        "unknown_label": ["task 1, annotation 2"],
        "no_text": ["task 3, annotation 1"],
        "not_an_object": ["task 5"],
    }
    assert pl.read_parquet(gold)["labels"].to_list() == [["joy"], ["joy"]]
    for as_json in (True, False):
        assert show_imported(found, as_json=as_json) == 0
        shown = capsys.readouterr().out
        assert "secret" not in shown
        assert MAIL not in shown


def test_nothing_usable_is_an_error_and_writes_nothing(tmp_path, capsys):
    found, gold = run(tmp_path, [task("r1", annotation("glee"))])
    assert show_imported(found, as_json=False) == 1
    assert not gold.exists()
    capsys.readouterr()


def test_what_cannot_be_asked_is_told_before_anything_is_written(tmp_path):
    file = write(tmp_path / "export.json", [task("r", annotation("joy"))])
    with pytest.raises(ConfigError, match="go nowhere"):
        import_annotations(file, task="emotion")
    with pytest.raises(ConfigError, match="no suffix"):
        import_annotations(file, task="emotion", output=tmp_path / "gold.txt")
    with pytest.raises(ConfigError, match="has no glee"):
        import_annotations(
            file, task="emotion", output=tmp_path / "gold.jsonl", label_set=["joy", "glee"]
        )
    jsonl = file.rename(tmp_path / "export.jsonl")
    with pytest.raises(ConfigError, match="would be replaced"):
        import_annotations(jsonl, task="emotion", output=jsonl)


def test_what_cannot_be_read_is_told(tmp_path, monkeypatch):
    output = tmp_path / "gold.parquet"
    with pytest.raises(SourceError, match="cannot be read"):
        import_annotations(tmp_path / "none.json", task="emotion", output=output)
    with pytest.raises(SourceError, match="no file"):
        import_annotations(tmp_path, task="emotion", output=output)
    file = write(tmp_path / "export.json", [])
    with pytest.raises(SourceError, match="is empty"):
        import_annotations(file, task="emotion", output=output)
    monkeypatch.setattr(answers_in, "MAX_BYTES", 1)
    with pytest.raises(SourceError, match="at most"):
        import_annotations(file, task="emotion", output=output)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.lists(
            st.builds(
                annotation, st.sampled_from(["joy", "fear", "glee"]), who=st.sampled_from([1, 2, None]),
                at=st.sampled_from(["2024-05-01", "2024-05-02", "never"]), was_cancelled=st.booleans(),
            ),
            max_size=4,
        ),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_counts_add_up(tmp_path_factory, listed):
    folder = tmp_path_factory.mktemp("counts")
    found, _ = run(folder, [task(f"r{number}", *each) for number, each in enumerate(listed)])
    told = found.to_json()
    assert told["units"] == sum(max(1, len(each)) for each in listed)
    counted = Counter(told["skipped"]) + Counter(told["quarantined"])
    assert told["units"] == told["imported"] + counted.total()
    assert told["gold_rows"] == told["imported"]
    assert told["skipped"].get("cancelled", 0) == sum(
        each["was_cancelled"] for annotations in listed for each in annotations
    )
