"""What rows of a Stack Exchange dump need of other rows: a post's question, names of all in a thread.

Held as sorted columns, read streaming: 16 bytes a post, 16 bytes for each person of each thread, and
what Users.xml has of names.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from schemas.errors import SourceError
from transforms.read.chunk import MIB, Limits, Parsed
from transforms.read.delimited import TSV
from transforms.read.distinct import Distinct
from transforms.read.pieces import chunk_bytes, oversize
from transforms.read.source import SourceFile
from transforms.read.xml_rows import Rows, cut_rows, parse_rows

Ints = NDArray[np.int64]
_USERS = ("Id", "DisplayName")
_POSTS = ("Id", "ParentId", "OwnerUserId", "OwnerDisplayName")
_COMMENTS = ("PostId", "UserId", "UserDisplayName")
_AT_ONCE = 4 * MIB  # bytes of these files that are held
_MOST = 1000  # names of a thread: a bound on memory, far more than threads have


@dataclass(frozen=True)
class Threads:
    """All frames hold whole numbers and names, and are sorted.

    `posts`: post, question; `people`: question, user (those with an account); `gone`: question, name
    (those without); `users`: user, name.
    """

    posts: pl.DataFrame
    people: pl.DataFrame
    gone: pl.DataFrame
    users: pl.DataFrame

    def questions(self, posts: Ints) -> Ints:
        """The question of each post; the post itself where it is not known."""
        return _questions(self.posts, posts)

    def names(self, questions: Ints) -> dict[int, list[str]]:
        """The names of all who wrote in each of these (sorted) questions' threads."""
        people = self.people[_rows(self.people["question"].to_numpy(), questions)]
        users = self.users[_rows(self.users["user"].to_numpy(), people["user"].unique().to_numpy())]
        gone = self.gone[_rows(self.gone["question"].to_numpy(), questions)]
        named = people.join(users, on="user").select("question", "name")
        all_names = pl.concat([named, gone]).unique().sort("question", "name")
        lists = all_names.group_by("question", maintain_order=True).agg(pl.col("name").head(_MOST))
        return dict(lists.rows())


def read_threads(
    posts: list[SourceFile], comments: list[SourceFile], users: list[SourceFile], limits: Limits
) -> Threads:
    """The index of a dump's files, of posts and comments up to where they break.

    Reading these as sources tells of that, and of rows that cannot be read. But `SourceError` is raised
    where users cannot be read: their names would stay in the texts.
    """
    limits = replace(limits, bytes=min(limits.bytes, _AT_ONCE))
    known, written = Distinct({"post": pl.Int64, "question": pl.Int64}), _Written()
    for post in _xml(posts, limits, _POSTS):
        row = _numbers(post, "Id", "ParentId", "OwnerUserId").filter(pl.col("Id").is_not_null())
        row = row.with_columns(question=pl.coalesce("ParentId", "Id"))
        known.add(row.select("question", post="Id"))
        written.add(row.select("question", user="OwnerUserId", name="OwnerDisplayName"))
    index = known.rows()
    for comment in _xml(comments, limits, _COMMENTS):
        row = _numbers(comment, "PostId", "UserId").filter(pl.col("PostId").is_not_null())
        question = pl.Series("question", _questions(index, row["PostId"].to_numpy()), pl.Int64)
        row = row.with_columns(question)
        written.add(row.select("question", user="UserId", name="UserDisplayName"))
    return Threads(index, written.people.rows(), written.gone.rows(), _users(users, limits))


class _Written:
    """Who wrote in which thread."""

    def __init__(self) -> None:
        self.people = Distinct({"question": pl.Int64, "user": pl.Int64})
        self.gone = Distinct({"question": pl.Int64, "name": pl.String})

    def add(self, rows: pl.DataFrame) -> None:
        self.people.add(rows.select("question", "user").drop_nulls())
        self.gone.add(rows.select("question", _name("name")).drop_nulls())


def _questions(index: pl.DataFrame, posts: Ints) -> Ints:
    keys = index["post"].to_numpy()
    if not len(keys):
        return posts
    at = np.minimum(np.searchsorted(keys, posts), len(keys) - 1)
    found: Ints = np.where(keys[at] == posts, index["question"].to_numpy()[at], posts)
    return found


def _rows(keys: Ints, asked: Ints) -> Ints:
    """The rows of sorted keys that are among those asked for."""
    asked = np.sort(asked)
    first = np.searchsorted(keys, asked, side="left")
    counts = np.searchsorted(keys, asked, side="right") - first
    before = np.cumsum(counts) - counts
    rows: Ints = np.repeat(first - before, counts) + np.arange(counts.sum())
    return rows


def _users(sources: Iterable[SourceFile], limits: Limits) -> pl.DataFrame:
    """Of Users.xml or a table Id, DisplayName."""
    found = Distinct({"user": pl.Int64, "name": pl.String})
    for source in sources:
        for batch in _accounts(source, limits):
            if batch.bad:
                bad = batch.bad[0]
                raise SourceError(
                    f"{source.shown} has a row that cannot be read, at byte {bad.offset} "
                    f"({bad.error_class}).",
                    remedy="Correct it: the names in it are to be redacted from the texts.",
                )
            if batch.frame.height:
                row = _numbers(batch.frame, "Id").select(_name("DisplayName"), user="Id")
                # Accounts below 0 are the site's own: their name is a word (Community).
                found.add(row.filter(pl.col("user") >= 0).drop_nulls())
    return found.rows()


def _accounts(source: SourceFile, limits: Limits) -> Iterator[Parsed | Rows]:
    if source.name.lower().endswith(".xml"):
        for chunk in cut_rows(source, limits):
            if chunk.oversize:
                yield oversize(chunk, limits, list(_USERS))
            else:
                yield from parse_rows(chunk_bytes(source, chunk), chunk, limits, _USERS)
    else:
        for chunk in TSV.cut(source, limits, {}):
            yield from TSV.parse(source, chunk, limits, {})


def _xml(
    sources: Iterable[SourceFile], limits: Limits, names: tuple[str, ...]
) -> Iterator[pl.DataFrame]:
    for source in sources:
        with suppress(SourceError):
            for chunk in cut_rows(source, limits):
                data = b"" if chunk.oversize else chunk_bytes(source, chunk)
                for rows in parse_rows(data, chunk, limits, names):
                    yield rows.frame


def _numbers(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    return frame.with_columns(pl.col(*names).cast(pl.Int64, strict=False))


def _name(column: str) -> pl.Expr:
    name = pl.col(column).str.strip_chars()
    return pl.when(name != "").then(name).alias("name")
