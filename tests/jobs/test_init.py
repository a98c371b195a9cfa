import json
import os
from pathlib import Path

import pytest
import yaml

from jobs.init import write_config
from schemas.config.corpus import CorpusConfig
from schemas.config.run import RunConfig
from schemas.errors import ConfigError, SourceError
from tests.end_to_end.corpus import command


def corpus_of(file: Path) -> CorpusConfig:
    output = file.parent / "config" / "run.yaml"
    output.parent.mkdir(exist_ok=True)
    write_config(file, output)
    [corpus] = RunConfig.model_validate(yaml.safe_load(output.read_text())).corpora
    assert (output.parent / corpus.sources[0]).resolve() == file.resolve()
    return corpus


def test_json_lines(tmp_path: Path) -> None:
    rows = [
        {
            "ID": i,
            "full name": "x",
            "Author": f"u{i % 3}",
            "message": f"some words {i}",
            "created_utc": 1600000000 + i,
            "thread-id": "a",
            "date": "soon",
        }
        for i in range(50)
    ]
    (tmp_path / "My Posts (1).jsonl").write_text("\n".join(map(json.dumps, rows)))
    corpus = corpus_of(tmp_path / "My Posts (1).jsonl")
    assert (corpus.name, corpus.reader) == ("my_posts_1", "jsonl")
    assert corpus.columns is not None
    assert corpus.columns.model_dump(exclude_none=True, exclude_defaults=True) == {
        "text": "message",
        "id": "ID",
        "speaker": "Author",
        "created_at": "created_utc",
        "conversation_id": "thread-id",
    }


def test_tables_and_odd_names(tmp_path: Path) -> None:
    lines = ['no,what they said: a ""comment"",turn'.replace('""', "'")]
    lines += [f"{i},it was a long day {i},{i}" for i in range(20)]
    (tmp_path / "2024.csv").write_text("\n".join(lines))
    corpus = corpus_of(tmp_path / "2024.csv")
    assert (corpus.name, corpus.reader) == ("corpus_2024", "csv")
    assert corpus.columns is not None
    assert (corpus.columns.text, corpus.columns.turn) == ("what they said: a 'comment'", "turn")


def test_a_known_format_needs_no_columns(tmp_path: Path) -> None:
    (tmp_path / "dev.tsv").write_bytes(b"hello you\t3\teebbqej\n" * 3)
    corpus = corpus_of(tmp_path / "dev.tsv")
    assert (corpus.reader, corpus.columns) == ("goemotions", None)


def test_nothing_is_overwritten_or_invented(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    with pytest.raises(SourceError, match=r"no column looks like text.*x, y"):
        write_config(tmp_path / "a.csv", tmp_path / "a.yaml")
    (tmp_path / "b.jsonl").write_text('{"text":"a b"}')
    (tmp_path / "b.yaml").write_text("mine")
    with pytest.raises(ConfigError, match="exists already"):
        write_config(tmp_path / "b.jsonl", tmp_path / "b.yaml")
    with pytest.raises(SourceError, match="Did you mean"):
        write_config(tmp_path / "bb.jsonl", tmp_path / "c.yaml")


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    name = tmp_path / "folder" / os.fsdecode(b"caf\xe9.jsonl")
    name.write_text('{"text":"so it was"}')
    ran = command("init", "--from", name, "-o", "a.yaml", cwd=tmp_path)
    assert ran.code == 2, ran.err
    assert "not UTF-8" in ran.err
    assert "Rename it" in ran.err
    assert not (tmp_path / "a.yaml").exists()
    ran = command("init", "--from", "folder", "-o", "a.yaml", cwd=tmp_path)
    assert ran.code == 0, ran.err


@pytest.mark.slow
def test_a_folder_with_a_config_and_a_lake(tmp_path: Path) -> None:
    (tmp_path / "affectmine.yaml").write_text("mine: 1\n")
    for name in ("a-lake/lake.json", "a-lake/clean/a.jsonl", "posts.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('{"text":"so it was"}')
    ran = command("init", "--from", ".", "-o", "new.yaml", cwd=tmp_path)
    assert ran.code == 0, ran.err
    [corpus] = RunConfig.model_validate(yaml.safe_load((tmp_path / "new.yaml").read_text())).corpora
    assert (corpus.name, corpus.reader) == ("posts", "jsonl")
    ran = command("run", "new.yaml", "--json", cwd=tmp_path)
    assert ran.json["stages"][0]["counts"]["in"] == 1
    again = command("run", "new.yaml", "--json", cwd=tmp_path)  # now with a lake beside it
    assert again.code == 0, again.err
    assert again.json["stages"][0]["counts"]["in"] == 1
