"""text_cue_inconsistency: by hand."""

from typing import Any

from schemas.datasets.labels import labels_schema_of
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from tests.transforms.sql.marts.base import run_mart
from transforms.label.prompted.answer_type import answer_type

TABLES = """
CREATE TABLE labels_text_cue_inconsistency (
    corpus VARCHAR, task VARCHAR, taxonomy VARCHAR, labeler VARCHAR, record_id VARCHAR, role VARCHAR, status VARCHAR,
    labels VARCHAR[], answer STRUCT(
        text_valence SMALLINT, text_arousal SMALLINT, cue_valence SMALLINT, cue_arousal SMALLINT, rationale VARCHAR
    )
);
CREATE TABLE clean (
    record_id VARCHAR, cues STRUCT(channel VARCHAR, value VARCHAR, start_ms BIGINT, end_ms BIGINT)[]
);
"""


def label(
    record: str, labels: str, text: str, cue: str, role: str = "'guest'", labeler: str = "m"
) -> str:
    answer = (
        f"{{'text_valence': {text}, 'text_arousal': 0, 'cue_valence': {cue}, "
        "'cue_arousal': NULL, 'rationale': NULL}"
    )
    return (
        "INSERT INTO labels_text_cue_inconsistency VALUES ('c', 'text_cue_inconsistency', 'affective_dissonance', "
        f"'{labeler}', '{record}', {role}, 'labeled', {labels}, {answer});"
    )


def cues(record: str, *channels: str) -> str:
    each = ", ".join(
        f"{{'channel': '{name}', 'value': 'x', 'start_ms': NULL, 'end_ms': NULL}}"
        for name in channels
    )
    return f"INSERT INTO clean VALUES ('{record}', [{each}]);"


def found(*statements: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = run_mart("text_cue_inconsistency", {}, TABLES + "".join(statements))
    return {(row["channel"], row["label"]): row for row in rows}


def test_by_hand() -> None:
    rows = found(
        label("1", "['masking']", "3", "-2"), cues("1", "voice", "voice", "face"),
        label("2", "['masking']", "1", "-1"), cues("2", "voice"),
        label("3", "['congruent']", "2", "NULL"), cues("3", "voice"),
        label("4", "['congruent']", "-1", "NULL"), cues("4"),
        label("5", "[]", "0", "NULL"),
        cues("9", "voice"),
    )  # fmt: skip
    assert set(rows) == {
        ("voice", "masking"), ("face", "masking"), ("voice", "congruent"), (None, "congruent"), (None, None)
    }  # fmt: skip
    row = rows["voice", "masking"]  # records 1 (once, though twice on the channel) and 2 of 1, 2, 3
    assert (row["n"], row["rows"], row["share"]) == (2, 3, 2 / 3)
    assert row["mean_text_valence"] == (3 + 1) / 2
    assert row["mean_cue_valence"] == (-2 - 1) / 2
    assert row["mean_gap"] == ((-2 - 3) + (-1 - 1)) / 2
    row = rows["voice", "congruent"]
    assert (row["n"], row["rows"], row["mean_text_valence"]) == (1, 3, 2)
    assert (row["mean_cue_valence"], row["mean_gap"]) == (None, None)
    assert (rows["face", "masking"]["n"], rows["face", "masking"]["rows"]) == (1, 1)
    assert (rows[None, None]["n"], rows[None, None]["rows"]) == (1, 2)
    assert {row["role"] for row in rows.values()} == {"guest"}


def test_the_gap_is_over_records_that_have_both() -> None:
    rows = found(label("1", "['coping']", "-3", "1"), label("2", "['coping']", "-1", "NULL"))
    row = rows[None, "coping"]
    assert (row["mean_text_valence"], row["mean_cue_valence"], row["mean_gap"]) == (-2, 1, 4)


def test_roles_and_labelers_are_kept_apart() -> None:
    rows = run_mart(
        "text_cue_inconsistency",
        {},
        TABLES
        + label("1", "['coping']", "-1", "1")
        + label("2", "['coping']", "-1", "1", role="NULL")
        + label("1", "['masking']", "-1", "1", labeler="z"),
    )
    assert {(row["labeler"], row["role"], row["label"], row["n"], row["rows"]) for row in rows} == {
        ("m", "guest", "coping", 1, 1), ("m", None, "coping", 1, 1), ("z", "guest", "masking", 1, 1)
    }  # fmt: skip


def test_a_student_answers_by_labels_alone() -> None:
    setup = TABLES + label("1", "['coping']", "1", "1")
    setup += "UPDATE labels_text_cue_inconsistency SET answer = NULL;"
    (row,) = run_mart("text_cue_inconsistency", {}, setup)
    assert (row["n"], row["mean_text_valence"], row["mean_gap"]) == (1, None, None)


def test_the_test_has_the_types_of_the_task() -> None:
    task = load_task("text_cue_inconsistency")
    schema = labels_schema_of(answer_type(task, load_taxonomy(task.taxonomy)))
    told = [(field.name, str(field.type)) for field in schema.field("answer").type]
    assert told == [
        ("text_valence", "int16"), ("text_arousal", "int16"), ("cue_valence", "int16"),
        ("cue_arousal", "int16"), ("rationale", "string"),
    ]  # fmt: skip


def test_nothing_in_nothing_out() -> None:
    assert run_mart("text_cue_inconsistency", {}, TABLES) == []
