import gzip
import io
import subprocess
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from schemas.config.corpus import Values
from schemas.errors import SourceError
from tests.transforms.read.reading import source_of
from transforms.read.chunk import POSITION, BadUnit, Limits
from transforms.read.mapping import map_columns
from transforms.read.registry import READERS
from transforms.read.source import SourceFile, expand
from transforms.read.stackexchange import StackExchange

READER = StackExchange()
POSTS = """\ufeff<?xml version="1.0" encoding="utf-8"?>
<posts>
  <row Id="1" PostTypeId="1" CreationDate="2010-08-25T19:50:51.187" Score="8" Title="Is it &lt; 5?" \
Body="&lt;p&gt;Café?&lt;/p&gt;&#xA;" OwnerUserId="7" LastEditDate="2010-08-26T00:00:00.000" Tags="&lt;a&gt;" \
ContentLicense="CC BY-SA 2.5" />
  <row Id="2" PostTypeId="2" ParentId="1" CreationDate="2010-08-25T20:00:00.000" Score="-1" Body="No." \
OwnerDisplayName="user313" />
  <row Id="3" PostTypeId="5" CreationDate="2010-08-25T20:00:00.000" Body="wiki" OwnerUserId="-1" />
  <row Id="4" PostTypeId="6" CreationDate="2010-08-25T20:00:00.000" Body="vote!" OwnerUserId="7" />
  <row Id="5" PostTypeId="1" CreationDate="2010-08-27T00:00:00.000" Body="alone" OwnerUserId="-1" />
</posts>
"""
COMMENTS = """<?xml version="1.0" encoding="utf-8"?>
<comments>
  <row Id="1" PostId="2" Score="0" Text="@user313 why?" CreationDate="2010-08-25T21:00:00.000" UserId="8" />
  <row Id="2" PostId="99" Score="2" Text="lost" CreationDate="2010-08-25T21:00:00.000" UserId="8" />
  <row Id="3" PostId="1" Text="gone" CreationDate="2010-08-25T22:00:00.000" UserDisplayName="Old Hand" />
</comments>
"""
USERS = 'Id\tDisplayName\n-1\tCommunity\n7\tMary "Mo" Jones\n8\t Bo \n9\tNobody Here\n'


def dump(folder: Path, **files: str | None) -> list[SourceFile]:
    """The sources to read of a folder with the three files, unless told otherwise."""
    texts = {"Posts.xml": POSTS, "Comments.xml": COMMENTS, "users_min.tsv": USERS}
    folder.mkdir(exist_ok=True)
    for name, text in {**texts, **{key.replace("_", ".", 1): files[key] for key in files}}.items():
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    return READER.pair(expand([str(folder)], Path("/")))


def read(
    source: SourceFile, **limits: int
) -> tuple[pl.DataFrame, list[BadUnit], Counter[str], int]:
    """(mapped rows, bad units, skipped, units); each unit has exactly one outcome."""
    bounds, frames, bad, skipped, units = Limits(**limits), [], [], Counter[str](), 0
    columns = READER.columns([])
    assert columns is not None
    for chunk in READER.cut(source, bounds, {}):
        for batch in READER.parse(source, chunk, bounds, {}):
            outcomes = [*batch.frame[POSITION].to_list(), *(unit.position for unit in batch.bad)]
            assert len(set(outcomes)) == len(outcomes)
            assert batch.units == len(outcomes) + sum(batch.skipped.values())
            assert all(units <= position < units + batch.units for position in outcomes)
            assert [*READER.found(source, {}), POSITION] == batch.frame.columns
            mapped = map_columns(batch.frame, columns, Values(), ())
            frames.append(mapped.frame)
            bad += [
                *batch.bad,
                *(BadUnit(b.position, -1, 0, b.error_class, "") for b in mapped.bad),
            ]
            skipped.update(batch.skipped)
            units += batch.units
    return (pl.concat(frames) if frames else pl.DataFrame()), bad, skipped, units


def rows(frame: pl.DataFrame, *names: str) -> list[Any]:
    return frame.select(names).rows()


