"""Look-alike characters made alike, one for one, so that offsets stay what they are."""

import unicodedata

# A Rust class of what `plain` makes ASCII.
STYLED = (
    r"[\p{Nd}--[0-9]]|[\x{ff00}-\x{ffef}\x{1d400}-\x{1d7ff}\x{fe50}-\x{fe6f}\x{2460}-\x{24ff}"
    r"\x{2070}-\x{209f}\x{2100}-\x{214f}\x{2024}\x{00aa}\x{00b2}\x{00b3}\x{00b9}\x{00ba}"
    r"\x{2000}-\x{2015}\x{2212}\x{17f}]"
)


class _Styles(dict[int, int]):
    """Full-width and styled letters, foreign digits, dashes and spaces to ASCII."""

    def __missing__(self, code: int) -> int:
        character = chr(code)
        category = unicodedata.category(character)
        folded = code
        if category == "Nd":
            folded = 48 + unicodedata.decimal(character)
        elif category == "Pd" or code in (0x2212, 0x2043):
            folded = 45
        elif category == "Zs":
            folded = 32
        else:
            plain = unicodedata.normalize("NFKC", character)
            if len(plain) == 1 and plain.isascii():
                folded = ord(plain)
        self[code] = folded
        return folded


_STYLES = _Styles()

# Letters that Unicode does not take apart.
_STROKES = {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D",
            "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T", "ı": "i"}  # fmt: skip


def _accents() -> dict[str, str]:
    table = dict(_STROKES)
    for code in (*range(0x00C0, 0x0250), *range(0x1E00, 0x1F00)):
        plain = unicodedata.normalize("NFD", chr(code))[0]
        if plain.isascii() and plain.isalpha():
            table[chr(code)] = plain
    return table


ACCENTS = _accents()
"""Latin letters with marks, and the letter below each."""

_ACCENTS = str.maketrans(ACCENTS)


def plain(text: str) -> str:
    """The text with styled characters as ASCII; of the same length."""
    return text if text.isascii() else text.translate(_STYLES)


def unaccented(text: str) -> str:
    """The text with Latin letters bare of their marks; of the same length."""
    return text if text.isascii() else text.translate(_ACCENTS)
