"""A first config from a file: reader and columns guessed, everything that can be set shown."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from jobs.target import write_trouble
from schemas.config.corpus import Columns
from schemas.errors import ConfigError, SourceError
from transforms.read.chunk import Limits, Reader
from transforms.read.columns import is_key, told
from transforms.read.fill import Fill
from transforms.read.registry import guess
from transforms.read.source import SourceFile, expand, open_stream
from transforms.read.times import to_utc

# What people call these columns, best first; compared in lower case, letters and digits only.
_NAMES: dict[str, str] = {
    "text": "text body content message utterance utterancetext comment tweet post fulltext "
    "selftext answertext dialogue dialog sentence transcript review description",
    "id": "id recordid postid commentid tweetid messageid uuid idstr utteranceid",
    "conversation_id": "conversationid threadid dialogueid dialogid transcriptid sessionid linkid "
    "encounterid episodeid thread conversation questionid",
    "turn": "turn turnnumber turnid turnindex utteranceindex",
    "reply_to": "replyto parentid inreplyto inreplytoid inreplytostatusid parent",
    "speaker": "speaker author user username userid authorid screenname sender",
    "role": "role interlocutor speakerrole",
    "lang": "lang language",
    "created_at": "createdat created createdutc timestamp datetime date time postedat posted "
    "publishedat published creationdate",
    "start_ms": "startms starttimems",
    "end_ms": "endms endtimems",
}
_SAMPLE = 1 << 20
_ROWS = 1_000


def write_config(file: Path, output: Path) -> str:
    """Write a commented config for `file` (or a folder) to `output`; what was guessed, in words.

    Raises `SourceError` for files that no reader knows or in which no column can be the text, and
    `ConfigError` when `output` exists (nothing is overwritten) or the file's name is not UTF-8.
    """
    _check_name(file)
    source = expand([str(file.resolve())], Path("/"))[0]
    reader = guess(source)
    names = reader.found(source, {})
    known = reader.columns(names)
    columns = known or guess_columns(sample_rows(source, reader), source.shown)
    relative = os.path.relpath(file.resolve(), output.resolve().parent)
    _check_name(Path(relative))
    text = _config(relative, source, reader, columns, known=known is not None, names=names)
    _write(output, text.encode())
    mapped = [f"{name} = {value}" for name, value in _mapped(columns).items()]
    return f"Reader {reader.name}; {', '.join(mapped)}."


def _check_name(file: Path) -> None:
    try:
        str(file).encode()
    except UnicodeEncodeError:
        raise ConfigError(
            f"The name {os.fsencode(file)!r} is not UTF-8 and cannot be written into a config.",
            remedy="Rename it, or give its folder.",
        ) from None


def _write(output: Path, content: bytes) -> None:
    try:
        with output.open("xb") as out:
            try:
                out.write(content)
                out.flush()
            except OSError:
                output.unlink()
                raise
    except FileExistsError:
        raise ConfigError(
            f"{output} exists already.", remedy="Choose another name, or remove it first."
        ) from None
    except OSError as error:
        raise write_trouble(output, error) from None


def sample_rows(source: SourceFile, reader: Reader) -> pl.DataFrame:
    """The first rows (of the first MiB, at most 1,000) as native columns."""
    limits = Limits(records=_ROWS, bytes=_SAMPLE, record_bytes=_SAMPLE, batch_bytes=_SAMPLE)
    try:
        for chunk in reader.cut(source, limits, {}):
            for batch in reader.parse(source, chunk, limits, {}):
                if batch.frame.height:
                    return batch.frame
    except SourceError:
        with open_stream(source) as stream:
            if not Fill(stream).read(1):
                raise
    return pl.DataFrame()


def guess_columns(rows: pl.DataFrame, shown: str) -> Columns:
    """Which column is which, from names and from what the first rows hold.

    Raises `SourceError` when no column can be the text.
    """
    free = [name for name in rows.columns if not name.startswith("_")]
    found: dict[str, str] = {}
    for field, known in _NAMES.items():
        name = _first(known.split(), [each for each in free if _fits(rows[each], field)])
        if name is None and field == "text":
            name = _longest(rows, free)
        if name is None:
            continue
        found[field] = name
        free.remove(name)
    if "text" not in found:
        raise SourceError(
            f"{shown}: no column looks like text. Columns found: {told(rows.columns)}.",
            remedy="Write the config by hand; `columns.text` names the column.",
        )
    return Columns(**found)


def _first(known: Sequence[str], names: Sequence[str]) -> str | None:
    plain = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in reversed(names)}
    return next((plain[each] for each in known if each in plain), None)


def _fits(values: pl.Series, field: str) -> bool:
    """Whether the first rows do not speak against the use."""
    some = values.drop_nulls()
    if some.dtype == pl.String:
        some = some.filter(some.str.strip_chars() != "")
    if not len(some):
        return field != "text"
    if field == "text":
        return some.dtype == pl.String and not _number_like(some)
    if field == "id":
        return not some.dtype.is_nested() and some.n_unique() > 0.9 * len(some)
    if field in ("turn", "start_ms", "end_ms"):
        return some.dtype.is_integer() or (some.dtype == pl.String and _number_like(some))
    if field == "created_at":
        try:
            return to_utc(some).null_count() < 0.1 * len(some)
        except TypeError:
            return False
    return some.dtype == pl.String or some.dtype.is_integer()


def _number_like(values: pl.Series) -> bool:
    return bool(values.str.contains(r"^\s*-?\d+(\.\d+)?\s*$").mean() > 0.9)  # type: ignore[operator]


def _longest(rows: pl.DataFrame, names: Sequence[str]) -> str | None:
    """The column with the longest strings, when they are sentences rather than codes."""
    lengths = {
        name: float(rows[name].str.len_chars().mean() or 0)  # type: ignore[arg-type]
        for name in names
        if rows[name].dtype == pl.String and (rows[name].str.contains(r"\S\s+\S").mean() or 0) > 0.3  # type: ignore[operator]
    }
    return max(lengths, key=lengths.__getitem__) if lengths else None


def _mapped(columns: Columns) -> Mapping[str, str]:
    return {name: value for name, value in columns.model_dump().items() if isinstance(value, str)}


def _config(
    place: str,
    source: SourceFile,
    reader: Reader,
    columns: Columns,
    *,
    known: bool,
    names: list[str],
) -> str:
    corpus = re.sub(r"[^a-z0-9]+", "_", source.name.rsplit(".", 1)[0].lower()).strip("_")[:60]
    corpus = corpus if corpus[:1].isalpha() else f"corpus_{corpus}".rstrip("_")
    mapped = _mapped(columns)
    lines = [f"      {name}: {_quoted(value)}" for name, value in mapped.items()]
    lines += [f"      # {name}:" for name in _NAMES if name not in mapped]
    # A first row of content in the place of a header does not belong into a config.
    rest = [name for name in names if name not in mapped.values() and is_key(name)][:40]
    block = "\n".join(lines)
    if known:
        block = f"    # columns: known to the reader {reader.name}"
    else:
        block = f"    columns:  # record column: column of the file\n{block}\n      # meta: []"
        block += "  # columns to copy as they are; never people's text"
        block += "\n      # pii_hints: []  # columns with names of people, to redact from the texts"
        if rest:
            block += f"\n      # not used yet: {', '.join(map(_quoted, rest))}"
    return _TEMPLATE.format(corpus=corpus, source=_quoted(place), reader=reader.name, columns=block)


def _quoted(text: str) -> str:
    """A YAML scalar: plain where that is safe, else in double quotes."""
    if re.fullmatch(r"[A-Za-z_./][\w./-]*", text) and text.lower() not in _YAML_WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\x{ord(found[0]):02x}", escaped) + '"'


_YAML_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", ".nan"}
_TEMPLATE = """\
# Written by `affectmine init`. Check what is marked CHECK, then: affectmine run <this file>
lake: lake  # the folder of all datasets; relative to this file

corpora:
  - name: {corpus}
    domain: social  # CHECK: social, podcast or clinical
    license: unknown  # CHECK: travels to exports
    # consent: ""  # consent notes; travel to exports
    sources: [{source}]  # files, folders or globs; relative to this file
    reader: {reader}  # or auto
    # options: {{}}  # of the reader, such as delimiter, quote, header, encoding of a table
{columns}
    # values:  # constants for what the file does not have
    #   lang: en
    #   role: author
    # gold:  # columns with human labels
    #   - task: emotion
    #     taxonomy: goemotions
    #     labels: <column>
    #     separator: ","
    # bots: [AutoModerator]

# ingest:
#   shard_records: 125000
# dedup: {{}}            # drop posts that repeat another, word by word or nearly (docs/dedup.md)
# windows: {{}}          # contexts: the turns before each record (docs/windows.md)
# label:
#   - task: emotion
#     taxonomy: goemotions
#     labeler: student
# engine:
#   workers: 2
"""
