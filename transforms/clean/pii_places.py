"""Street addresses and post boxes, with what follows of town and code. Patterns see folded text (see fold.py)."""

import re
from collections.abc import Iterator, Set

from transforms.clean.edits import Found
from transforms.clean.words import FUNCTION_WORDS

STATES = (
    r"AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK"
    r"|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR"
)
STATE_NAMES = (
    r"Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho"
    r"|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi"
    r"|Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota"
    r"|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont"
    r"|Virginia|Washington|West Virginia|Wisconsin|Wyoming"
)
ZIP = r"\d{5}(?:-\d{4})?"
UK_CODE = r"[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[ABD-HJLNP-UW-Z]{2}"
CAPITAL = r"[A-Z\u00c0-\u00de][\w'’.-]*"

# Hardly anything but a street, and words that are one only when written large.
_SURE = (
    r"street|avenue|boulevard|parkway|highway|turnpike|crescent|terrace|lane|road|blvd|pkwy|hwy|ave|rd|ln|mews"
    r"|esplanade|causeway|expressway"
)
_LARGE_ONLY = (
    r"st|dr|ct|pl|cir|sq|ter|trl|aly|cres|gdns|grv|drive|court|place|square|circle|way|trail|alley|close|gardens"
    r"|grove|row|walk|hill|view|loop|plaza|path|pike|green|rise|quay|wharf|broadway|parade|vale|bend|cove|crossing"
    r"|point|ridge|run|park|heights"
)
_SIDE = (
    r"(?:[NSEW]\.?|[NS]\.?[EW]\.?|north|south|east|west|northeast|northwest|southeast|southwest)"
)
_FLAT = r"apt|apartment|suite|ste|unit|flat"
_UNIT = (
    rf"(?:,?[ ]*(?:\n[ ]*)?(?:(?:{_FLAT}|floor|fl|room|rm|bldg|building|lot)\.?[ ]?\#?[ ]?[A-Za-z]?-?\d{{1,5}}[A-Za-z]?"
    rf"|(?:{_FLAT})\.?[ ][A-Z](?![A-Za-z])|\#[ ]?\d{{1,5}}[A-Za-z]?)(?![A-Za-z0-9]))"
)
_TOWN = (
    rf"(?:,?[ ]*(?:\n[ ]*)?{CAPITAL}(?:[ ]{CAPITAL}){{0,2}},?[ ](?:{STATES}|{STATE_NAMES})(?:,?[ ]{ZIP})?"
    r"(?![A-Za-z0-9])"
    rf"|(?:,[ ]*(?:\n[ ]*)?{CAPITAL}(?:[ ]{CAPITAL}){{0,2}}){{0,2}},?[ ]*{UK_CODE}(?![A-Za-z0-9])"
    rf"|,?[ ](?:{STATES})[ ]{ZIP}(?![A-Za-z0-9])|,[ ]{CAPITAL}(?:[ ]{CAPITAL}){{0,2}},?[ ]{ZIP}(?![A-Za-z0-9]))"
)
_HOUSE = (
    rf"(?:(?:{_FLAT})\.?[ ]\#?[A-Za-z]?\d{{1,4}}[A-Za-z]?,?[ ])?(?<![\w.,$€£#/:-])(?:\#[ ]?)?"
    r"(?P<house>\d{1,5}(?:-\d{1,4})?(?:[A-Za-z]|[ ][a-dA-D](?=[ ]))?(?:[ ]1/2)?)"
)
_LARGE = re.compile(
    rf"{_HOUSE}[ ]+(?:{_SIDE}[ ]+)?(?P<name>(?:{CAPITAL}|\d{{1,3}}(?:st|nd|rd|th))(?:[ ]{CAPITAL}){{0,3}}?)"
    rf"[ ](?P<kind>(?i:{_SURE}|{_LARGE_ONLY})(?![\w'’-]))\.?(?:[ ]{_SIDE}(?![\w.'’-]))?(?:(?i:{_UNIT})){{0,2}}"
    rf"(?:{_TOWN})?"
)
_SMALL_WORD = r"(?:(?!\d)[\w'’.]+[ ])"
_SMALL = re.compile(
    rf"{_HOUSE}[ ]+(?P<name>\d{{1,3}}(?:[ ]?(?:st|nd|rd|th))?[ ]{_SMALL_WORD}{{0,3}}?|{_SMALL_WORD}{{1,3}}?)"
    rf"(?P<kind>{_SURE}|drive"
    rf"|court)(?![\w'’-])\.?(?:(?:[ ]{_SIDE})?[ ](?:{_SURE})(?!\w))?(?:{_UNIT}){{0,2}}(?:,?[ ]\d{{5}}(?!\w))?",
    re.IGNORECASE,
)
_BOX = re.compile(
    r"(?<![A-Za-z])(?:p\.?[ ]?o\.?[ ]?box|post(?:al)?[ ](?:office[ ])?box|pobox)(?:[ ](?:number|no\.?))?"
    rf"[ ]?\#?[ ]?\d{{1,7}}(?![A-Za-z0-9])(?:{_TOWN})?",
    re.IGNORECASE,
)
_ZIP_LABEL = re.compile(
    r"(?<![A-Za-z])(?:zip(?:[ -]?codes?)?|post[ -]?codes?|postal[ ]codes?)(?![A-Za-z])"
    r"(?:[\s:#=,/-]|(?:is|was|it'?s|the|to|of|from|for|my|are|will be|would be|new|current|old|area|in|here)\b){0,8}"
    r"(?P<code>\d{5,6}(?:-\d{4})?|\d{3}[ ]\d{3}|[A-Za-z]{1,2}\d[A-Za-z\d]?[ ]?\d[A-Za-z]{2}"
    r"|[A-Za-z]\d[A-Za-z][ ]?\d[A-Za-z]\d|\d{4}(?=[ ][A-Z]{2}\b)[ ][A-Z]{2}|\d{4})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_BACK = 80  # characters looked at before a house number
_BEGINS = re.compile(r"(?:\A|\n)\W*\Z")
_CUE = re.compile(
    r"(?<![a-z])(?:address|live|lives|living|lived|moved|moving|located|ship|deliver|house|home|at|no|number)(?![a-z])"
    r"[^\d]{0,30}\Z",
    re.IGNORECASE,
)
# What is counted, and so no name of a street.
_COUNTED_WORDS = (
    "people persons men women guys kids cars miles mile km kilometers meters metres yards feet foot ft inches "
    "minutes minute min mins hours hour days weeks week months month years year yr times time lanes ways hits "
    "blocks vehicles bikes trips games dollar dollars bucks euro euros percent degrees points stories tennis "
    "basketball squash food supreme federal test mg ml gb tb mb gig gigs meg megs gigabyte terabyte hard disk "
    "disks flash usb solid rpm speed gear wheel mph pm am"
)
_COUNTED = frozenset(_COUNTED_WORDS.split())
_NO_NAME_WORDS = (
    "day lane way hit down across along off block per busy long short dark whole wide open different other dirt "
    "one two three four five six seven eight nine ten half lines line point story state"
)
_NO_NAME = frozenset(_NO_NAME_WORDS.split()) | FUNCTION_WORDS - {"new", "old"}
_SURE_WORDS = frozenset(_SURE.split("|"))
_SMALL_WORDS = _SURE_WORDS | {"drive", "court"}
_LARGE_WORDS = _SURE_WORDS | frozenset(_LARGE_ONLY.split("|"))


def addresses(text: str, lower: str, words: Set[str]) -> Iterator[Found]:
    """Street addresses with their unit, town and code where they have one; post boxes; labeled postal codes."""
    if text != lower and not words.isdisjoint(_LARGE_WORDS):
        for match in _LARGE.finditer(text):
            if _is_large_street(match):
                yield "address", match.start(), match.end()
    if not words.isdisjoint(_SMALL_WORDS):
        for match in _SMALL.finditer(text):
            if _is_small_street(match, cased=text != lower):
                yield "address", match.start(), match.end()
    if "box" in lower:
        for match in _BOX.finditer(text):
            yield "address", match.start(), match.end()
    if "zip" in lower or "post" in lower:
        for match in _ZIP_LABEL.finditer(text):
            yield "zip", *match.span("code")


def _is_large_street(match: re.Match[str]) -> bool:
    name, kind = match.group("name"), match.group("kind")
    first = name.split()[0].lower().strip(".,'’")
    if first in _COUNTED or first in _NO_NAME or (name.isupper() and len(name) < 4):
        return False
    # "5 Star view" is no street: what is also a word must be written large.
    return kind[0].isupper() or kind.lower() in _SURE_WORDS


def _is_small_street(match: re.Match[str], *, cased: bool) -> bool:
    words = [word.strip(".,") for word in match.group("name").lower().split()]
    if any(word in _COUNTED for word in words):
        return False
    if cased and match.group("kind").lower() in ("drive", "court"):
        return False
    # "cross 2 dusty roads", "12 of this road": what may be no house needs a word before it that says so.
    before = match.string[max(0, match.start() - _BACK) : match.start()]
    if not any(word in _NO_NAME for word in words):
        long = len(match.group("house")) > 1 and not words[0].isdigit()
        begins = _BEGINS.search(before)
        if long or (begins and (begins.group()[:1] == "\n" or match.start() <= _BACK)):
            return True
    return _CUE.search(before) is not None