@pytest.mark.parametrize("records", [1, 2, 1000])
def test_a_thread(tmp_path: Path, records: int) -> None:
    comments, posts = dump(tmp_path)
    assert (comments.name, posts.name) == ("Comments.xml", "Posts.xml")
    frame, bad, skipped, units = read(posts, records=records)
    assert rows(frame, "id", "text", "conversation_id", "reply_to", "speaker") == [
        ("p1", "Is it < 5?\n\n<p>Café?</p>\n", "p1", None, "7"),
        ("p2", "No.", "p1", "p1", "user313"),
        ("p5", "alone", "p5", None, "-1"),
    ]
    assert (bad, skipped, units) == ([], {"xml_markup": 3, "wiki": 1, "other_post": 1}, 8)
    people = ["Bo", 'Mary "Mo" Jones', "Old Hand", "user313"]
    assert frame["pii_hints"].to_list() == [people, people, None]
    # 2010-08-26T00:00:00Z is 14,847 days after 1970-01-01.
    assert frame["revision"].to_list() == [14_847 * 86_400 * 1_000_000, 0, 0]
    assert str(frame["created_at"][0]) == "2010-08-25 19:50:51.187000+00:00"
    assert {each["key"]: each["value"] for each in frame["meta"][0]} == {
        "Score": "8",
        "Tags": "<a>",
        "PostTypeId": "1",
        "ContentLicense": "CC BY-SA 2.5",
    }
    frame, bad, skipped, units = read(comments, records=records)
    assert rows(frame, "id", "text", "conversation_id", "reply_to", "speaker", "pii_hints") == [
        ("c1", "@user313 why?", "p1", "p2", "8", people),
        ("c2", "lost", "p99", "p99", "8", ["Bo"]),
        ("c3", "gone", "p1", "p1", "Old Hand", people),
    ]
    assert (bad, skipped, units) == ([], {"xml_markup": 3}, 6)


def test_files_without_the_others(tmp_path: Path) -> None:
    dump(tmp_path / "a")
    [comments] = READER.pair([source_of(tmp_path / "a" / "Comments.xml")])
    frame, *_ = read(comments)
    assert rows(frame, "conversation_id", "pii_hints") == [
        ("p2", None),
        ("p99", None),
        ("p1", ["Old Hand"]),
    ]
    frame, *_ = read(source_of(tmp_path / "a" / "Comments.xml"))  # not paired
    assert frame.height == 3


def test_users_as_xml_and_what_is_left_out(tmp_path: Path) -> None:
    others = {
        "Users": '<row Id="7" DisplayName="Zoë &amp; Co" /><row Id="8" DisplayName="B" />',
        "Tags": '<row Id="1" TagName="bug" />',
        "Votes": '<row Id="1" PostId="1" />',
        "Badges": '<row Id="1" UserId="7" />',
        "PostHistory": '<row Id="1" PostId="1" Text="old" />',
        "PostLinks": '<row Id="1" PostId="1" />',
    }
    dump(tmp_path)
    (tmp_path / "users_min.tsv").unlink()
    for name, row in others.items():
        data = f"<{name.lower()}>\n  {row}\n</{name.lower()}>\n"
        (tmp_path / f"{name}.xml").write_text(data, encoding="utf-8")
        assert READER.matches(f"{name}.xml", data.encode())
    found = READER.pair(expand([str(tmp_path)], Path("/")))
    assert [source.name for source in found] == ["Comments.xml", "Posts.xml"]
    frame, *_ = read(found[1])
    assert frame["pii_hints"].to_list()[0] == ["B", "Old Hand", "Zoë & Co", "user313"]
    (tmp_path / "Users.xml").write_text('<users>\n  <row Id="7" DisplayName="A & B" />\n</users>')
    with pytest.raises(SourceError, match=r"Users\.xml has a row that cannot be read, at byte 8"):
        read(found[1])
    with pytest.raises(SourceError, match="neither Posts"):
        READER.found(source_of(tmp_path / "Votes.xml"), {})


