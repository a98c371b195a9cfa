"""People whom a text itself names: behind a title ("Dr. Smith"), or by their own word ("my name is …").

The title stays, the name goes. Patterns see folded text (see fold.py).
"""

import re
from collections.abc import Iterator, Set

from transforms.clean.edits import Found
from transforms.clean.words import FUNCTION_WORDS, NAME_WORDS, is_common, is_listed, is_wordy

_TITLE = re.compile(
    r"(?<![\w@#/.&;'’-])(?:(?P<short>Dr|Mr|Mrs|Ms|Mx|Prof|Messrs)(?![\w@/'’-])(?:[ ]?\.)?"
    r"|(?P<dotted>Rev|Sgt|Capt|Lt|Col|Gen|Fr|Sr|Hon)(?=\.)\."
    r"|(?P<long>Doctor|Professor|Nurse|Miss|Mister|Judge|Pastor|Officer|Detective|Reverend|Rabbi|Imam"
    r"|Sister|Father|Captain|Sergeant|Missus|Counselor)(?![\w@/'’-]))"
    r"(?P<gap>[ \n]?)[ ]*(?:<[A-Z]+>[ ]?)?",
    re.IGNORECASE,
)
_TITLE_WORDS = (
    "dr mr mrs ms mx prof messrs rev sgt capt lt col gen fr sr hon doctor professor nurse miss mister judge pastor "
    "officer detective reverend rabbi imam sister father captain sergeant missus counselor"
)
_TITLES = frozenset(_TITLE_WORDS.split())
# Nobody whom a text is about: drinks, films, offices.
_NO_PERSON_WORDS = (
    "pepper robot who bean strange evil doom pac pacman marvel universe america right president chairman chair "
    "speaker secretary minister potato clean incredible fantastic big bad nice perfect wonderful anonymous hyde "
    "jekyll everything martens scholls tank thing fix google appointment appointments visit visits office bot "
    "manhattan congeniality piggy world day days practitioner practitioners station mom dad lady sir madam "
    "driver general ambassador strangelove cellophane christmas"
)
_NO_PERSON = frozenset(_NO_PERSON_WORDS.split())
_PARTICLES = frozenset(
    [
        "van",
        "von",
        "der",
        "den",
        "de",
        "del",
        "della",
        "di",
        "da",
        "la",
        "le",
        "du",
        "dos",
        "el",
        "al",
        "bin",
        "ibn",
        "ten",
        "ter",
        "st",
    ]
)
# Surnames that are words, safe even where all is written small.
_SURNAME_WORDS = (
    "brown white black green king young wright hill walker cooper baker mason marshall porter hunter fisher "
    "miller gray grey perry york price powers stone wood woods ward fox reed rose bell bishop butler potter "
    "shepherd kelly lane long cook day rice rivers brooks mills page knight wolf may"
)
_SURNAMES = frozenset(_SURNAME_WORDS.split())
# Small words that are more often the word than the name, even behind "my name is".
_MORE_WORD = frozenset(
    "will may long little good great best close early free all head hand story page mark".split()  # noqa: SIM905
)
_VERBAL = re.compile(r".+(?:ed|ing|ly|s|tion|ment|n't|wrote|ught)")
_POSSESSIVE = re.compile(r"(?:['’]s)?\Z", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_MOST_WORDS = 4
_VERBAL_ENDING = re.compile(r".+(?:ed|ing|tion|ment)")
_FIRST_NAMES = frozenset(("will", "may", "mark", "page"))
_LETTERS = re.compile(r"[A-Za-z]+")
_NUMBERED = re.compile(r"(?<!\w)\d+(?: [^\W\d]+){0,4} ?\Z")
_DETERMINED = re.compile(
    r"(?<!\w)(?:a|the|your|my|this|his|her|their|our|any|every|care|medical)[ ]\Z"
)


def titled(text: str, lower: str, words: Set[str]) -> Iterator[Found]:
    """Names behind a title: `Dr. Smith`, `Mrs. van der Berg`, `Nurse Kelly`, `dr . smith`."""
    if words.isdisjoint(_TITLES):
        return
    small = text == lower
    for match in _TITLE.finditer(text):
        start, title = match.end(), _LETTERS.match(match.group()).group()  # type: ignore[union-attr]
        long = match.group("long") is not None
        if not match.group("gap") and (long or not text.startswith(".", match.start("gap") - 1)):
            continue
        if _TITLE.match(text, start):  # "Prof. Dr. Weber"
            continue
        large = text[start : start + 1].isupper()
        if title.isupper() and not text.isupper() and (long or not large):
            continue  # DR skill, see a doctor ASAP
        if title in ("MISS", "MS", "miss"):
            continue
        before = text[max(0, match.start() - 40) : match.start()]
        if match.group().rstrip() in ("ms", "dr") and _NUMBERED.search(before):
            continue  # milliseconds, a drive
        if large:
            end = name_end(text, start, loose=not long)
        elif long and (not small or _DETERMINED.search(before)):
            continue
        else:
            end = _small_name(text, start, title.lower(), short=not long)
        if end > start:
            yield "name", start, end


def _small_name(text: str, start: int, title: str, *, short: bool) -> int:
    """The end of a name that is written small; `start` where there is none."""
    word = _TOKEN.match(text, start)
    if word is None or (not short and title not in ("doctor", "nurse", "professor", "mister")):
        return start
    low = word.group().lower()
    if low in _PARTICLES and text[word.end() : word.end() + 1] == " ":
        beyond = _small_name(text, word.end() + 1, title, short=short)
        return beyond if beyond > word.end() + 1 else start
    if len(low) < 2 or low in FUNCTION_WORDS or low in _NO_PERSON or not (short or len(low) > 3):
        return start
    known = low in _SURNAMES or (short and low in NAME_WORDS and low not in _MORE_WORD)
    if not known and (is_common(low) or (not short and _VERBAL.fullmatch(low))):
        return start
    second = _TOKEN.match(text, word.end() + 1)
    if second and text[word.end()] == " " and _is_small_surname(second.group().lower()):
        return second.end()
    return word.end()


def _is_small_surname(low: str) -> bool:
    if low in _SURNAMES:
        return True
    return len(low) > 3 and not is_common(low) and _VERBAL.fullmatch(low) is None


def name_end(text: str, at: int, *, loose: bool) -> int:
    """Where a name of capitalized words ends that begins at `at`; `at` itself when none does.

    `loose`: the first word may be any English word ("Mr. Field"); later ones only if they are names.
    """
    end, here, words = at, at, 0
    while words < _MOST_WORDS:
        match = _TOKEN.match(text, here)
        if match is None:
            break
        word, low = match.group(), match.group().lower()
        after = match.end()
        if low in _PARTICLES and text[after : after + 1] == " ":
            here, words = after + 1, words + 1  # counts with a name behind it only
            continue
        if len(word) == 1:
            if not word.isupper() or text[after : after + 1] != ".":
                break
            here, words = _gap(text, after + 1), words + 1
            continue
        if not word[0].isupper() or low in _NO_PERSON or low in FUNCTION_WORDS:
            break
        if is_wordy(low) and low not in NAME_WORDS and not (loose and end == at):
            break
        if word.isupper() and len(word) > 2 and (is_wordy(low) or not (loose or text.isupper())):
            break
        end, words = after - len(_POSSESSIVE.search(word).group()), words + 1  # type: ignore[union-attr]
        here = _gap(text, end)
        if here == end:
            break
    return end


def _gap(text: str, at: int) -> int:
    return at + 1 if text[at : at + 1] == " " else at


_SAYS = re.compile(
    r"(?<![\w'’])(?:(?P<says>my (?:full |first |last |real |given |middle )?name(?:'s|’s| is| was)"
    r"|(?:patient|full|first|last|middle)[ ]?name[ ]?(?::|is\b)|(?:^|(?<=[.,;:!?] ))names?(?: is|'s|:)"
    r"|(?:i am|i['’]m) called|friends call me)"
    r"|(?P<calls>call me)|(?P<line>this is)"
    r"|(?P<greets>(?:hi|hello|hey|good (?:morning|afternoon|evening))(?: there)?[,.!]? (?:i am|i['’]m))"
    r"|(?P<am>i am|i['’]m))(?!\w)[ ]?[:,-]?[ ]*(?:(?:uh|um|er|erm|ah)\b,?[ ]*){0,3}(?:<[A-Z]+>[ ]?)?",
    re.IGNORECASE | re.MULTILINE,
)
_SPEAKING = re.compile(r",?[ ](?:speaking|calling|here(?![ ]\w))\b", re.IGNORECASE)
_ROLE_WORDS = (
    "doctor nurse gp physician therapist counselor counsellor psychologist psychiatrist surgeon paramedic midwife "
    "pharmacist dentist consultant resident practitioner clinician worker"
)
_ROLES = _ROLE_WORDS.split()
_CALLED = frozenset(("name", "names", "call", "called"))
_SPEAKS = frozenset(("speaking", "calling", "here"))
_PRESENTS = frozenset(
    (
        *_ROLES,
        *(f"{role}s" for role in _ROLES),
        "hi",
        "hello",
        "hey",
        "morning",
        "afternoon",
        "evening",
    )
)
_AS_ROLE = re.compile(
    rf",?[ ](?:and )?(?:i am |i['’]m )?(?:one of )?(?:your|the|a|an|our)[ ](?:\w+[ ]){{0,2}}(?:{'|'.join(_ROLES)})s?\b",
    re.IGNORECASE,
)
_FROM = re.compile(r".*(?:ish|ese|lic|ican|ian|tist|ist)")  # Irish, Catholic: no names


def introduced(text: str, lower: str, words: Set[str]) -> Iterator[Found]:
    """Names that people give as their own: `my name is …`, `this is … speaking`."""
    if not (
        not words.isdisjoint(_CALLED)
        or ("this" in words and not words.isdisjoint(_SPEAKS))
        or ("i" in words and not words.isdisjoint(_PRESENTS))
    ):
        return
    small = text == lower
    for match in _SAYS.finditer(text):
        start = match.end()
        word = _TOKEN.match(text, start)
        if word is None or _TITLE.match(text, start):
            continue
        low, large = word.group().lower(), word.group()[0].isupper()
        end = name_end(text, start, loose=True) if large else _own_small(text, start)
        if end == start:
            continue
        rare = not is_listed(low) or (large and low in NAME_WORDS)
        if (
            _is_told(match.group("says"), named=rare or low in NAME_WORDS, large=large, small=small)
            or (match.group("calls") and large and rare)
            or (match.group("line") and (large or small) and _SPEAKING.match(text, end))
            or (match.group("am") and rare and (large or small) and _AS_ROLE.match(text, end))
            or (match.group("greets") and large and rare and not _FROM.fullmatch(low))
        ):
            yield "name", start, end


def _is_told(says: str | None, *, named: bool, large: bool, small: bool) -> bool:
    """Whether a word behind "my name is" is one: "name is withheld" tells none."""
    return says is not None and (large or (named and (small or says.lower().startswith("my"))))


def _own_small(text: str, start: int) -> int:
    """The end of a name that somebody gives as his own, written small: at most three words."""
    end, here = start, start
    for at in range(3):
        word = _TOKEN.match(text, here)
        if word is None:
            break
        low, after = word.group().lower(), word.end()
        if low in FUNCTION_WORDS or low in _NO_PERSON or (low in _MORE_WORD - _FIRST_NAMES):
            break
        if is_listed(low) and not (low in NAME_WORDS or (at and low in _SURNAMES)):
            break
        if at and _VERBAL_ENDING.fullmatch(low):
            break
        closes = low not in ("a", "i") and re.match(r"(?: and\b|[.,!?]|\Z)", text[after:])
        if (
            len(low) > 1 or at == 0 or closes
        ):  # an initial counts with a name behind it, or at the end
            end = after
        here = _gap(text, after)
        if here == after:
            break
    return end
