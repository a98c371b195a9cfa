"""The daily series that change_points cuts: by hand."""

from datetime import date, timedelta
from typing import Any

from schemas.mart import load_mart
from tests.transforms.sql.marts.base import run_query
from transforms.marts.change_points import CHANGE_POINTS

QUESTION = {"corpus": "c", "task": "emotion", "taxonomy": "ekman", "labeler": "m"}
COLUMNS = ["corpus", "task", "taxonomy", "labeler", "label", "day", "n", "rows", "share"]
MONDAY = date(2026, 1, 5)


def day(n: int) -> date:
    return MONDAY + timedelta(days=n)


def answer(when: date | None, labels: list[str] | None, **more: Any) -> dict[str, Any]:
    return QUESTION | {"day": when, "labels": labels} | more


def series(rows: list[dict[str, Any]], min_days: int = 2) -> list[dict[str, Any]]:
    found = run_query("change_points", {"answers": rows}, {"min_days": min_days})
    assert found.names == COLUMNS
    return [dict(zip(COLUMNS, row, strict=True)) for row in found.rows]


def test_every_label_has_a_share_on_every_day_with_rows() -> None:
    rows = series(
        [
            answer(day(0), ["joy"]),
            answer(day(0), ["joy", "fear"]),
            answer(day(0), []),
            answer(day(0), ["anger"]),
            answer(day(3), ["joy"]),  # days 1 and 2 have no rows: no points
            answer(day(3), None),
            answer(None, ["sadness"]),
        ]
    )
    found = {(row["day"], row["label"]): (row["n"], row["rows"], row["share"]) for row in rows}
    assert found == {
        (day(0), "joy"): (2, 4, 0.5), (day(0), "fear"): (1, 4, 0.25), (day(0), "anger"): (1, 4, 0.25),
        (day(0), None): (1, 4, 0.25), (day(3), "joy"): (1, 1, 1), (day(3), "fear"): (0, 1, 0),
        (day(3), "anger"): (0, 1, 0), (day(3), None): (0, 1, 0),
    }  # fmt: skip


def test_a_question_needs_enough_days() -> None:
    rows = [answer(day(n), ["joy"]) for n in (0, 0, 5)]
    rows += [answer(day(n), ["joy"], labeler="z") for n in (0, 5, 9)]
    assert {row["labeler"] for row in series(rows, 3)} == {"z"}
    assert {row["labeler"] for row in series(rows, 2)} == {"m", "z"}


def test_nothing_in_nothing_out() -> None:
    assert series([]) == []


def test_the_mart_declares_what_the_function_gives() -> None:
    kinds = {"VARCHAR": "string", "DATE": "date32[day]", "INTEGER": "int32", "DOUBLE": "double"}
    mart = load_mart("change_points")
    assert [(column.name, kinds[column.type]) for column in mart.columns] == [
        (field.name, str(field.type)) for field in CHANGE_POINTS
    ]
