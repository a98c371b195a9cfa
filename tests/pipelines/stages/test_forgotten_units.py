"""Ingest counts the native units that are left out because all that is in them is of forgotten people."""

import polars as pl

from pipelines.lake.forget_list import Forgotten, mark
from pipelines.stages.ingest import _without
from transforms.ingest.keyed import KeyedHasher

HASHER = KeyedHasher(b"k" * 32)
HER = Forgotten({mark(HASHER, "her")}, {mark(HASHER, "r9")})


def frames(*given: tuple[str, str | None, str, int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Records and native rows: (record id, speaker, native id, position)."""
    schema = {"record_id": pl.String, "speaker": pl.String, "id": pl.String, "_position": pl.Int64}
    frame = pl.DataFrame(given, schema=schema, orient="row")
    records = frame.select("record_id", "speaker", pl.lit(None, pl.String).alias("reply_to"))
    return records, frame.select("id", "_position")


def test_a_unit_with_several_records_is_skipped_when_none_is_left() -> None:
    records, rows = frames(
        ("r0", "her", "a", 0), ("r1", "him", "b", 0), ("r2", "her", "c", 1), ("r3", "her", "d", 1),
        ("r4", None, "e", 2), ("r9", None, "f", 3),
    )  # fmt: skip
    left, units = _without(HER, records, rows, rows, HASHER)
    assert left["record_id"].to_list() == ["r1", "r4"]
    assert units == 2  # 1 and 3


def test_several_units_that_became_one_record() -> None:
    records, rows = frames(("r0", "her", "a", 0), ("r1", "him", "b", 1))
    annotations = pl.DataFrame({"id": ["a", "b", "a", "a"], "_position": [0, 1, 2, 3]})
    left, units = _without(HER, records, rows, annotations, HASHER)
    assert (left["record_id"].to_list(), units) == (["r1"], 3)


def test_answers_do_not_name_what_they_answer() -> None:
    records, rows = frames(("r0", "him", "a", 0), ("r1", "him", "b", 1))
    answers = records.with_columns(pl.Series("reply_to", ["r9", "r8"]))
    left, units = _without(HER, answers, rows, rows, HASHER)
    assert (left["reply_to"].to_list(), units) == ([None, "r8"], 0)


def test_nobody_who_was_forgotten_is_here() -> None:
    records, rows = frames(("r0", "him", "a", 0))
    left, units = _without(HER, records, rows, rows, HASHER)
    assert (left.height, units) == (1, 0)
