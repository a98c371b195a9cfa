"""The counts of strategy_preference: by hand."""

from typing import Any

from schemas.mart import load_mart
from tests.transforms.sql.marts.base import run_query
from transforms.marts.strategy_preference import STRATEGY_PREFERENCE

QUESTION = {"corpus": "c", "task": "support_strategy", "taxonomy": "esconv", "labeler": "m"}
COLUMNS = [
    "corpus", "task", "taxonomy", "labeler", "role", "phase", "part", "strategy", "said", "n"
]  # fmt: skip


def counts(**tables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = run_query("strategy_preference", tables, {})
    assert found.names == COLUMNS
    return [dict(zip(COLUMNS, row, strict=True)) for row in found.rows]


def cells(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], int]:
    names = ("phase", "part", "strategy", "said")
    return {tuple(row[name] for name in names): row["n"] for row in rows}


def answer(record: str, labels: list[str] | None, **more: Any) -> dict[str, Any]:
    return QUESTION | {"record_id": record, "role": "supporter", "labels": labels} | more


def turn(record: str, place: int, **more: Any) -> dict[str, Any]:
    return QUESTION | {"record_id": record, "conversation_id": "v", "place": place} | more


def rating(
    record: str, labels: list[str], annotator: str | None = "p", **more: Any
) -> dict[str, Any]:
    keys = {name: QUESTION[name] for name in ("corpus", "task", "taxonomy")}
    return keys | {"record_id": record, "labels": labels, "annotator": annotator} | more


def test_phases_are_fifths_of_the_conversation() -> None:
    answers = [answer(str(n), ["question"]) for n in range(1, 8)] + [answer("alone", ["question"])]
    turns = [turn(str(n), n) for n in range(1, 8)]
    # 7 turns: floor(5 (place - 1) / 7) + 1 = 1, 1, 2, 3, 3, 4, 5.
    assert cells(counts(answers=answers, turns=turns)) == {
        (0, "given", "question", None): 8,
        (1, "given", "question", None): 2,
        (2, "given", "question", None): 1,
        (3, "given", "question", None): 2,
        (4, "given", "question", None): 1,
        (5, "given", "question", None): 1,
    }
    # The length is that of the conversation, also where other turns have no strategy.
    few = [answer("1", ["question"]), answer("7", ["question"]), answer("3", []), answer("4", None)]
    assert cells(counts(answers=few, turns=turns)) == {
        (0, "given", "question", None): 2,
        (1, "given", "question", None): 1,
        (5, "given", "question", None): 1,
    }


def test_phases_are_those_of_the_labelers_own_turns() -> None:
    found = counts(
        answers=[answer("2", ["question"]), answer("2", ["question"], labeler="z")],
        turns=[turn("1", 1), turn("2", 2), turn("2", 1, labeler="z")],
    )
    # Of m: floor(5 * 1 / 2) + 1 = 3; of z, who labeled this turn alone: 1.
    assert {(row["labeler"], row["phase"], row["n"]) for row in found} == {
        ("m", 0, 1), ("m", 3, 1), ("z", 0, 1), ("z", 1, 1)
    }  # fmt: skip


def test_confusion_by_hand() -> None:
    found = cells(
        counts(
            answers=[
                answer("1", ["question"]),
                answer("2", ["question"]),
                answer("3", ["advice", "question"]),
                answer("4", ["advice"]),
                answer("5", ["advice"]),  # nobody rated it
            ],
            ratings=[
                rating("1", ["advice"]),
                rating("1", ["question"], "q"),
                rating("2", ["reflection", "question"]),  # question is said, too: not wrong
                rating("3", ["question", "reflection"]),  # advice stands for reflection
                rating("4", ["question"]),
                rating("4", ["reflection"], None),  # what was agreed on counts alone
                rating("9", ["question"]),
            ],
        )
    )
    assert found == {
        (0, "given", "question", None): 3,
        (0, "given", "advice", None): 3,
        (0, "people", "advice", None): 1,
        (0, "people", "question", None): 3,
        (0, "people", "reflection", None): 3,
        (0, "confused", "question", "advice"): 1,
        (0, "confused", "advice", "reflection"): 2,
    }


def test_other_tasks_roles_and_labelers_are_kept_apart() -> None:
    rows = counts(
        answers=[
            answer("1", ["a"]),
            answer("1", ["a"], labeler="z"),
            answer("2", ["a"], role=None),
            answer("1", ["joy"], task="emotion"),
            answer("1", ["b"], task="intent"),
            answer("1", ["b"], task="talk_type"),
        ],
        ratings=[
            rating("1", ["b"]),
            rating("1", ["a"], corpus="d"),
            rating("1", ["a"], task="intent"),
            rating("1", ["a"], taxonomy="other"),
        ],
    )
    found = [
        (
            row["task"],
            row["labeler"],
            row["role"],
            row["part"],
            row["strategy"],
            row["said"],
            row["n"],
        )
        for row in rows
    ]
    assert sorted(found, key=str) == sorted(
        [
            ("support_strategy", "m", "supporter", "given", "a", None, 1),
            ("support_strategy", "m", "supporter", "people", "b", None, 1),
            ("support_strategy", "m", "supporter", "confused", "a", "b", 1),
            ("support_strategy", "z", "supporter", "given", "a", None, 1),
            ("support_strategy", "z", "supporter", "people", "b", None, 1),
            ("support_strategy", "z", "supporter", "confused", "a", "b", 1),
            ("support_strategy", "m", None, "given", "a", None, 1),
            ("intent", "m", "supporter", "given", "b", None, 1),
            ("intent", "m", "supporter", "people", "a", None, 1),
            ("intent", "m", "supporter", "confused", "b", "a", 1),
            ("talk_type", "m", "supporter", "given", "b", None, 1),
        ],
        key=str,
    )


def test_nothing_in_nothing_out() -> None:
    assert counts() == []


def test_the_mart_declares_what_the_function_gives() -> None:
    kinds = {"VARCHAR": "string", "INTEGER": "int32", "BIGINT": "int64", "DOUBLE": "double"}
    mart = load_mart("strategy_preference")
    assert [(column.name, kinds[column.type]) for column in mart.columns] == [
        (field.name, str(field.type)) for field in STRATEGY_PREFERENCE
    ]
