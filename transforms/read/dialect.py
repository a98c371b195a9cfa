"""How a delimited table is written: its delimiter, quotes, header and encoding."""

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from schemas.errors import SourceError
from transforms.read.decompress import Decompressed
from transforms.read.source import SourceFile, open_stream

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ENCODINGS = ("auto", "utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16")
_STEP = 1 << 20


@dataclass(frozen=True)
class Dialect:
    """`quote` is None where no quoting is understood; `encoding` is one of the names above."""

    delimiter: str
    quote: str | None
    header: bool
    names: tuple[str, ...]
    encoding: str


def dialect_of(options: Mapping[str, Any], delimiter: str, quote: str | None) -> Dialect:
    """The dialect that a reader's options ask for. Raises `SourceError` for what cannot be."""
    found = Dialect(
        delimiter=_character(options, "delimiter", delimiter) or delimiter,
        quote=_character(options, "quote", quote),
        header=bool(options.get("header", not options.get("names"))),
        names=tuple(str(name) for name in options.get("names", ())),
        encoding=str(options.get("encoding", "auto")).lower().replace("_", "-"),
    )
    if found.encoding not in _ENCODINGS:
        raise SourceError(
            f"The encoding {found.encoding!r} is not known.",
            remedy=f"Set options.encoding to one of: {', '.join(_ENCODINGS)}.",
        )
    return found


def _character(options: Mapping[str, Any], key: str, default: str | None) -> str | None:
    value = options.get(key, default)
    value = {"tab": "\t", "\\t": "\t", "": None, "none": None}.get(value, value)
    if value is not None and (
        not isinstance(value, str) or len(value.encode()) != 1 or value in "\r\n\0"
    ):
        raise SourceError(
            f"The option {key!r} must be one ASCII character.",
            remedy="For example: delimiter: ';' (or 'tab'), quote: '\"' (or 'none').",
        )
    return value


def open_utf8(source: SourceFile, dialect: Dialect) -> tuple[BinaryIO, bool]:
    """(stream of UTF-8 bytes, whether these are the file's own).

    Files in another encoding are recoded as they stream by, so offsets are then those of the
    recoded bytes. Raises `SourceError` at a place that cannot be recoded.
    """
    encoding = dialect.encoding
    if encoding == "auto":
        with open_stream(source) as stream:
            encoding = "utf-16" if stream.read(2) in _UTF16 else "utf-8"
    stream = open_stream(source)
    if encoding.startswith("utf-8"):
        return stream, source.is_plain
    return cast("BinaryIO", Decompressed(_recoded(stream, encoding, source.shown), stream)), False


def _recoded(stream: BinaryIO, encoding: str, shown: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    read = 0
    while True:
        data = stream.read(_STEP)
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeError:
            raise SourceError(
                f"{shown} is not {encoding} text, near byte {read}.",
                remedy="Set options.encoding to the file's encoding.",
            ) from None
        read += len(data)
        yield text.encode("utf-8", "surrogatepass")
        if not data:
            return
