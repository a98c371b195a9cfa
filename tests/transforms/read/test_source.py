import gzip
import io
import tarfile
from pathlib import Path

import pytest
import zstandard

from schemas.errors import SourceError
from transforms.read import archive
from transforms.read.fill import Fill
from transforms.read.source import SourceFile, expand, open_stream


def names(found: list[SourceFile], base: Path) -> list[str]:
    return [each.shown.removeprefix(f"{base}/") for each in found]


def content(source: SourceFile) -> bytes:
    with open_stream(source) as stream:
        fill = Fill(stream)
        data = fill.read(1 << 20)
    if fill.error:
        raise fill.error
    return data


def tar_of(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def test_files_folders_globs(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl.gz", "sub/c.csv", ".hidden", ".git/d.csv", "sub/.e"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(gzip.compress(b"x") if name.endswith("gz") else b"x")
    assert names(expand(["."], tmp_path), tmp_path) == ["a.jsonl.gz", "b.jsonl", "sub/c.csv"]
    assert names(expand(["*.jsonl", "b.jsonl"], tmp_path), tmp_path) == ["b.jsonl"]
    assert names(expand(["**/*.csv"], tmp_path), tmp_path) == ["sub/c.csv"]
    packed = expand([str(tmp_path / "a.jsonl.gz")], Path("/"))[0]
    assert (packed.name, packed.compression, packed.is_plain) == ("a.jsonl", "gzip", False)


def test_compression_is_told_by_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "lies.jsonl").write_bytes(zstandard.compress(b"hello"))
    (tmp_path / "plain.gz").write_bytes(b"hello")
    lies, plain = expand(["."], tmp_path)
    assert (content(lies), content(plain)) == (b"hello", b"hello")
    assert plain.name == "plain.gz"


def test_missing_files_with_near_matches(tmp_path: Path) -> None:
    (tmp_path / "posts.jsonl").touch()
    with pytest.raises(SourceError, match=r"There is no file .*post\.jsonl.*Did you mean .*posts"):
        expand(["post.jsonl"], tmp_path)
    with pytest.raises(SourceError, match="No file matches"):
        expand(["*.parquet"], tmp_path)
    with pytest.raises(SourceError, match="was looked in"):
        expand(["nowhere/at/all.csv"], tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="has no files"):
        expand(["empty"], tmp_path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_tar_members_in_one_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack) -> None:
    members = {f"d/{i}.jsonl": b"x" * i * 1000 for i in range(30)}
    members["d/in.csv.gz"] = gzip.compress(b"inner")
    (tmp_path / "a.tar").write_bytes(pack(tar_of(members)))
    found = expand(["a.tar"], tmp_path)
    assert [each.member for each in found] == list(members)
    opened = []
    original = archive.decompress
    monkeypatch.setattr(archive, "decompress", lambda *a: opened.append(1) or original(*a))
    archive._parked.clear()
    for each, (name, data) in zip(found, members.items(), strict=True):
        assert content(each) == (b"inner" if name.endswith("gz") else data)
    assert len(opened) == 1
    assert content(found[3]) == b"x" * 3000
    assert found[-1].name == "in.csv"


def bad_member(**fields: object) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo("ok")
        for key, value in fields.items():
            setattr(info, key, value)
        tar.addfile(info)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (bad_member(name="/etc/passwd"), "leads out"),
        (bad_member(name="a/../../b"), "leads out"),
        (bad_member(type=tarfile.SYMTYPE, linkname="x"), "is a link"),
        (bad_member(type=tarfile.LNKTYPE, linkname="x"), "is a link"),
        (bad_member(type=tarfile.CHRTYPE), "not a regular file"),
        (bad_member(type=tarfile.FIFOTYPE), "not a regular file"),
        (b"no tar at all" * 100, "not a tar archive"),
        (b"", "not a tar archive"),
    ],
)
def test_unsafe_archives_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.tar").write_bytes(data)
    with pytest.raises(SourceError, match=message):
        expand(["a.tar"], tmp_path)


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    (tmp_path / "a.tar").write_bytes(tar_of({str(i): b"" for i in range(5)}))
    with pytest.raises(SourceError, match="more than 3 members"):
        expand(["a.tar"], tmp_path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_a_cut_archive_gives_what_is_whole_and_then_fails(tmp_path: Path, pack) -> None:
    """However it is cut: whole members are read, and some source raises."""
    tar = tar_of({"a.csv": b"a" * 3000, "b.csv": b"b" * 3000, "c.csv": b"c" * 3000})
    packed = pack(tar)
    cuts = range(600, 3 * 3584 + 1, 128) if pack is bytes else range(20, len(packed) - 12, 7)
    for end in cuts:
        (tmp_path / "a.tar").write_bytes(packed[:end])
        good, broken = [], 0
        for each in expand(["a.tar"], tmp_path):
            try:
                good.append(content(each))
            except SourceError as error:
                broken += 1
                assert "cut short" in str(error)  # noqa: PT017
        assert good == [b"a" * 3000, b"b" * 3000, b"c" * 3000][: len(good)]
        assert broken == 1 or len(good) == 3


def test_a_broken_header_in_the_middle_is_no_end(tmp_path: Path) -> None:
    tar = bytearray(tar_of({"a.csv": b"a" * 100, "b.csv": b"b" * 100}))
    tar[1024 + 100] ^= 0xFF  # the checksum of the second header
    (tmp_path / "a.tar").write_bytes(bytes(tar))
    first, rest = expand(["a.tar"], tmp_path)
    assert content(first) == b"a" * 100
    with pytest.raises(SourceError, match="between two members"):
        content(rest)


def test_lakes_and_configs_are_no_sources(tmp_path: Path) -> None:
    for name in (
        "posts.jsonl", "config.yaml", "other.YML", "sub/b.jsonl",
        "sub/lake/lake.json", "sub/lake/clean/c.jsonl", "sub/lake/restricted/records/d/e.jsonl",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"{}")
    assert names(expand(["."], tmp_path), tmp_path) == ["posts.jsonl", "sub/b.jsonl"]
    assert names(expand(["**/*.jsonl"], tmp_path), tmp_path) == ["posts.jsonl", "sub/b.jsonl"]
    # What is named is read.
    assert names(expand(["config.yaml"], tmp_path), tmp_path) == ["config.yaml"]
    named = "sub/lake/clean/c.jsonl"
    assert names(expand([named], tmp_path), tmp_path) == [named]
    for inside in ("sub/lake", "sub/lake/clean", "sub/lake/*/*.jsonl"):
        with pytest.raises(SourceError, match=r"in the lake .*sub/lake.*Check `sources`"):
            expand([inside], tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "sub" / "lake" / "clean")
    with pytest.raises(SourceError, match="in the lake"):
        expand(["link"], tmp_path)