def test_folders_and_archives_keep_their_own_names(tmp_path: Path) -> None:
    dump(tmp_path / "x")
    dump(tmp_path / "y", Comments_xml=COMMENTS.replace("Old Hand", "New Hand"))
    with tarfile.open(tmp_path / "z.tar.gz", "w:gz") as archive:
        for name, text in (
            ("d/Posts.xml", POSTS),
            ("d/Comments.xml", COMMENTS),
            ("e/u.tsv", USERS),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    found = READER.pair(expand([str(tmp_path)], Path("/")))
    names = {}
    for source in found:
        hints = read(source)[0].filter(pl.col("conversation_id") == "p1")["pii_hints"].to_list()
        assert len({tuple(each) for each in hints}) == 1
        names[source.shown.removeprefix(f"{tmp_path}/")] = hints[0]
    both = ["Bo", 'Mary "Mo" Jones']
    assert names == {
        "x/Comments.xml": [*both, "Old Hand", "user313"],
        "x/Posts.xml": [*both, "Old Hand", "user313"],
        "y/Comments.xml": ["Bo", 'Mary "Mo" Jones', "New Hand", "user313"],
        "y/Posts.xml": ["Bo", 'Mary "Mo" Jones', "New Hand", "user313"],
        "z.tar.gz:d/Comments.xml": ["Old Hand", "user313"],
        "z.tar.gz:d/Posts.xml": ["Old Hand", "user313"],
    }


def test_bad_rows_lose_only_themselves(tmp_path: Path) -> None:
    body = [
        '<row Id="x1" PostTypeId="1" Body="Secretive" />',
        '<row PostTypeId="1" Body="Secretive" />',
        '<row Id="3" Body="Secretive" />',
        '<row Id="4" PostTypeId="1" />',
        '<row Id="5" PostTypeId="1" Body="Secretive & co" />',
        '<row Id="6" PostTypeId="1" Body="x" CreationDate="Secretive" />',
        '<row Id="7" PostTypeId="2" ParentId="70" Body="fine" />',
        '<!DOCTYPE posts [<!ENTITY a "Secretive">]>',
        '<row Id="8" PostTypeId="1" Body="&a;" />',
    ]
    text = "<posts>\n" + "\n".join(body) + "\n</posts>\n"
    _, posts = dump(tmp_path, Posts_xml=text)
    frame, bad, skipped, units = read(posts)
    assert rows(frame, "id", "conversation_id", "reply_to", "speaker") == [
        ("p7", "p70", "p70", None)
    ]
    assert sorted((unit.position, unit.error_class) for unit in bad) == [
        (1, "bad_id"),
        (2, "bad_id"),
        (3, "wrong_type"),
        (4, "missing_text"),
        (5, "bad_xml"),
        (6, "bad_time"),
        (8, "doctype"),
        (9, "doctype"),
        (10, "bad_xml"),
    ]
    assert "Secretive" not in str(bad)
    assert units == len(bad) + 1 + sum(skipped.values())


def test_cut_files_are_read_up_to_the_cut(tmp_path: Path) -> None:
    lines = "".join(
        f'  <row Id="{n}" PostTypeId="1" Body="words {n * n}" OwnerUserId="7" />\n'
        for n in range(20_000)
    )
    dump(tmp_path, Posts_xml=None)
    path = tmp_path / "Posts.xml.gz"
    path.write_bytes(gzip.compress(f"<posts>\n{lines}</posts>\n".encode())[:-1000])
    comments, posts = READER.pair(expand([str(tmp_path)], Path("/")))
    chunks = []
    with pytest.raises(SourceError, match=r"Posts\.xml\.gz"):
        chunks.extend(READER.cut(posts, Limits(records=1000), {}))
    assert 10_000 < sum(chunk.units for chunk in chunks) < 20_000
    [batch] = READER.parse(posts, chunks[3], Limits(), {})
    assert batch.frame["names"].to_list() == [['Mary "Mo" Jones']] * 1000
    assert read(comments)[0].height == 3  # reading Posts.xml itself tells that it is cut


def test_empty_wrong_and_too_long(tmp_path: Path) -> None:
    path = tmp_path / "Posts.xml"
    path.write_bytes(b"")
    assert read(source_of(path))[1:] == ([], {}, 0)
    path.write_bytes(POSTS.encode("utf-16"))
    assert not READER.matches("Posts.xml", path.read_bytes())
    with pytest.raises(SourceError, match="neither Posts"):
        READER.found(source_of(path), {})
    path.write_bytes(POSTS.encode("latin-1", "ignore"))
    _, bad, _, units = read(source_of(path))
    assert [(unit.position, unit.error_class) for unit in bad] == [(2, "invalid_utf8")]
    assert units == 8
    path.write_text(POSTS.replace("alone", "alone " * 1000), encoding="utf-8")
    frame, bad, *_ = read(source_of(path), record_bytes=1000, bytes=2000)
    assert [(unit.position, unit.error_class) for unit in bad] == [(6, "unit_too_long")]
    assert frame["id"].to_list() == ["p1", "p2"]


def test_other_formats_are_left_alone(shared_data: Path) -> None:
    others = [b"", b"<html><body>", b"<posts>hello</posts>", b"<rss><channel>", b"Id\tName\n1\tx\n"]
    assert not any(READER.matches("Posts.xml", data) for data in others)
    for path in sorted(shared_data.rglob("*")):
        if path.is_file() and "stackexchange" not in str(path) and ".tar" not in path.name:
            how = "zstd -dc" if path.suffix == ".zst" else "cat"
            command = f"{how} '{path}' | head -c 1048576"
            head = subprocess.run(command, shell=True, capture_output=True).stdout
            assert not READER.matches(path.name, head), path


def test_a_real_dump(shared_data: Path) -> None:
    folder = shared_data / "social" / "stackexchange_bicycles_meta"
    sources = READER.pair(expand([str(folder)], Path("/")))
    (comments, _, _, of_comments), (posts, bad, skipped, of_posts) = map(read, sources)
    # SOURCES.md: 1,446 posts, 2,448 comments; beside them the XML head and the root's two tags.
    assert (of_posts - 3, of_comments - 3, bad) == (1_446, 2_448, [])
    assert skipped == {"xml_markup": 3, "wiki": 22}
    # Counted independently, with a parser of whole documents:
    theirs_posts, theirs = (
        ET.fromstring(
            subprocess.run(["zstd", "-dc", folder / f"{n}.xml.zst"], capture_output=True).stdout
        )
        for n in ("Posts", "Comments")
    )
    tsv = subprocess.run(["zstd", "-dc", folder / "users_min.tsv.zst"], capture_output=True).stdout
    users = dict(line.split("\t") for line in tsv.decode().split("\n")[2:] if line)
    question = {row.get("Id"): row.get("ParentId", row.get("Id")) for row in theirs_posts}
    people: dict[str, set[str]] = {}
    for row, post in [(row, row.get("Id")) for row in theirs_posts] + [
        (row, row.get("PostId")) for row in theirs
    ]:
        names = (
            row.get("OwnerDisplayName"),
            row.get("UserDisplayName"),
            users.get(row.get("OwnerUserId")),
            users.get(row.get("UserId")),
        )
        people.setdefault(question[post], set()).update(name.strip() for name in names if name)
    assert comments.height == len(theirs)
    for row, ours in zip(theirs, comments.iter_rows(named=True), strict=True):
        thread = question[row.get("PostId")]
        assert ours["id"] == "c" + row.get("Id")
        assert ours["text"] == row.get("Text")
        assert ours["reply_to"] == "p" + row.get("PostId")
        assert ours["conversation_id"] == "p" + thread
        assert ours["speaker"] == row.get("UserId", row.get("UserDisplayName"))
        assert set(ours["pii_hints"] or ()) == people[thread]
    theirs_posts = [row for row in theirs_posts if row.get("PostTypeId") in "12"]
    for row, ours in zip(theirs_posts, posts.iter_rows(named=True), strict=True):
        thread = question[row.get("Id")]
        assert (ours["id"], ours["conversation_id"]) == ("p" + row.get("Id"), "p" + thread)
        assert ours["text"].endswith(row.get("Body"))
        assert ours["text"].startswith(row.get("Title", ""))
        assert set(ours["pii_hints"] or ()) == people[thread]
        assert (ours["revision"] > 0) == (row.get("LastEditDate") is not None)
    assert posts["conversation_id"].n_unique() == 453  # questions, by grep -c 'PostTypeId="1"'
    everything = set(posts["id"]) | set(comments["id"])
    assert len(everything) == 1_424 + 2_448
    assert set(comments["reply_to"]) <= everything
    assert not any(
        reader.matches("Posts.xml", POSTS.encode())
        for name, reader in READERS.items()
        if name != READER.name
    )
