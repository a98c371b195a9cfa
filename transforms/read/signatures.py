"""What a file that is no text looks like, by its first bytes: for error messages only."""

UTF16 = "UTF-16 text"
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a zip archive (or a .docx, .xlsx, .odt document)"),
    (b"PAR1", "a Parquet file"),
    (b"\x1f\x8b", "gzip data inside of gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data inside of zstd data"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a rar archive"),
    (b"ARROW1", "an Arrow file"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"\x7fELF", "a program"),
    (b"OggS", "Ogg audio"),
    (b"ID3", "MP3 audio"),
    (b"fLaC", "FLAC audio"),
    (b"RIFF", "WAV audio or AVI video"),
    (b"\x80\x04\x95", "a Python pickle, which is never loaded"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\xff\xfe\0\0", "UTF-32 text"),
    (b"\xff\xfe", UTF16),
    (b"\xfe\xff", UTF16),
    (b"<?xml", "an XML file"),
    (b"<!DOCTYPE html", "an HTML page"),
    (b"<html", "an HTML page"),
)


def signature(head: bytes) -> str | None:
    """What the first bytes look like, None when they look like plain text."""
    for magic, name in _SIGNATURES:
        if head.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        return "MP4 video or audio"
    if head[257:262] == b"ustar":
        return "a tar archive without the suffix .tar"
    if head.lstrip()[:1] in (b"{", b"["):
        return "a JSON document (not one object per line)"
    return "a binary file" if _is_binary(head) else None


def _is_binary(head: bytes) -> bool:
    """Whether the bytes hold more control characters than text with a little dirt ever does."""
    sample = head[:65536]
    control = sum(sample.count(bytes([code])) for code in (*range(9), *range(14, 32)))
    return control > max(2, len(sample) // 100)
