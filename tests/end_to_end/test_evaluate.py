"""evaluate as a command: files, answers, lakes, limits, and mistakes."""

import json
from pathlib import Path

import polars as pl
import pytest

import affectmine
from tests.end_to_end.corpus import START, command

pytestmark = pytest.mark.slow

TEXTS = {
    "Thank you so much for your help, I really appreciate it!": "gratitude",
    "This is so funny, I can't stop laughing": "amusement",
    "I am so sorry for your loss": "sadness",
    "Why would anyone do that? I don't understand.": "confusion",
    "I hate this, you make me so angry": "anger",
}
SAME = ("n", "coverage", "macro_f1", "micro_f1", "ece", "intervals", "statuses", "with_gold")


def rows(number: int) -> list[dict[str, object]]:
    listed = list(TEXTS.items())
    return [
        {
            "id": f"r{n}",
            "text": f"{listed[n % 5][0]} ({n})",
            "labels": [listed[n % 5][1]] if n % 3 else ["neutral"],
            "lang": "de" if n % 11 == 0 else "en",
            "talk": f"t{n // 4}",
            "at": START + n,
        }
        for n in range(number)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluate")
    (folder / "gold.jsonl").write_text("\n".join(map(json.dumps, rows(110))))
    return folder


def test_answers_of_label_are_those_of_the_labeler(folder: Path) -> None:
    ran = command("evaluate", "--gold", "gold.jsonl", "--json", "--resamples", "50", cwd=folder)
    assert ran.code == 0, ran.err
    assert ran.json["statuses"] == {"labeled": 100, "rejected": 10}
    assert ran.json["reasons"] == {"language:de": 10}
    for suffix in ("parquet", "jsonl", "csv"):
        out = f"told.{suffix}"
        assert command("label", "gold.jsonl", "-o", out, cwd=folder).code == 0
        told = command(
            "evaluate", "--gold", "gold.jsonl", "--answers", out, "--json", "--resamples", "50", cwd=folder
        )  # fmt: skip
        assert told.code == 0, told.err
        for key in SAME:
            if key == "ece" and suffix == "csv":  # four decimals there
                continue
            if key == "intervals" and suffix == "csv":
                assert told.json[key]["macro_f1"] == ran.json[key]["macro_f1"]
                continue
            assert told.json[key] == ran.json[key], (suffix, key)


def test_a_whole_evaluation_on_the_screen_and_on_a_page(folder: Path) -> None:
    pl.DataFrame(rows(110)).select("id", pl.lit("neutral").alias("labels")).write_csv(
        folder / "other.csv"
    )
    ran = command(
        "evaluate", "--gold", "gold.jsonl", "--against", "other.csv", "--by", "lang,length", "--group", "talk",
        "--resamples", "100", "--page", "page.html", "--min", "macro_f1=.1", cwd=folder,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    for words in (
        "95% intervals, bootstrap over 28 groups",
        "student against other.csv",
        "By lang",
    ):
        assert words in ran.out
    assert "10 rows are too few" not in ran.out  # in the table it is: too few rows
    assert "too few rows" in ran.out
    page = (folder / "page.html").read_text()
    assert not any(text in page or text in ran.out for text in TEXTS)
    assert "<script" not in page


def test_limits_end_with_exit_code_3(folder: Path) -> None:
    ran = command(
        "evaluate", "--gold", "gold.jsonl", "--json", "--resamples", "20", "--min", "macro_f1:lower=.99",
        "--max", "ece=.9", cwd=folder,
    )  # fmt: skip
    assert ran.code == 3
    assert ran.json["n"] == 110
    assert "1 limit(s) do not hold" in ran.err


def test_what_cannot_be_asked_is_told(folder: Path) -> None:
    gold = ("evaluate", "--gold", "gold.jsonl")
    cases: dict[tuple[str, ...], tuple[int, str]] = {
        ("evaluate",): (2, "Name a file with --gold, or a lake with --lake"),
        (*gold, "--min", "macro_f2=.5"): (2, "no figure 'macro_f2'"),
        (*gold, "--page", "page.pdf"): (2, ".html"),
        (*gold, "--as-of", "1"): (2, "--as-of says nothing of a file"),
        (*gold, "--by", "mood"): (1, "no column 'mood'"),
        (*gold, "--by", "text"): (2, "texts of people"),
        (*gold, "--group", "thread"): (1, "no column 'thread'"),
        (*gold, "--answers", "none.parquet"): (1, "no file"),
        (*gold, "--against", "gpt"): (2, "no labeler 'gpt'"),
        ("evaluate", "--lake", "lake", "--gold", "gold.jsonl"): (2, "--gold says nothing of a lake"),
        ("evaluate", "--lake", "nowhere"): (2, "no lake"),
    }  # fmt: skip
    for arguments, (code, told) in cases.items():
        ran = command(*arguments, cwd=folder)
        assert ran.code == code, (arguments, ran)
        assert told in " ".join(ran.err.split()), (arguments, ran.err)
        assert "Traceback" not in ran.err
        assert not any(text in ran.err for text in TEXTS)


def test_a_lake_is_evaluated_like_the_file_it_is_from(tmp_path: Path) -> None:
    posts = [row | {"labels": " ".join(row["labels"])} for row in rows(110)]  # type: ignore[arg-type]
    (tmp_path / "posts.jsonl").write_text("\n".join(map(json.dumps, posts)))
    (tmp_path / "config.yaml").write_text(
        "lake: lake\ncorpora:\n  - {name: posts, domain: social, license: x, sources: posts.jsonl, "
        "columns: {text: text, id: id, lang: lang, created_at: at, conversation_id: talk}, "
        "gold: [{task: emotion, taxonomy: goemotions, labels: labels, separator: ' '}]}\n"
    )
    assert command("run", "config.yaml", cwd=tmp_path).code == 0
    ran = command(
        "evaluate", "--lake", "lake", "--json", "--by", "lang,corpus", "--resamples", "50", cwd=tmp_path
    )  # fmt: skip
    assert ran.code == 0, ran.err
    (tmp_path / "gold.jsonl").write_text("\n".join(map(json.dumps, rows(110))))
    of_file = command(
        "evaluate", "--gold", "gold.jsonl", "--json", "--group", "talk", "--resamples", "50", cwd=tmp_path
    )  # fmt: skip
    for key in ("n", "coverage", "macro_f1", "micro_f1", "statuses", "reasons", "groups"):
        assert ran.json[key] == of_file.json[key], key
    assert (ran.json["drawn"], ran.json["groups"]) == ("conversations", 28)
    assert [part["n"] for part in ran.json["breakdown"]["lang"]] == [100, 10]


def test_from_python(folder: Path) -> None:
    gold = pl.DataFrame(rows(110))
    twice = pl.concat([gold.with_columns(annotator=pl.lit(who)) for who in "ab"])
    found = affectmine.evaluate(twice, by=["lang"], group="talk", resamples=20).to_json()
    assert (found["n"], found["groups"], found["people"]["annotators"]) == (110, 28, 2)
    assert [part["value"] for part in found["breakdown"]["lang"]] == ["en", "de"]
    assert found["people"]["agreement"]["mean_alpha"] == 1.0
    of_file = command(
        "evaluate", "--gold", "gold.jsonl", "--json", "--group", "talk", "--resamples", "20", cwd=folder
    )  # fmt: skip
    for key in ("macro_f1", "ece", "intervals", "statuses"):
        assert found[key] == of_file.json[key], key


def test_spans_and_free_words(tmp_path: Path) -> None:
    text = "I am so very sad"
    marked = [
        {"text": text, "spans": [{"start": 5, "end": 16}], "answer_spans": [{"start": 13, "end": 16}]},
        {"text": text, "spans": [{"start": 13, "end": 16}], "answer_spans": [{"start": 13, "end": 61}]},
        {"text": text, "spans": [{"start": 13, "end": 99}], "answer_spans": []},
    ]  # fmt: skip
    (tmp_path / "spans.jsonl").write_text("\n".join(map(json.dumps, marked)))
    ran = command("evaluate", "--gold", "spans.jsonl", "--json", "--page", "p.html", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert (ran.json["n"], ran.json["bad_gold"], ran.json["reasons"]) == (
        2,
        1,
        {"span_outside_text": 1},
    )
    assert (ran.json["token_precision"], ran.json["token_recall"]) == (1.0, 0.25)
    assert "token F1" in (tmp_path / "p.html").read_text()
    (tmp_path / "words.csv").write_text("text,labels,answer_labels\na,fury,rage\nb,glee,meh\n")
    words = ("evaluate", "--gold", "words.csv", "--answers", "words.csv", "--wheel", "parrott")
    ran = command(*words, "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert (ran.json["set_f1"], ran.json["off_wheel"]["given"]["words"]) == (0.5, 1)
    assert command(*words, "--min", "set_f1=.6", cwd=tmp_path).code == 3
    for wrong in (("--wheel", "parrott"), ("--task", "spans")):
        ran = command("evaluate", "--lake", "lake", *wrong, cwd=tmp_path)
        assert ran.code == 2
        assert "says nothing of a lake" in ran.err
