"""Reads lexicons for training: what words are worth before any text is read."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import SourceError

if TYPE_CHECKING:
    from transforms.label.student.features import FeatureSpec
    from transforms.label.student.lexicon import Lexicon

_MOST = 64 << 20  # bytes of a lexicon file


def read_lexicons(paths: Sequence[Path], spec: FeatureSpec) -> Lexicon | None:
    """Words and their values from files of lines `word TAB number …` (of VADER's and AFINN's form; `.zst` is unpacked).

    The first number of a line counts; each file gives two columns, the number and its size. A word that is not in a
    file has 0 there; words that are not one token are left out. None without files. SourceError: a file that cannot
    be read so, with the line.
    """
    import numpy as np

    from transforms.label.student.lexicon import read_words

    if not paths:
        return None
    files = [_read(path) for path in paths]
    words = sorted(set().union(*files))
    columns = [[file.get(word, 0.0) for word in words] for file in files]
    values = np.array([column for file in columns for column in (file, list(map(abs, file)))]).T
    lexicon = read_words(words, values, spec)
    if not len(lexicon.hashes):
        raise SourceError(
            f"No entry of the lexicon {', '.join(map(str, paths))} is a single word.",
            remedy="Give words; phrases and blanks within an entry are left out.",
        )
    return lexicon


def _read(path: Path) -> dict[str, float]:
    remedy = "Give lines of a word, a tab and a number, in UTF-8."
    try:
        with path.open("rb") as file:
            content = _unpacked(file) if path.suffix == ".zst" else file.read(_MOST + 1)
        if len(content) > _MOST:
            raise SourceError(
                f"{path} is larger than a lexicon may be ({_MOST >> 20} MiB).", remedy=remedy
            )
        lines = content.decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"The lexicon {path} cannot be read ({type(error).__name__}).", remedy=remedy
        ) from None
    found: dict[str, float] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        word, *rest = line.split("\t")
        try:
            found[word] = _finite(rest[0])
        except (IndexError, ValueError):
            raise SourceError(
                f"Line {number} of the lexicon {path} has no number after its word.", remedy=remedy
            ) from None
    if not found:
        raise SourceError(f"The lexicon {path} has no words.", remedy=remedy)
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _unpacked(file: io.BufferedReader) -> bytes:
    import zstandard

    try:
        with zstandard.ZstdDecompressor().stream_reader(file) as reader:
            return reader.read(_MOST + 1)
    except zstandard.ZstdError as error:
        raise OSError(str(error)) from None
