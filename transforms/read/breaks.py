"""Labels in a transcript that are no speakers: breaks, jingles, played clips."""

import re
from typing import Literal


def listed(words: str) -> frozenset[str]:
    """The words of a list with commas, on any number of lines."""
    return frozenset(word.strip() for word in words.split(","))


_ALONE = listed(
    """
    break, breaks, jingle, jingles, transition, intro, outro, sample, samples, song, song sample, music, theme,
    theme song, interlude, clip, extract, excerpt, promo, trailer, teaser, preview, ad, ads, advert,
    advertisement, commercial, sponsor, sponsors, sponsorship, sponsor message, sound effect, sfx, audio,
    video, recording, announcement, pause, silence, credits
    """
)
_LAST = re.compile(
    r".+ (?:break|jingle|transition|intro|outro|extract|excerpt|interlude|advert|commercial)"
    r"|.+ (?:audio|video|song|sound|film|movie|ad|show|promo) clip"
    r"|.+ theme (?:song|music)"
)
_FIRST = re.compile(r"(?:clip|extract|excerpt|audio|sample|recording) (?:from|of|by) .+")
# Also ends of people's names: Dawn Song, Joe Sample.
_PERHAPS = re.compile(r".+ (?:song|sample|samples|music|promo|trailer|preview|clip|ad|ads|sponsor)")
_PLAYED = re.compile(
    r"\b(?:samples?|song|theme|clip|extract|excerpt|promo|trailer|teaser|preview|audio|video"
    r"|recording|intro|outro)\b"
)


def is_break(label: str) -> bool:
    """Whether a label is that of a break by itself."""
    return break_kind(label) == "break"


def break_kind(label: str) -> Literal["break", "perhaps"] | None:
    """Whether it is no speaker; "perhaps" when only its having no words can tell."""
    words = " ".join(label.lower().split())
    if words in _ALONE or _LAST.fullmatch(words) or _FIRST.fullmatch(words):
        return "break"
    return "perhaps" if _PERHAPS.fullmatch(words) else None


def is_played(label: str) -> bool:
    """Whether a break's label says that words are played: all that follows belongs to it."""
    return _PLAYED.search(label.lower()) is not None
