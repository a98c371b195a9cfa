"""Names that the reader knows (the speakers of a conversation), wherever they occur in a text.

A full name counts in any case. A part of it (a first name, a surname) counts where it is written
large, and small where the whole text is or somebody is greeted. A part that is a word (Will, Mark,
Grace, May) counts only where its place says that it is a name. Accents make no difference.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from transforms.clean.edits import Found
from transforms.clean.fold import plain, unaccented
from transforms.clean.name_places import begins, is_called, stands_as_name
from transforms.clean.words import FUNCTION_WORDS, NAME_WORDS, TITLES, is_common, is_listed

# Indic vowel signs and other marks are part of a word, but no letters to `re`.
_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
_MARKS += (
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0980-\u0983\u09bc-\u09d7\u0a01-\u0a51"
)
_MARKS += (
    "\u0a81-\u0acd\u0b01-\u0b57\u0b82-\u0bd7\u0c00-\u0c56\u0c81-\u0cd6\u0d00-\u0d57\u0d82-\u0df3"
)
_WORD = re.compile(rf"(?<![\w{_MARKS}])[^\W\d_](?:[^\W\d_]|[{_MARKS}])*(?![\w{_MARKS}])")
# Scripts that put no space between words: there a name is found within a line.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
)
_APOSTROPHE = re.compile(r"(?<!\w)\w+'\w+(?!\w)")  # O'Brien, Du'An
_ODD = re.compile(r"[\d_@]")
_GAP = re.compile(r"[\s.,·'’‐‑–-]{1,3}")
_LONGEST = 200  # characters: what is longer is no name

Token = tuple[str, int, int]
"""A word in lower case, and its place."""


class Names:
    """The names of one conversation, ready to be looked for."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.sequences: dict[str, list[list[str]]] = {}  # full names by their first word
        self.parts: dict[str, set[int]] = {}  # each word of a name: whose it is
        self.weak: set[str] = set()  # words that are hardly ever a name
        self.literals: list[str] = []  # joe_c99, 山田: found as they are
        self._given: set[str] = set()
        self._initials: dict[int, str] = {}
        for place, name in enumerate(dict.fromkeys(map(_known, names))):
            if name:
                self._add(place, name)
        ordered = sorted(self.literals, key=len, reverse=True)
        edges = [
            re.escape(name) if _UNSPACED.search(name) else rf"(?<!\w){re.escape(name)}(?!\w)"
            for name in ordered
        ]
        self._literal = re.compile("|".join(edges) or r"(?!)", re.IGNORECASE)

    def _add(self, place: int, name: str) -> None:
        if _UNSPACED.search(name):
            pieces = {name, *re.split(r"[ ・·]+", name)}
            self.literals += [each for each in pieces if len(each) > 1]
            return
        if _ODD.search(name):  # an account: its letters are no words
            if len(name) > 2 and any(map(str.isalpha, name)):
                self.literals.append(name)
            return
        words = [word.lower() for word in _WORD.findall(name)]
        if not words:
            return
        if words == [name] and len(name) > 3 and not is_common(name):
            self.literals.append(name)  # an account that writes itself small
        if len(words) > 1 and not all(map(_is_nothing, words)):
            self.sequences.setdefault(words[0], []).append(words)
        # "Goodbye Stack Exchange" is nobody's first name and surname: its words are only words.
        first = words[0]
        personal = first in NAME_WORDS or not is_listed(first)
        self._initials[place] = "".join(word[0] for word in words)
        self._given.add(first)
        self.literals += [each for each in _APOSTROPHE.findall(name) if len(each) > 3]
        for at, word in enumerate(words):
            if _is_nothing(word):
                continue
            self.parts.setdefault(word, set()).add(place)
            common = is_listed(word) and word not in NAME_WORDS and not (personal and at)
            if common or (len(words) > 1 and not personal):
                self.weak.add(word)

    def find(self, text: str) -> Iterator[Found]:
        """The names in a text, in no order; they may overlap."""
        folded = unaccented(plain(text))
        for match in self._literal.finditer(folded.replace("’", "'")):
            yield "name", match.start(), match.end()
        lower = folded.lower()
        if any(word in lower for word in self.parts):
            tokens = [(match.group().lower(), *match.span()) for match in _WORD.finditer(folded)]
            yield from self._words(folded, tokens)

    def _words(self, text: str, tokens: list[Token]) -> list[Found]:
        found: list[Found] = []
        at, owners = 0, set[int]()
        small = text == text.lower()
        while at < len(tokens):
            word, start, end = tokens[at]
            length = self._sequence(text, tokens, at) if word in self.sequences else 0
            if length:
                found.append(("name", start, tokens[at + length - 1][2]))
                owners, at = set(), at + length
                continue
            if word in self.parts and self._is_name(text, tokens, at, small=small):
                owner = self.parts[word]
                start, end = self._with_initials(text, tokens, at, owner)
                # First name and surname of one person side by side are one name.
                if found and owners & owner and text[found[-1][2] : start] in (" ", "-"):
                    start = found.pop()[1]
                found.append(("name", start, end))
                owners = owner
            at += 1
        return found

    def _sequence(self, text: str, tokens: list[Token], at: int) -> int:
        """How many words the longest full name has that begins here; 0 for none."""
        best = 0
        for words in self.sequences[tokens[at][0]]:
            here = tokens[at : at + len(words)]
            if len(words) <= best or [word for word, *_ in here] != words:
                continue
            gaps = pairwise(here)
            if not all(_GAP.fullmatch(text, one[2], two[1]) for one, two in gaps):
                continue
            if not all(map(is_common, words)) or all(text[start].isupper() for _, start, _ in here):
                best = len(words)
        return best

    def _with_initials(
        self, text: str, tokens: list[Token], at: int, owner: set[int]
    ) -> tuple[int, int]:
        """The place of a part, with the initial beside it: `J. Smith`, `Jane S.`."""
        _, start, end = tokens[at]
        letters = {letter for place in owner for letter in self._initials[place]}
        if at and tokens[at - 1][0] in letters:
            letter, first, last = tokens[at - 1]
            gap = text[last:start]
            if text[first].isupper() and (
                gap in (". ", ".", "-") or (gap == " " and letter != "i")
            ):
                start = first
        if at + 1 < len(tokens) and tokens[at + 1][0] in letters:
            _, first, last = tokens[at + 1]
            if text[first].isupper() and text[end : last + 1] == f" {text[first]}.":
                end = last + 1
        return start, end

    def _is_name(self, text: str, tokens: list[Token], at: int, *, small: bool) -> bool:
        word, start, end = tokens[at]
        written = text[start:end]
        capitals = written.isupper() and len(word) > 1
        large = written[0].isupper() and not capitals
        if word in self.weak:
            return is_called(text, start, end)
        if not is_listed(word):
            if large or not _cased(word):
                return True
            if capitals:
                return len(word) > 2 or text.isupper()
            return (small and len(word) > 3) or is_called(text, start, end)
        if not large:
            return is_called(text, start, end)
        told = stands_as_name(text, word, start, end, given=word in self._given)
        if told is not None:
            return told
        return not (self._in_title(text, tokens, at, 1) or self._in_title(text, tokens, at, -1))

    def _in_title(self, text: str, tokens: list[Token], at: int, step: int) -> bool:
        """Whether the neighbor is another large word that is no name: `Rich Text`, `Google Drive`."""
        if not 0 <= at + step < len(tokens):
            return False
        word, start, end = tokens[at + step]
        gap = text[tokens[at][2] : start] if step > 0 else text[end : tokens[at][1]]
        if gap not in (" ", "-") or not text[start].isupper():
            return False
        if word in self.parts or word in TITLES or len(word) == 1:
            return False
        return step > 0 or not begins(text, start)


def _known(name: str) -> str:
    """A name as it is looked for, or nothing where it names nobody ("Host", "T")."""
    name = unaccented(plain(name)).replace("’", "'").strip()
    return "" if not 1 < len(name) <= _LONGEST or _is_nothing(name.lower()) else name


def _is_nothing(word: str) -> bool:
    return len(word) < 2 or word in TITLES or word in FUNCTION_WORDS


def _cased(word: str) -> bool:
    """Whether the script has large letters at all."""
    return word.upper() != word


@lru_cache(maxsize=4096)
def names_of(names: tuple[str, ...]) -> Names:
    """The names of a conversation, made once for all of its rows."""
    return Names(names)
