"""Stack Exchange data dumps: Posts.xml and Comments.xml, one `<row … />` a post or comment.

The text of a question is its title, a blank line and its body (HTML, as it is in the dump). Ids are
`p` or `c` and the native id: a corpus should hold one site. An answer replies to its question, a
comment to the post that it stands under; all of a thread has the conversation of its question. Tag
wikis and other kinds of posts are skipped.

Files in the same folder go together (`pair`): Posts.xml says which question an answer belongs to
(where it is missing, the post commented on stands for it); Posts.xml, Comments.xml and Users.xml or
users_min.tsv (Id, DisplayName) say who wrote in a thread. The display names of all of them are
`pii_hints` of each of its rows. What a chunk needs of other rows is put in its header as JSON, by the
questions of its rows; so it is bounded by the chunk, and a worker needs the chunk alone. Tags.xml,
Votes.xml and the like are left out.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import numpy as np

from schemas.config.corpus import Columns, GoldColumn
from schemas.errors import SourceError
from transforms.read.chunk import POSITION, Chunk, Limits, Parsed
from transforms.read.fill import Fill
from transforms.read.pieces import chunk_bytes, oversize
from transforms.read.source import SourceFile, open_stream
from transforms.read.stackexchange_index import Threads, read_threads
from transforms.read.stackexchange_rows import NATIVE, Known, empty, records
from transforms.read.xml_rows import cut_rows, parse_rows

_ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)?"
    rb"<(posts|comments|users|tags|votes|badges|posthistory|postlinks)\b[^>]*>\s*(?:<row\s|</|\Z)",
    re.DOTALL,
)
_USERS = re.compile(rb"(?:\xef\xbb\xbf)?Id\tDisplayName\r?\n")
_READ = ("posts", "comments")
_MAPPING = Columns(
    text="text",
    id="id",
    revision="LastEditDate",
    conversation_id="conversation",
    reply_to="reply_to",
    speaker="speaker",
    created_at="CreationDate",
    pii_hints=("names",),
    meta=("Score", "Tags", "PostTypeId", "ContentLicense"),
)


class StackExchange:
    """Reader of Stack Exchange dumps."""

    name = "stackexchange"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether it is a file of a dump, also one that is no text of its own."""
        return _kind(head) is not None

    def pair(self, sources: list[SourceFile]) -> list[SourceFile]:
        """Posts and comments, each with the posts, comments and users beside it in its folder."""
        kinds = [_kind(_head(source)) for source in sources]
        found: list[SourceFile] = []
        for source, kind in zip(sources, kinds, strict=True):
            beside = [
                other
                for other, kind_of in zip(sources, kinds, strict=True)
                if kind_of in (*_READ, "users")
                and _folder(other) == _folder(source)
                and other != source
            ]
            # What is not a dump stays: reading it says what is wrong.
            if kind is None or kind in _READ:
                found.append(replace(source, companions=tuple(beside)))
        return found

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes. Raises `SourceError` for what is no posts or comments."""
        head = _head(source)
        if head and _kind(head) not in _READ:
            raise SourceError(
                f"{source.shown} is neither Posts.xml nor Comments.xml of a Stack Exchange dump.",
                remedy="Take it out of `sources`, or choose another reader.",
            )
        return [name for name in empty().columns if name != POSITION]

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole rows; each has in its header what it needs of other rows.

        Reads the source and its companions once before: names in a thread stand anywhere in them.
        """
        of: dict[str | None, list[SourceFile]] = {}
        for each in (source, *source.companions):
            of.setdefault(_kind(_head(each)), []).append(each)
        posts, comments, users = (of.get(kind, []) for kind in ("posts", "comments", "users"))
        threads = read_threads(posts, comments, users, limits)
        asks = _ASKS["comments" if source in comments else "posts"]
        for chunk in cut_rows(source, limits):
            data = b"" if chunk.oversize else chunk_bytes(source, chunk)
            yield replace(chunk, header=_header(data, asks, threads))

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """Batches of rows, with the columns of `found`."""
        if chunk.oversize:
            yield replace(oversize(chunk, limits, []), frame=empty())
            return
        known = Known(**json.loads(chunk.header or b"{}"))
        for rows in parse_rows(chunk_bytes(source, chunk), chunk, limits, NATIVE):
            yield records(Parsed(rows.frame, rows.units, rows.skipped, rows.bad), known)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of all dumps."""
        return _MAPPING

    def gold(self) -> tuple[GoldColumn, ...]:
        """Dumps have none."""
        return ()


def _kind(head: bytes) -> str | None:
    match = _ROOT.match(head[:65_536])
    if match:
        return match[1].decode()
    return "users" if _USERS.match(head) else None


def _head(source: SourceFile) -> bytes:
    with open_stream(source) as stream:
        return Fill(stream).read(65_536)


def _folder(source: SourceFile) -> tuple[str, str]:
    """A folder, or a folder in an archive."""
    if source.member is None:
        return str(PurePath(source.path).parent), ""
    return source.path, str(PurePath(source.member).parent)


# A search that may find too much, never too little that matters.
_ASKS = {
    kind: re.compile(rb"\s(?:%s)\s*=\s*[\"'](-?\d{1,18})[\"']" % names)
    for kind, names in (("posts", b"Id|ParentId"), ("comments", b"PostId"))
}


def _header(data: bytes, asks: re.Pattern[bytes], threads: Threads) -> bytes:
    posts = np.unique(np.array(asks.findall(data), dtype=np.int64))
    questions = threads.questions(posts)
    names = threads.names(np.unique(questions))
    moved = questions != posts
    if not moved.any() and not names:
        return b""
    known = {
        "questions": dict(zip(posts[moved].tolist(), questions[moved].tolist(), strict=True)),
        "names": names,
    }
    return json.dumps(known, ensure_ascii=False).encode()
