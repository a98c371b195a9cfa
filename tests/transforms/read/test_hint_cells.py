"""Names and cues of native rows; the expected lists are worked by hand."""

import polars as pl

from schemas.config.corpus import Columns, Values
from transforms.read.gold_cells import GOLD, OWN_GOLD
from transforms.read.hint_cells import CUES, cue_list, hint_list
from transforms.read.mapping import map_columns


def test_names_of_several_columns_are_one_sorted_list() -> None:
    frame = pl.DataFrame(
        {"host": ["Zoe ", '["Bo Li", "Ann"]', "", None], "guests": [["Ann", None], None, [], None]},
        schema_overrides={"guests": pl.List(pl.String)},
    )
    found = hint_list(frame, ("host", "guests")).to_list()
    assert found == [["Ann", "Zoe"], ["Ann", "Bo Li"], None, None]


def test_no_column_of_names_gives_none() -> None:
    assert hint_list(pl.DataFrame({"a": ["x", "y"]}), ()).to_list() == [None, None]


def test_cues_as_json_text_and_as_structs() -> None:
    cue = {"channel": "nonspeech", "value": "laughter", "start_ms": 5, "end_ms": None}
    text = '[{"channel": "nonspeech", "value": "laughter", "start_ms": 5}]'
    cues, bad = cue_list(pl.DataFrame({"c": [text, "no list", None, "[]"]}), "c")
    assert cues.to_list() == [[cue], None, None, None]
    assert bad.to_list() == [False, True, False, False]
    listed = pl.DataFrame({"c": pl.Series([[cue], None], dtype=CUES)})
    cues, bad = cue_list(listed, "c")
    assert cues.to_list() == [[cue], None]
    assert not bad.any()


def test_a_column_that_cannot_hold_cues_makes_its_rows_bad() -> None:
    frame = pl.DataFrame({"_position": [4, 5], "text": ["a", "b"], "c": [1.5, None]})
    mapped = map_columns(frame, Columns(text="text", cues="c"), Values(), ())
    assert mapped.frame["text"].to_list() == ["b"]
    assert [(row.position, row.error_class) for row in mapped.bad] == [(4, "bad_cues")]


def test_gold_that_a_reader_makes_itself_follows_the_configured() -> None:
    own = {"task": "intent", "taxonomy": "t", "label_set": None, "split": None}
    own |= {"annotator": "7", "labels": [], "value": None}
    frame = pl.DataFrame(
        {"_position": [0, 1], "text": ["a", "b"], OWN_GOLD: pl.Series([[own], None], dtype=GOLD)}
    )
    mapped = map_columns(frame, Columns(text="text"), Values(), ())
    assert mapped.frame["gold"].to_list() == [[own], None]
