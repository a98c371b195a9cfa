"""Markdown: the marks go, the words and the lines stay. Faces and censored words are no marks."""

import re
from collections.abc import Iterator

from transforms.clean.edits import Edit, Step, substitution

_LINK = re.compile(
    r"!?\[((?:[^\[\]\n]|\[[A-Z_]+\])*+)\]"
    r"\(\s*+<?([^\s()<>]*+(?:\([^\s()<>]*+\)[^\s()<>]*+)*+)>?(?:\s++\"[^\"\n]*+\")?\s*+\)"
)
_AUTOLINK = re.compile(r"<((?:https?://|mailto:|www\.)[^\s<>]+)>")
_ABSOLUTE = re.compile(r"(?:[a-z][a-z0-9+.-]*:|//|www\.|/?u/)", re.IGNORECASE)
_RELATIVE = re.compile(r"[/#.]|[^\s.]+\.[a-z]{2,}", re.IGNORECASE)


def _links(text: str) -> Iterator[Edit]:
    for match in _LINK.finditer(text):
        label, address = match.span(1), match.span(2)
        link = match.group(2)
        if _ABSOLUTE.match(link):
            if match.group(1).strip() in ("", link):  # no words of its own
                yield match.start(), address[0], ""
            else:
                yield match.start(), label[0], ""
                yield label[1], address[0], " "
            yield address[1], match.end(), ""
        elif _RELATIVE.match(link):
            yield match.start(), label[0], ""
            yield label[1], match.end(), ""


def links(text: str) -> list[Edit]:
    """`[words](address)` to `words address`; a relative address goes."""
    found = list(_links(text)) if "](" in text else []
    if not found and "<" in text:
        found = [
            edit
            for match in _AUTOLINK.finditer(text)
            for edit in (
                (match.start(), match.start() + 1, ""),
                (match.end() - 1, match.end(), ""),
            )
        ]
    return found


# An opening mark stands before a word and after none, a closing one after a word and before none:
# f**k, 5*3, >_< and snake_case stay. Two letters inside at least: *o* and *_* are faces.
_EMPHASIS = [
    (
        mark[0],
        re.compile(
            rf"(?<![\w@/#:.\\{mark[0]}-])({mark[1]})(?=[^\s{mark[0]}])([^{mark[0]}\n]++)(?<=\S)\1(?![\w{mark[0]}])"
        ),
    )
    for mark in (("*", r"\*{1,3}"), ("_", "_{1,3}"), ("~", "~~"), ("`", "`{1,3}"))
]
_WORD = re.compile(r"[^\W\d_]{2}|\d{2}|[^\W\d_] \w")


def emphasis(text: str) -> list[Edit]:
    """Strip the marks of bold, italic, struck and code text."""
    for mark, pattern in _EMPHASIS:
        if mark not in text:
            continue
        found: list[Edit] = []
        for match in pattern.finditer(text):
            if _WORD.search(match.group(2)):
                found.append((match.start(), match.end(1), ""))
                found.append((match.end(2), match.end(), ""))
        if found:
            return found  # other marks may nest in these: the next pass takes them
    return []


_MARKS = "*_~`[]\\"
_SHRUG = re.compile(r"¯\\*_*\(ツ\)\\*_*/¯")
_ESCAPE = re.compile(r"(?<![¯\\:;=])\\+([_*~`#>\[\]^|])(?!/¯)")
_shrug = substitution(_SHRUG, lambda _: r"¯\_(ツ)_/¯")
_escape = substitution(_ESCAPE, lambda match: match.group(1))


def escapes(text: str) -> list[Edit]:
    r"""`\*` to `*`; the shrug gets back the arm that Markdown takes."""
    if "\\" not in text and "¯" not in text:
        return []
    return _shrug(text) or _escape(text)


_LINE_MARKS = re.compile(
    r"^(?:[ ]{0,3}\#{1,6}[ ]+(?=\S)|[ ]*([-*_=])(?:[ ]*+\1){2,}+[ ]*$|[ ]*(?:`{3,}"
    r"|~{3,})[\w+-]*[ ]*$)",
    re.MULTILINE,
)
_line_marks = substitution(_LINE_MARKS, lambda _: "")
_INLINE_MARKS = re.compile(
    r">!(?=\S)((?:[^<>!\n]|!(?!<))++)!<|(?<!\S)\^\((?=[A-Za-z])([^()\n]*+)\)"
)


def line_marks(text: str) -> list[Edit]:
    """Heading marks, rules and fences at the beginning of lines."""
    if "#" not in text and "\n" not in text and "```" not in text:
        return []
    return _line_marks(text)


def inline_marks(text: str) -> list[Edit]:
    """Reddit's spoilers `>!so!<` and small print `^(so)`."""
    found: list[Edit] = []
    if "!<" in text or "^(" in text:
        for match in _INLINE_MARKS.finditer(text):
            group = 1 if match.group(1) is not None else 2
            found.append((match.start(), match.start(group), ""))
            found.append((match.end(group), match.end(), ""))
    return found


# Faces such as >:( and >_< are no quotes.
_QUOTE = re.compile(
    r"^[ ]{0,3}(?:>[ ]?(?=[>\w\"'“‘«(\[*@#]|\.\.|$|[^\x00-\x7f])(?!\w{1,2}<|\.[<>]))+[ ]*",
    re.MULTILINE,
)


def _quotes(text: str) -> Iterator[re.Match[str]]:
    """Match at the beginnings of lines only: a search would try at every character."""
    at = 0
    while True:
        match = _QUOTE.match(text, at)
        if match:
            yield match
        at = text.find("\n", at) + 1
        if not at:
            return


def quotes(*, drop: bool) -> Step:
    """Lines quoted with `>`: without the mark, or gone if other words remain."""

    def step(text: str) -> list[Edit]:
        if ">" not in text:
            return []
        marks: list[Edit] = []
        lines: list[Edit] = []
        for match in _quotes(text):
            end = text.find("\n", match.end())
            marks.append((match.start(), match.end(), ""))
            lines.append((match.start(), len(text) if end < 0 else end, ""))
        if drop and lines:
            left = sum(len(text[a:b].strip()) for a, b in _gaps(lines, len(text)))
            if left:
                return lines
        return marks

    return step


def _gaps(edits: list[Edit], length: int) -> Iterator[tuple[int, int]]:
    done = 0
    for start, end, _ in edits:
        yield done, start
        done = end
    yield done, length


MARKDOWN: tuple[Step, ...] = (links, inline_marks, line_marks, emphasis, escapes)
