import json
from pathlib import Path

import zstandard

from schemas.config.corpus import Values
from tests.transforms.read.reading import read, source_of
from transforms.read.mapping import map_columns
from transforms.read.reddit import Reddit
from transforms.read.registry import guess

BASE = {"author": "ann", "created_utc": 1600000000, "subreddit": "dogs", "score": 3}
ROWS = [
    {**BASE, "id": "a1", "body": "hello", "link_id": "t3_p", "parent_id": "t3_p", "edited": False},
    {**BASE, "id": "p", "title": "My dog", "selftext": "He is old.", "edited": 1600000005.0},
    {**BASE, "id": "q", "title": "Only this", "selftext": "", "created_utc": "1600000001"},
    {**BASE, "id": "r", "title": "Gone", "selftext": "[removed]", "author": "[deleted]"},
    {**BASE, "id": "a2", "body": 5, "link_id": "t3_p", "parent_id": "t1_a1"},
    {**BASE, "id": "a3", "link_id": "t3_p", "parent_id": "t1_a1"},
]


def test_dumps(tmp_path: Path) -> None:
    path = tmp_path / "RC_2020-09.zst"
    long = zstandard.ZstdCompressionParameters.from_level(3, window_log=27)
    lines = "\n".join(map(json.dumps, ROWS)).encode()
    path.write_bytes(zstandard.ZstdCompressor(compression_params=long).compress(lines))
    reader = guess(source_of(path))
    assert isinstance(reader, Reddit)
    whole = read(path, reader)
    assert whole.classes == [(4, "wrong_type")]
    names = reader.found(source_of(path), {})
    assert {*names, "_position"} == set(whole.frame.columns)
    columns = reader.columns(names)
    assert columns is not None
    mapped = map_columns(whole.frame, columns, Values(), reader.gold())
    assert [(row.position, row.error_class) for row in mapped.bad] == [(5, "missing_text")]
    comment, post, title, gone = mapped.frame.to_dicts()
    assert (comment["id"], comment["text"], comment["reply_to"]) == ("t1_a1", "hello", "t3_p")
    assert (post["id"], post["text"]) == ("t3_p", "My dog\n\nHe is old.")
    assert comment["conversation_id"] == post["conversation_id"] == "t3_p"
    assert (comment["revision"], post["revision"]) == (0, 1600000005)
    assert (title["text"], title["created_at"].second) == ("Only this", 41)
    assert (gone["text"], gone["speaker"], gone["id"]) == ("[removed]", None, "t3_r")
    assert {"key": "score", "value": "3"} in comment["meta"]
