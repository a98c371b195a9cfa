"""The tables of the students: figures by hand, reasons instead of empty cells, words for every model."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from benchmarks.student_cards import WORDS, card
from benchmarks.student_quality import BEGIN, END, document, write_between
from benchmarks.student_tables import NO_INTERVAL, Reasons, emotions
from benchmarks.train_students import STUDENTS

ROOT = Path(__file__).parents[2]


def _label(right: int, gold: int, given: int) -> dict[str, object]:
    nothing = {"undefined": "there are none"}
    return {
        "precision": right / given if given else nothing,
        "recall": right / gold if gold else nothing,
        "f1": 2 * right / (gold + given) if gold + given else nothing,
        "support": gold,
        "predicted": given,
    }


def _found() -> dict[str, object]:
    per_label = {"change": _label(3, 4, 5), "neutral": _label(9, 10, 9), "sustain": _label(0, 2, 0)}
    cv = {"macro_f1": 0.5, "accuracy": 0.6, "intervals": {"macro_f1": [0.4, 0.55]}}
    head = {
        "task": "talk_type", "kind": "exclusive", "labels": ["change", "neutral", "sustain"], "thresholds": {},
        "cross_validation": cv | {"per_label": per_label}, "dev": {"none": "no dev here"},
        "human": {"none": "nobody rated"}, "speed": {"none": "not measured"},
    }  # fmt: skip
    model = {
        "version": "0123456789ab", "languages": ["en"], "gold": "annomi_client", "gold_languages": ["en"],
        "megabytes": 0.5, "features": 26_707, "columns": 3, "rows": 16, "folds": 5, "groups": 4, "lexicons": True,
        "heads": {"annomi_client": head},
    }  # fmt: skip
    return {"models": {"talk_type-annomi_client": model}, "speed": None}


def test_emotions_leave_out_neutral_and_what_does_not_occur() -> None:
    found = emotions(
        {"joy": _label(3, 4, 5), "anger": _label(0, 2, 1), "disgust": _label(0, 0, 0), "neutral": _label(9, 9, 9)}
    )  # fmt: skip
    # F1 of joy 6/9, of anger 0; pooled 3 right, 6 in gold, 6 given.
    assert found["macro_f1"] == pytest.approx((2 / 3 + 0) / 2)
    assert found["micro_f1"] == pytest.approx(2 * 3 / 12)
    assert emotions({"disgust": _label(0, 0, 0)})["micro_f1"] == {
        "undefined": "no label occurs in gold or answers"
    }


def test_cells_without_a_figure_name_their_reason_once() -> None:
    told = Reasons()
    assert told.figure({"f1": 0.25, "intervals": {"f1": [0.125, 0.5]}}, "f1") == (
        "0.250 [0.125, 0.500]"
    )
    assert told.figure({"f1": {"undefined": "it is rare"}}, "f1") == "none (1)"
    assert told.figure({"none": "no dev"}, "f1") == told.figure({"none": "no dev"}, "other")
    assert told.figure({"f1": 0.25}, "f1") == "0.250 [none (3)]"
    assert told.lines() == [
        "", "- (1) undefined, because it is rare", "- (2) no dev", f"- (3) {NO_INTERVAL}"
    ]  # fmt: skip


def test_a_document_has_no_empty_cell() -> None:
    text = document(_found(), labels=True)
    cells = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    assert len(cells) > 6
    assert all(cell.strip() for row in cells for cell in row)
    assert "- (2) no dev here" in text
    assert "| sustain | none (4) | 0.000 | 0.000 | 2 | 0 |" in text


def test_tables_are_renewed_between_the_markers_alone(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_between(path, "new\n")
    write_between(path, "newer\n")
    assert path.read_text() == f"before\n{BEGIN}\n\nnewer\n\n{END}\nafter\n"
    path.write_text("no markers")
    with pytest.raises(SystemExit):
        write_between(path, "new\n")


def test_every_model_has_words_and_a_card_of_them() -> None:
    words = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    assert set(words) == {student.file for student in STUDENTS} | {"common"}
    for student in STUDENTS:
        assert {"title", "answers", "data", "license", "limits"} <= set(words[student.file])
    name = "talk_type-annomi_client"
    text = card(name, _found()["models"][name], words[name], words["common"])  # type: ignore[index]
    for limit in [*words[name]["limits"], *words["common"]]:
        assert " ".join(limit.split()) in text
    assert "0123456789ab" in text
    assert "No row of an official test split was seen" in text


def test_the_docs_have_the_markers() -> None:
    text = (ROOT / "docs" / "student.md").read_text(encoding="utf-8")
    assert text.index(BEGIN) < text.index(END)
