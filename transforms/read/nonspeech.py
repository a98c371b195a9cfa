r"""Marks of transcribers that are no speech (`[laughs]`, `(sighs)`, `<UNIN/>`, ♪) are lifted out.

Only known words count: `[sic]` or `[Elixir]` is an editor's word and stays in the text. In square
brackets a phrase counts when it begins or ends with a known word (`[Anna laughs]`, `[phone ringing
in the background]`), in round ones and in asterisks only known words alone. Brackets may be
escaped as in Markdown: `\[laughs\]`.
"""

import re

from transforms.read.nonspeech_words import ALONE, FIRST, LAST, STRONG, TRANSCRIPT

_SPACE = "\ufdd0"  # a noncharacter: stands for a lifted mark until the text is put together
_NOTES = "♪♫🎵🎶"
# Every alternative begins with a plain character: so the search jumps from one candidate to the next.
_MARK = re.compile(
    r"\\\[(?P<escaped>[^\[\]\\\n]{1,80})\\?\]"
    r"|\[(?P<square>[^\[\]\\\n]{1,80})\\?\](?!\()"
    r"|\(\(?(?P<round>[^()\[\]<>\n]{1,40})\)\)?"
    r"|<(?P<tag>/?[A-Za-z][A-Za-z _]{2,30})/?>"
    r"|\*(?<!\*\*)(?P<star>[A-Za-z][a-z ]{2,30})\*(?!\*)"
    r"|INAUDIBLE(?<!\wINAUDIBLE)(?!\w)"
    r"|UNINTELLIGIBLE(?<!\wUNINTELLIGIBLE)(?!\w)"
    r"|CROSSTALK(?<!\wCROSSTALK)(?!\w)|" + "|".join(f"{note}(?:[{_NOTES}]*)" for note in _NOTES)
)
_EMPHASIS = re.compile(rf"(\*{{1,2}}|__?){_SPACE}\1")  # around a lifted mark: lifted too
_SHOUTED = ("INAUDIBLE", "UNINTELLIGIBLE", "CROSSTALK")
_HINTS = (*"[(<*", *_NOTES, *_SHOUTED)
_BARE = re.compile(r"\b(?:INAUDIBLE|UNINTELLIGIBLE|CROSSTALK)\b")
_TIME = re.compile(r"[\s,@]*\b(?:\d{1,2}:)?\d{1,2}:\d\d(?:[.,:]\d+)?$")
_AROUND = re.compile(r"[\s,]*\b(?:in|from) (?:the )?(?:background|distance|room)$")
_WORD = re.compile(r"[a-z][a-z'-]*")
_OURS = re.compile(
    r"\b(?:i|you|he|she|it|we|they|my|your|his|her|its|our|their|this|that)\b|^(?:the|an?|spoiler) "
)
_ORPHAN = re.compile(r"^[.,;:](?=\s|$)")  # it closed the mark, not what was said
_TRIM = " .!*_-"
_CLOSING = ".,;:!?…)"

Cue = tuple[str, str]


def lift_cues(text: str) -> tuple[str, list[Cue]]:
    """(the text without marks, (channel, value) of each mark in order).

    channel: "nonspeech" (laughter, music …) or "transcript" (inaudible, uncertain …). value: a
    standard word, never other words of the mark, which may be names. White space around a lifted
    mark becomes one blank (a line break or blank line is kept). Where nothing is lifted, the text
    is as it was. A guessed word (`<UNSURE>word</UNSURE>`, `[word 00:04:05]`) stays in the text.
    """
    if not any(hint in text for hint in _HINTS):
        return text, []
    cues: list[Cue] = []
    playing = False
    # In a text all in capitals INAUDIBLE is a word like any other.
    loud = any(word in text for word in _SHOUTED) and _BARE.sub("", text).isupper()

    def lifted(match: re.Match[str]) -> str:
        nonlocal playing
        if match.group()[0] in _NOTES:
            playing = not playing  # the second of a pair closes the song
            cues.extend([("nonspeech", "music")] if playing else [])
            return _SPACE
        found = _read(match, loud=loud)
        if found is None:
            return match.group()
        cue, instead = found
        cues.extend([cue] if cue else [])
        return instead

    clear = text.replace(_SPACE, " ")
    marked = _MARK.sub(lifted, clear)
    if marked == clear:
        return text, []
    marked = _EMPHASIS.sub(_SPACE, marked)
    return _joined(marked.split(_SPACE)), cues


def _read(match: re.Match[str], *, loud: bool) -> tuple[Cue | None, str] | None:
    """(its cue, what stands in the text instead) of a mark; None when it is none of ours."""
    square = match["escaped"] or match["square"]
    if square is not None:
        return _bracket(square)
    if match["tag"] is not None:
        return _tag(match["tag"].strip().lower().replace("_", " "))
    words = match["round"] or match["star"]
    if words is None and loud:
        return None
    cue = _known((words or match.group()).strip(" .!_").lower())
    return None if cue is None else (cue, _SPACE)


def _tag(name: str) -> tuple[Cue | None, str] | None:
    if name == "unsure":
        return ("transcript", "uncertain"), _SPACE
    if name == "/unsure":
        return None, _SPACE
    cue = _known(name.removesuffix(" speech"))
    return None if cue is None else (cue, _SPACE)


def _bracket(inside: str) -> tuple[Cue | None, str] | None:
    said = _TIME.sub("", inside.strip())
    words = said.lower().strip(_TRIM).replace("_", " ") or said
    cue = _known(_AROUND.sub("", words)) or _phrase(words)
    if cue is not None:
        return cue, _SPACE
    if said and said != inside.strip():
        # A word with its time is the transcriber's guess: it was said, and stays.
        return ("transcript", "uncertain"), said
    return None


def _known(words: str) -> Cue | None:
    """The cue of words that are a mark all by themselves."""
    value = ALONE.get(words) or LAST.get(words)
    if value is None:
        return None
    return ("transcript" if value in TRANSCRIPT else "nonspeech"), value


def _phrase(said: str) -> Cue | None:
    """The cue of a phrase in square brackets that begins or ends with a known word."""
    around = _AROUND.sub("", said)
    words = _WORD.findall(around)
    if not 2 <= len(words) <= 7:
        return None
    for value in (FIRST.get(words[0]), FIRST.get(words[-1])):
        if value is not None:
            return _known(value) or ("nonspeech", value)
    noun = LAST.get(words[-1])
    if noun is None or _OURS.search(around):
        # "his song", "the music": the editor says what was meant; "a loud noise" was heard.
        noun = noun if noun in STRONG else None
    if noun is not None:
        return _known(noun) or ("nonspeech", noun)
    if around != said:
        return "nonspeech", "background"
    return None


def _joined(parts: list[str]) -> str:
    """The parts between lifted marks, with one blank or the line break that was there."""
    out: list[str] = []
    gap = ""
    for number, part in enumerate(parts):
        if number and (not out or out[-1][-1] in _CLOSING):
            part = _ORPHAN.sub("", part)
        body = part.strip()
        if not body:
            gap += part
            continue
        if out:
            gap += part[: len(part) - len(part.lstrip())]
            out.append(_blank(gap, out[-1][-1], body[0]))
        out.append(body)
        gap = part[len(part.rstrip()) :]
    return "".join(out)


def _blank(gap: str, before: str, after: str) -> str:
    breaks = gap.count("\n")
    if breaks:
        return "\n" * min(breaks, 2)
    if gap:
        return "" if after in _CLOSING else " "
    return " " if before.isalnum() and after.isalnum() else ""
