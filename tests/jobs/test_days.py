"""Runs over the files of a day: which files are read, which days are there, what stays published."""

import datetime as dt
import json
from pathlib import Path

import pytest

from jobs.days import days, days_there, parse_days
from jobs.run import run
from jobs.screen import Screen
from pipelines.lake.lake import open_lake
from pipelines.lake.snapshots import state
from schemas.config.load import load_config
from schemas.errors import ConfigError, TransientError
from tests.end_to_end.corpus import command

FIRST, SECOND, THIRD = (dt.date(2026, 3, day) for day in (1, 2, 3))
TEXTS = (
    "I am so happy that the sun is out in the garden",
    "why does the train never come when it rains",
    "my sister is angry because nobody told her about it",
)


def write(folder: Path, *, engine: str = "{workers: 1}", always: bool = False) -> Path:
    """Three days of posts; those of the second in two files of a folder of their own."""
    for day in (FIRST, THIRD):
        posts(folder / f"posts/{day}/a.jsonl", day, "a")
    for name in "ab":
        posts(folder / f"posts/{SECOND}/{name}.jsonl", SECOND, name)
    columns = "columns: {text: body, id: id, created_at: at}"
    about = "name: posts, domain: social, license: CC0-1.0"
    corpora = [f"  - {{{about}, sources: 'posts/{{day}}/*.jsonl', {columns}}}"]
    if always:
        posts(folder / "talk.jsonl", FIRST, "t")
        corpora.append(
            corpora[0].replace("posts/{day}/*", "talk").replace("name: posts", "name: talk")
        )
    config = folder / "posts.yaml"
    lines = "\n".join(corpora)
    config.write_text(f"lake: lake\nengine: {engine}\ncheck: {{}}\ncorpora:\n{lines}\n")
    return config


def posts(path: Path, day: dt.date, name: str, texts: tuple[str, ...] = TEXTS) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = (
        {"id": f"{day}-{name}-{n}", "body": f"{text} on {day} {name}", "at": f"{day}T0{n}:00:00Z"}
        for n, text in enumerate(texts)
    )
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def published(lake: Path) -> dict[str, int]:
    """Rows with labels, by partition."""
    found: dict[str, int] = {}
    for part in state(open_lake(lake))[1].values():
        if part.dataset == "labels":
            found[part.partition] = found.get(part.partition, 0) + part.rows
    return found


def states(config: Path) -> dict[str, str]:
    return {each["day"]: each["state"] for each in days(config)["days"]}


def test_days_as_they_are_written() -> None:
    assert parse_days(None) is None
    assert parse_days("2026-03-01") == (FIRST,)
    assert parse_days("2026-03-01..2026-03-03") == (FIRST, SECOND, THIRD)
    for wrong in ("yesterday", "2026-02-30", "2026-03-03..2026-03-01", "2026-03-01..", "20260301",
                  "2016-01-01..2026-12-31"):  # fmt: skip
        with pytest.raises(ConfigError, match="--day"):
            parse_days(wrong)


def test_days_that_have_files(tmp_path: Path) -> None:
    config = write(tmp_path)
    (tmp_path / "posts/2026-02-30").mkdir()
    (tmp_path / "posts/2026-02-30/a.jsonl").touch()  # no day
    (tmp_path / "posts/2026-03-04").mkdir()  # no file
    assert days_there(load_config(config), tmp_path) == [FIRST, SECOND, THIRD]
    found = days(config)
    assert found["pending"] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert [each["files"] for each in found["days"]] == [1, 2, 1]
    assert [each["day"] for each in days(config, only=[SECOND])["days"]] == ["2026-03-02"]
    assert not (tmp_path / "lake").exists()


def test_mistakes_are_told(tmp_path: Path) -> None:
    config = write(tmp_path)
    plain = tmp_path / "plain.yaml"
    plain.write_text(config.read_text().replace("{day}", "2026-03-01"))
    with pytest.raises(ConfigError, match=r"No source .* names a day.*\{day\}"):
        run(plain, Screen(quiet=True), days=(FIRST,))
    with pytest.raises(TransientError, match=r"posts has no file of 2026-03-07 .*It may come yet"):
        run(config, Screen(quiet=True), days=(dt.date(2026, 3, 7),))
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(config.read_text().replace("{day}", "{day:%Y-%m}"))
    with pytest.raises(ConfigError, match=r"line 5: .*%Y, %m and %d"):
        load_config(wrong)
    told = command("run", config, "--day", "soon", cwd=tmp_path)
    assert told.code == 2
    assert "'soon' is no day" in told.err


