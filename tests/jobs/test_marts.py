"""Marts of a lake through the front door: built once, found by what is published, gone with who is forgotten."""

import json
from pathlib import Path

import duckdb
import pytest

import affectmine
from jobs.cli import run_command
from pipelines.lake.key import load_key
from pipelines.lake.mart_files import mart_files
from pipelines.lake.snapshots import state
from schemas.label_task import load_task
from schemas.mart import load_mart, mart_names
from schemas.taxonomy import load_taxonomy
from tests.jobs.made_lake import keyed, made_lake
from transforms.ingest.keyed import KeyedHasher
from transforms.label.prompted.answer_type import answer_type


def talk(name: str, states: str, speakers: str = "ab") -> list[dict]:
    """Turns by turns of these speakers: j joy, s sadness, a anger, n neutral, - none."""
    names = {"j": "joy", "s": "sadness", "a": "anger", "n": "neutral"}
    return [
        {
            "id": f"{name}{number}",
            "talk": name,
            "turn": number,
            "speaker": f"{name}-{speakers[number % len(speakers)]}",
            "role": speakers[number % len(speakers)],
            "labels": [names[each]] if each != "-" else [],
            "text": f"this is number {number}",
        }
        for number, each in enumerate(states)
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def build(capsys: pytest.CaptureFixture[str], *more: str, code: int = 0) -> dict:
    capsys.readouterr()
    assert run_command(["marts", "build", "--json", *more]) == code
    return json.loads(capsys.readouterr().out)


def rows(sql: str, **more: object) -> list[tuple]:
    with affectmine.open_lake("lake", **more) as lake:  # type: ignore[arg-type]
        return lake.frame(sql).rows()


def test_every_mart_is_built_and_can_be_asked(folder, capsys):
    made_lake(folder / "lake", talk("x", "jsajsajsajs") + talk("y", "nnnajj"))
    told = build(capsys)
    assert told["errors"] == {}
    assert sorted(told["marts"]) == mart_names()
    for name in mart_names():
        mart = load_mart(name)
        with affectmine.open_lake("lake") as lake:
            table = lake.table(f"SELECT * FROM {mart.view}")
        assert table.schema.names == [column.name for column in mart.columns]
        assert table.num_rows == told["marts"][name]["rows"]
    # Counted by hand: in x the same speaker's turns are j a s j a s and s j a s j, in y n n j and n a j.
    found = rows("SELECT from_label, to_label, n FROM mart_transitions WHERE scope = 'speaker'")
    assert ("neutral", "neutral", 1) in found
    assert sum(n for *_, n in found) == 5 + 4 + 2 + 2
    # Any DuckDB client sees them, too.
    with duckdb.connect("lake/catalog.duckdb", read_only=True) as client:
        assert client.execute("SELECT sum(n) FROM mart_transitions").fetchone()[0] > 0


def test_what_is_there_is_not_computed_again(folder, capsys):
    lake = made_lake(folder / "lake", talk("x", "jsjs"))
    first = build(capsys)
    assert all(each["built_now"] for each in first["marts"].values())
    again = build(capsys)
    assert not any(each["built_now"] for each in again["marts"].values())
    (file,) = (folder / "lake/marts/transitions").glob("*.parquet")
    file.unlink()
    once_more = build(capsys)
    assert [n for n, each in once_more["marts"].items() if each["built_now"]] == ["transitions"]
    assert len(mart_files(lake, state(lake)[1])) == len(mart_names())


def test_an_earlier_snapshot_keeps_its_marts(folder, capsys):
    made_lake(folder / "lake", talk("x", "jjjj"))
    build(capsys)
    made_lake(folder / "lake", talk("x", "ssss"), run_id="second")
    count = "SELECT from_label, sum(n) FROM mart_transitions WHERE scope = 'speaker' GROUP BY ALL"
    with pytest.raises(Exception, match="mart_transitions is not built for this snapshot"):
        rows(count)
    assert rows(count, as_of=1) == [("joy", 2)]
    build(capsys)
    assert rows(count) == [("sadness", 2)]
    assert rows(count, as_of=1) == [("joy", 2)]
    assert run_command(["vacuum", "--lake", "lake", "--retain", "1", "--older-than", "0s"]) == 0
    assert rows(count) == [("sadness", 2)]
    assert len(list((folder / "lake/marts/transitions").glob("*"))) == 2


def test_what_was_built_last_is_shown_and_kept_to(folder, capsys):
    """Strict, loose, strict again: never are words shown that the last settings forbid."""
    made = [{**each, "labels": ["joy" if n % 3 else "fear"], "text": "so " + "well" * (n % 3)} for n, each in
            enumerate(talk("x", "j" * 60, "abcdefgh"))]  # fmt: skip
    made_lake(folder / "lake", made)
    config = (
        "lake: lake\ncorpora: [{name: c, domain: social, license: x, sources: x.jsonl}]\n"
        "marts: {min_speakers: %d, min_records: 2}\n"
    )
    (folder / "strict.yaml").write_text(config % 40)
    (folder / "loose.yaml").write_text(config % 1)
    count = "SELECT count(*) FROM mart_expressions"
    build(capsys, "--config", "strict.yaml")
    assert rows(count) == [(0,)]
    build(capsys, "--config", "loose.yaml")
    assert rows(count)[0][0] > 0
    build(capsys, "--config", "strict.yaml")
    assert rows(count) == [(0,)]
    (file,) = (folder / "lake/marts/expressions").glob("*.json")
    file.unlink()
    build(capsys)  # without a config: as it was built before
    assert rows(count) == [(0,)]


def test_what_stricter_settings_cannot_build_is_not_shown_as_it_was(folder, capsys, monkeypatch):
    made_lake(folder / "lake", talk("x", "jsajsajsajs"))
    build(capsys)
    (folder / "strict.yaml").write_text(
        "lake: lake\ncorpora: [{name: c, domain: social, license: x, sources: x.jsonl}]\n"
        "marts: {min_speakers: 40}\n"
    )

    def full(base, min_records):
        raise duckdb.OutOfMemoryException("no")

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.marts.needs.need_counts", full)
        build(capsys, "--config", "strict.yaml", code=75)
    with pytest.raises(Exception, match="mart_expressions is not built for this snapshot"):
        rows("SELECT * FROM mart_expressions")


def test_no_room_is_told_and_can_be_tried_again(folder, capsys, monkeypatch):
    made_lake(folder / "lake", talk("x", "jsajsajsajs"))

    def full(base):
        raise duckdb.IOException("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.marts.needs.need_turns", full)
        told = build(capsys, code=75)
    assert "TMPDIR" in told["errors"]["transitions"]
    assert build(capsys)["errors"] == {}


def test_what_a_killed_build_left_is_swept(folder, capsys):
    made_lake(folder / "lake", talk("x", "jsjs"))
    left = folder / "lake/marts/scratch-abc"
    left.mkdir(parents=True)
    (left / "answers-000000.parquet").write_bytes(b"half a file")
    build(capsys)
    assert not list((folder / "lake/marts").glob("scratch-*"))


def test_only_some_and_unknown_ones(folder, capsys):
    made_lake(folder / "lake", talk("x", "jsjs"))
    assert list(build(capsys, "contagion")["marts"]) == ["contagion"]
    assert run_command(["marts", "build", "contagoin"]) == 2
    assert "Did you mean 'contagion'?" in capsys.readouterr().err
    assert run_command(["marts", "--lake", "lake", "build"]) == 2  # said nothing, and built ./lake
    assert run_command(["marts", "build", "--memory-limit", "lots"]) == 2


def test_nothing_is_published(folder, capsys):
    made_lake(folder / "lake", [])
    assert run_command(["marts", "build"]) == 1
    assert "Nothing is published" in capsys.readouterr().err


@pytest.mark.parametrize(
    "made",
    [
        [{"labels": ["joy"]}],
        [{"labels": ["joy"], "day": None}],
        [{"labels": []}],
        [{"text": "no answer"}],
        [{"labels": None, "status": "rejected", "reason": "empty_text"}],
        [{**each, "day": None, "turn": None} for each in talk("x", "jsaj")],
        [{**each, "speaker": None, "role": None} for each in talk("x", "jsaj")],
        talk("x", "jjjjjjjjjjjj", "a"),
    ],
    ids=[
        "one", "no_time", "no_label", "unanswered", "rejected", "no_places", "nobody", "one_speaker",
    ],
)  # fmt: skip
def test_little_gives_little_and_no_error(folder, capsys, made):
    made_lake(folder / "lake", made)
    told = build(capsys)
    assert told["errors"] == {}
    assert sorted(told["marts"]) == mart_names()


def test_somebodys_own_taxonomy(folder, capsys):
    """The lake has its labels, not what they mean: no valence, but counts and transitions."""
    made = [
        {**each, "labels": ["calm" if n % 2 else "tense"]}
        for n, each in enumerate(talk("x", "jjjj", "a"))
    ]
    made_lake(folder / "lake", made, question=("mood", "my_moods", "someone"))
    build(capsys)
    assert rows("SELECT label, n FROM mart_label_counts ORDER BY label") == [
        ("calm", 2),
        ("tense", 2),
    ]
    assert rows("SELECT count(*) FROM mart_toxic_chains") == [(0,)]


def test_typed_answers_of_a_language_model(folder, capsys):
    """A flip that is named at the third turn against the first; a smile beside sad words."""
    task, taxonomy = load_task("aspects"), load_taxonomy("polarity")
    flip = {
        "turn": {"record_id": keyed("x0"), "back": 2}, "holder": "speaker", "target": "the job", "aspect": "pay",
        "initial": "positive", "flipped": "negative", "trigger": "logical_argumentation",
    }  # fmt: skip
    made = [
        each | {"labels": ["positive" if n < 2 else "negative"], "answer": {"opinions": [], "flips": [flip] * (n // 2)}}
        for n, each in enumerate(talk("x", "jjj", "aba"))
    ]  # fmt: skip
    made_lake(
        folder / "lake",
        made,
        question=("aspects", "polarity", "qwen"),
        answer=answer_type(task, taxonomy),
    )
    task, taxonomy = load_task("text_cue_inconsistency"), load_taxonomy("affective_dissonance")
    cue = {"channel": "face", "value": "smiling", "start_ms": None, "end_ms": None}
    told = {
        "text_valence": -2,
        "text_arousal": 1,
        "cue_valence": 2,
        "cue_arousal": 1,
        "rationale": None,
    }
    label = taxonomy.names[-1]
    made = [{"id": "c", "corpus": "other", "labels": [label], "cues": [cue, cue], "answer": told}]
    made_lake(
        folder / "lake", made, question=("text_cue_inconsistency", "affective_dissonance", "qwen"),
        answer=answer_type(task, taxonomy), run_id="second",
    )  # fmt: skip
    build(capsys)
    assert rows(
        "SELECT record_id, place, own_place, target, trigger_speaker FROM mart_sentiment_flips WHERE target IS NOT NULL"
    ) == [(keyed("x2"), 3, 1, "the job", keyed("x-b"))]
    assert rows("SELECT channel, label, n, mean_gap FROM mart_text_cue_inconsistency") == [
        ("face", label, 1, 4.0)
    ]


def test_who_is_forgotten_is_in_no_mart(folder, capsys):
    made_lake(folder / "lake", talk("x", "jsjs"), key_id=KeyedHasher(load_key()[0]).key_id())
    build(capsys)
    who = keyed("x-a")
    assert rows(f"SELECT count(*) FROM mart_speaker_dynamics WHERE speaker = '{who}'") == [(1,)]
    assert run_command(["forget", "--lake", "lake", "--pseudonym", str(who)]) == 0
    left = [path.name for path in (folder / "lake/marts").rglob("*") if path.is_file()]
    assert left == ["settings.json"]
    build(capsys)
    assert rows("SELECT speaker FROM mart_speaker_dynamics") == [(keyed("x-b"),)]


def test_a_mart_is_explained(folder, capsys):
    assert run_command(["marts", "show", "contagion"]) == 0
    told = capsys.readouterr().out
    assert "mart_contagion" in told
    assert "SELECT" in told
    assert run_command(["marts", "--json"]) == 0
    assert [each["name"] for each in json.loads(capsys.readouterr().out)] == mart_names()
