"""A dialogue in one string to its turns: who speaks, in which role, what is said."""

import re

import xxhash

from transforms.read.nonspeech import lift_cues

_ROLES = {
    "doctor": "doctor",
    "physician": "doctor",
    "clinician": "clinician",
    "nurse": "clinician",
    "guest_clinician": "clinician",
    "patient": "patient",
    "guest": "guest",
    "family": "guest",
    "guest_family": "guest",
    "patient_guest": "guest",
    "therapist": "therapist",
    "counselor": "therapist",
    "client": "client",
}
_MISSPELT = {
    "docotr": "doctor",
    "gest_family": "guest_family",
    "guest_clinican": "guest_clinician",
}
_LABEL = "(?:" + "|".join(sorted((*_ROLES, *_MISSPELT), key=len, reverse=True)) + r")(?:_?\d)?"
# `[doctor]` anywhere; `Doctor:` where a line begins, or (in capitals) behind the end of a sentence: a
# lost line end. A full stop in the place of the colon counts behind a word that is no word of talk.
_MARK = re.compile(
    rf"\[(?P<square>(?i:{_LABEL}))\][ \t]*:?"
    rf"|^[ \t]*(?P<line>(?i:{_LABEL}))[ \t]*:"
    r"|^[ \t]*(?P<stop>Guest_family|Guest_clinician)\."
    r"|(?<=[.?!][ ])(?P<inner>Doctor|Patient):(?=[ ][A-Z])",
    re.MULTILINE,
)
_NO_WORDS = re.compile(r"[\W_]*")
_CUE = ("channel", "value", "start_ms", "end_ms")

Cell = dict[str, str | None]
Turn = tuple[str, str | None, str | None, list[Cell] | None]
"""Text, speaker, role, cues."""


def turns_of(cell: str, conversation: str) -> list[Turn]:
    """The turns that have words, in order.

    The speaker is a number that stands for this label in this conversation: digits only, so nothing
    of it can be taken for a name.
    """
    text = cell.replace("\r\n", "\n").replace("\r", "\n")
    marks = list(_MARK.finditer(text))
    ends = [*(mark.start() for mark in marks), len(text)][1:]
    said: list[tuple[str | None, str]] = [(None, text[: marks[0].start()] if marks else text)]
    said += [(_label(mark), text[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)]
    return [turn for label, words in said if (turn := _turn(label, words, conversation))]


def _label(mark: re.Match[str]) -> str:
    label = next(group for group in mark.groups() if group).lower()
    name, number = re.fullmatch(r"(.*?)_?(\d?)", label).groups()  # type: ignore[union-attr]
    name = _MISSPELT.get(name, name)
    return f"{name}_{number}" if number else name


def _turn(label: str | None, words: str, conversation: str) -> Turn | None:
    lines = (line.strip() for line in words.split("\n"))
    text, marks = lift_cues("\n".join(line for line in lines if line))
    if _NO_WORDS.fullmatch(text):
        return None
    cues: list[Cell] | None = [
        dict(zip(_CUE, (*mark, None, None), strict=True)) for mark in marks
    ] or None
    if label is None:
        return text, None, None, cues
    speaker = xxhash.xxh3_64_intdigest(f"{conversation}\0{label}".encode())
    return text, f"#{speaker}", _ROLES[label.rstrip("_0123456789")], cues