@pytest.mark.slow
def test_day_by_day(tmp_path: Path) -> None:
    config = write(tmp_path, engine="{workers: 1, retire_missing_sources: true}", always=True)
    told = run(config, Screen(quiet=True), days=(SECOND,))
    assert told.exit_code == 0
    assert published(tmp_path / "lake") == {
        "2026-03-02": 6,
        "2026-03-01": 3,
    }  # the talk comes along, without a day
    assert states(config) == {
        "2026-03-01": "pending",
        "2026-03-02": "published",
        "2026-03-03": "pending",
    }
    run(config, Screen(quiet=True), days=(FIRST,))
    # Other days stay, although their files were not read and the config retires what is missing.
    assert published(tmp_path / "lake") == {"2026-03-01": 6, "2026-03-02": 6}
    # The same day again publishes nothing.
    again = run(config, Screen(quiet=True), days=(FIRST,))
    assert again.published is not None
    assert (again.published.number, again.published.changed) == (2, 0)
    # A range with a day that has no files; a late file of a day that was done.
    posts(tmp_path / f"posts/{SECOND}/late.jsonl", SECOND, "late")
    assert states(config)["2026-03-02"] == "pending"
    late = run(config, Screen(quiet=True), days=parse_days("2026-03-02..2026-03-05"))
    assert late.exit_code == 0
    assert published(tmp_path / "lake") == {"2026-03-01": 6, "2026-03-02": 9, "2026-03-03": 3}
    assert set(states(config).values()) == {"published"}
    # A file that changed makes its day pending again; so do labels that are missing.
    posts(
        tmp_path / f"posts/{THIRD}/a.jsonl", THIRD, "a", (*TEXTS, "one more word about the weather")
    )
    assert days(config)["pending"] == ["2026-03-03"]
    config.write_text(
        config.read_text() + "label: [{task: emotion}, {task: emotion, taxonomy: ekman}]\n"
    )
    assert days(config)["pending"] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    whole = run(config, Screen(quiet=True))  # without a day: all of them
    assert whole.exit_code == 0
    assert published(tmp_path / "lake") == {"2026-03-01": 12, "2026-03-02": 18, "2026-03-03": 8}
    assert days(config)["pending"] == []


@pytest.mark.slow
def test_each_command_takes_a_day(tmp_path: Path) -> None:
    config = write(tmp_path)
    day = ("--day", "2026-03-02", "--json")
    for stage in ("plan", "ingest", "clean", "label", "check", "publish", "run"):
        told = command(stage, config, *day, cwd=tmp_path)
        assert told.code == 0, told.err
        if stage == "plan":
            assert told.json["corpora"]["posts"]["units"] == 6
        else:
            assert told.json["stages"][0]["counts"]["in"] == 6
    assert published(tmp_path / "lake") == {"2026-03-02": 6}
    told = command("days", config, "--json", cwd=tmp_path)
    assert told.json["pending"] == ["2026-03-01", "2026-03-03"]


def test_a_labeler_that_a_dag_will_serve(tmp_path: Path) -> None:
    """`plan` and `days` come before the server that writes the labeler file."""
    config = write(tmp_path)
    text = config.read_text() + "label: [{task: emotion, labeler: m.yaml}]\n"
    config.write_text(text)
    told = command("plan", config, "--json", cwd=tmp_path)
    assert (told.code, "no labeler file" in told.err) == (2, True)
    config.write_text(text + "airflow: {serve: {model: M}}\n")
    told = command("plan", config, "--json", cwd=tmp_path)
    assert told.code == 0, told.err
    stage = told.json["stages"][-1]
    assert (stage["stage"], stage["units_to_do"]) == ("label emotion/goemotions/m", 12)
    assert "unknown until the task `serve`" in stage["told"]
    assert len(days(config)["pending"]) == 3


def test_a_day_of_one_corpus_only(tmp_path: Path) -> None:
    config = write(tmp_path)
    posts(tmp_path / f"talk/{SECOND}.jsonl", SECOND, "t")
    line = next(each for each in config.read_text().splitlines() if "name: posts" in each)
    talk = line.replace("name: posts", "name: talk").replace("posts/{day}/*", "talk/{day}")
    config.write_text(config.read_text() + f"{talk}\n")
    assert [(each["day"], each["files"]) for each in days(config)["days"]] == [
        ("2026-03-01", 1), ("2026-03-02", 3), ("2026-03-03", 1),
    ]  # fmt: skip
