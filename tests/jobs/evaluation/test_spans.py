"""Spans: the example of the docs, files of all kinds, and cells that hold no spans of their text."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

from jobs.evaluate_file import evaluate_file
from jobs.evaluation.compute import Asked
from jobs.evaluation.page import render_page
from jobs.evaluation.span_cells import WRONG, read_spans, words_of
from schemas.errors import ConfigError, SourceError
from tests.jobs.evaluation.test_output import screen
from transforms.evaluate.limits import judge, parse_limit

QUICK = Asked(resamples=20)
SECRET = "nobody may see this"
DOCS = Path(__file__).parents[3] / "docs" / "evaluate.md"
WAYS = ("exact", "overlap", "token")


def section(title: str) -> str:
    return DOCS.read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]


def block(title: str, kind: str) -> str:
    return section(title).partition(f"```{kind}\n")[2].partition("```")[0]


def rows(title: str) -> list[list[str]]:
    lines = [line for line in section(title).splitlines() if re.match(r"\|.* \d\.\d{3} \|", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def evaluated(path: Path, **kwargs) -> dict:
    found = evaluate_file(path, asked=kwargs.pop("asked", QUICK), **kwargs).to_json()
    assert SECRET not in json.dumps(found) + screen(found) + render_page(found)
    return found


def lines(path: Path, rows: list[dict]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def of(*spans: tuple) -> list[dict]:
    return [dict(zip(("start", "end", "label"), span, strict=False)) for span in spans]


def test_the_example_of_the_docs(tmp_path):
    path = tmp_path / "spans.jsonl"
    path.write_text(block("Spans", "json"))
    found = evaluated(path)
    by_hand = {
        "exact": (1 / 3, 1 / 3, 1 / 3),
        "overlap": (2 / 3, 2 / 3, 2 / 3),
        "token": (4 / 5, 4 / 6, 8 / 11),
    }
    for way, figures in by_hand.items():
        for name, figure in zip(("precision", "recall", "f1"), figures, strict=True):
            assert found[f"{way}_{name}"] == pytest.approx(figure, abs=1e-12)
    assert rows("Spans") == [
        [way, *(f"{found[f'{way}_{name}']:.3f}" for name in ("precision", "recall", "f1"))]
        for way in WAYS
    ]
    assert (found["n"], found["gold_spans"], found["given_spans"]) == (3, 3, 3)
    text = screen(found)
    assert f"token F1           {8 / 11:.3f} [" in text
    assert "3 spans in gold, 3 in the answers" in text
    assert "token precision" in render_page(found)


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "csv", "tsv"])
def test_answers_by_id_from_another_file_and_labels(tmp_path, kind):
    gold = {"id": ["a", "b", "c"], "text": ["so sad and so glad"] * 3, "lang": ["en", "en", "de"]}
    held = [
        of((0, 6, "feeling"), (11, 18, "feeling")),
        of((3, 6, "feeling"), (0, 2, "degree")),
        None,
    ]
    told = [of((0, 2, "degree"), (3, 6, "feeling")), of((0, 6, "feeling"))]  # of b, of a
    for name, keys, spans in (("gold", gold, held), ("told", {"id": ["b", "a"]}, told)):
        path = tmp_path / f"{name}.{kind}"
        if kind == "parquet":
            pl.DataFrame({**keys, "spans": spans}).write_parquet(path)
        elif kind == "jsonl":
            pl.DataFrame({**keys, "spans": spans}).write_ndjson(path)
        else:
            cells = [None if row is None else json.dumps(row) for row in spans]
            frame = pl.DataFrame({**keys, "spans": cells})
            tabs = kind == "tsv"
            frame.write_csv(
                path, separator="\t" if tabs else ",", quote_style="never" if tabs else None
            )
    found = evaluated(tmp_path / f"gold.{kind}", answers=tmp_path / f"told.{kind}")
    assert (found["n"], found["unannotated"], found["bad_gold"]) == (2, 1, 0)
    # a: one of two found exactly; b: both. Labels: feeling 2 of 3, degree 1 of 1.
    assert (found["exact_precision"], found["exact_recall"]) == (1.0, 0.75)
    feeling, degree = found["per_label"]["feeling"], found["per_label"]["degree"]
    assert (feeling["support"], feeling["predicted"], degree["support"]) == (3, 2, 1)
    assert feeling["exact_f1"] == pytest.approx(4 / 5)
    assert degree["token_f1"] == 1.0
    # words of feeling: so sad, so glad, sad in gold; so sad, sad answered
    assert feeling["token_recall"] == pytest.approx(3 / 5)
    assert judge(parse_limit("exact_f1.feeling=.8", "min"), found).holds
    assert not judge(parse_limit("exact_recall=.8", "min"), found).holds


def test_offsets_count_code_points(tmp_path):
    text = "😀 très triste"  # the first sign is two UTF-16 units and four bytes
    row = {"text": text, "spans": of((7, 13)), "answer_spans": of((7, 13))}
    assert text[7:13] == "triste"
    assert evaluated(lines(tmp_path / "a.jsonl", [row]))["exact_f1"] == 1.0
    row["answer_spans"] = of((7, 14))
    assert evaluated(lines(tmp_path / "b.jsonl", [row]))["reasons"] == {"span_outside_text": 1}


BAD = {
    "spans_no_list": ["{not json", '{"start": 0, "end": 1}', '"abc"', "[3]", "[" * 100_000],
    "span_not_integers": [
        '[{"start": "0", "end": 1}]', '[{"start": 0.5, "end": 1}]', '[{"start": true, "end": 1}]',
        '[{"start": 0}]', '[{"start": NaN, "end": 1}]', '[{"start": 0, "end": Infinity}]',
    ],
    "span_reversed": ['[{"start": 2, "end": 1}]', '[{"start": 1, "end": 1}]'],
    "span_outside_text": [
        '[{"start": 0, "end": 4}]', '[{"start": -1, "end": 1}]',
        f'[{{"start": 0, "end": {10**30}}}]',
    ],
    "span_label_no_name": ['[{"start": 0, "end": 1, "label": 7}]'],
}  # fmt: skip


def test_cells_that_hold_no_spans_of_their_text():
    assert set(BAD) == set(WRONG)
    for reason, cells in BAD.items():
        assert read_spans(cells, ["abc"] * len(cells)) == (
            [None] * len(cells),
            [reason] * len(cells),
        )
    good = ["[]", "null", "", None, '[{"start": 0.0, "end": 3}]']
    spans, wrong = read_spans(good, ["abc"] * len(good))
    assert spans == [[], None, None, None, [(0, 3)]]
    assert set(wrong) == {None}


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_bad_rows_are_counted_and_told(tmp_path, kind):
    cells = [cell for of_one in BAD.values() for cell in of_one if "NaN" not in cell]
    cells = [cell for cell in cells if "Inf" not in cell and len(cell) < 100] + ["[]"]
    frame = {"text": [SECRET[:3]] * len(cells), "id": list(range(len(cells)))}
    gold, told = tmp_path / f"gold.{kind}", tmp_path / f"told.{kind}"
    for path, column in ((gold, cells), (told, ["[]"] * len(cells))):
        table = pl.DataFrame({**frame, "spans": column})
        table.write_csv(path) if kind == "csv" else table.write_ndjson(path)
    found = evaluated(gold, answers=told)
    assert (found["n"], found["bad_gold"], found["unannotated"]) == (1, len(cells) - 1, 0)
    assert "2 with a span that does not end after its start" in found["notes"][0]
    found = evaluated(told, answers=gold)
    assert found["statuses"] == {"failed": len(cells) - 1, "labeled": 1}
    assert found["reasons"]["span_reversed"] == 2
    assert found["exact_f1"]["undefined"]


def test_two_files_of_answers_parts_and_conversations(tmp_path):
    texts = [f"word{n} is what they said" for n in range(60)]
    gold = [
        {"id": str(n), "text": text, "spans": of((0, 5)), "lang": "en" if n % 2 else "de",
         "conversation_id": str(n // 3), "split": "dev" if n < 40 else "train"}
        for n, text in enumerate(texts)
    ]  # fmt: skip
    right = [{"id": str(n), "spans": of((0, 5))} for n in range(60)]
    half = [{"id": str(n), "spans": of((0, 5)) if n % 2 else []} for n in range(60)]
    paths = [lines(tmp_path / f"{n}.jsonl", each) for n, each in enumerate((gold, half, right))]
    asked = Asked(by=("lang", "length"), resamples=200)
    found = evaluated(
        paths[0], answers=paths[1], against=str(paths[2]), splits=["dev"], asked=asked
    )
    assert (found["n"], found["other_splits"], found["drawn"], found["groups"]) == (
        40,
        20,
        "groups",
        14,
    )
    assert found["exact_recall"] == 0.5
    low, high = found["intervals"]["exact_recall"]
    assert low < 0.5 < high
    parts = {part["value"]: part["exact_f1"] for part in found["breakdown"]["lang"]}
    assert parts == {"en": 1.0, "de": 0.0}
    recall = found["against"]["differences"]["exact_recall"]
    assert recall["difference"] == 0.5
    assert recall["p"] < 0.05
    assert "exact F1" in screen(found)
    assert "agreement" not in found["against"]


def test_labels_on_one_side_only_are_told(tmp_path):
    row = {"text": "sad", "spans": of((0, 3, "x")), "answer_spans": of((0, 3))}
    found = evaluated(lines(tmp_path / "a.jsonl", [row]))
    assert found["exact_f1"] == 0.0
    assert "labels on both sides" in found["notes"][0]


def test_what_cannot_be_asked(tmp_path):
    one = {"id": "a", "text": "sad", "spans": of((0, 3)), "answer_spans": of((0, 3))}
    path = lines(tmp_path / "a.jsonl", [one])
    for useless in ({"wheel": "parrott"}, {"taxonomy": "ekman"}):
        with pytest.raises(ConfigError, match="says nothing of spans"):
            evaluate_file(path, task="spans", **useless)
    with pytest.raises(ConfigError, match="no labeler of ours marks spans"):
        evaluate_file(path, against="student")
    alone = lines(tmp_path / "b.jsonl", [{"text": "sad", "spans": []}])
    with pytest.raises(ConfigError, match="no file of answers"):
        evaluate_file(alone)
    with pytest.raises(SourceError, match="no column answer_spans"):
        evaluate_file(alone, answers=alone)
    with pytest.raises(SourceError, match="no column 'spans'"):
        evaluate_file(lines(tmp_path / "c.jsonl", [{"text": "a"}]), task="spans", answers=path)
    twice = lines(tmp_path / "d.jsonl", [one | {"annotator": who} for who in "xy"])
    with pytest.raises(SourceError, match="not put to the vote"):
        evaluate_file(twice, answers=path)


def test_labels_come_first_and_spans_are_told_of(tmp_path):
    row = {"text": "sad", "spans": of((0, 3)), "labels": ["sadness"], "answer_labels": ["sadness"]}
    path = lines(tmp_path / "a.jsonl", [row | {"answer_spans": []}])
    found = evaluated(path, answers=path, taxonomy="ekman")
    assert found["macro_f1"] == 1.0
    assert found["notes"] == ["The file has spans too; to compare them: --task spans"]
    assert evaluated(path, task="spans")["exact_recall"] == 0.0


def test_words_of_scripts_with_and_without_blanks():
    assert [text[a:b] for text in ["I'm sad ."] for a, b in words_of(text)] == ["I'm", "sad", "."]
    text = "很sad เศร้า दुःख हूँ"
    assert [text[a:b] for a, b in words_of(text)] == ["很", "sad", *"เศร้า", "दुःख", "हूँ"]
    assert words_of(" \n\u3000") == []
