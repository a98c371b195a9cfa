"""What the label of a speaker is: a person's name, a role, or a mere number."""

import re

# "Speaker 1", SPEAKER_00, speaker-0, spk_1, s2, 0, A, Unknown speaker, Female voice …
_NUMBERED = re.compile(
    r"(?i:(?:(?:unknown|unidentified|new|male|female|other|another)[ _-]*)*"
    r"(?:speakers?|spkr?|s|ch|voices?|channel|person|people|participant|user|caller|guest|host|m|f|"
    r"man|woman|men|women|boy|girl|unknown|male|female|all|both|everyone|everybody|audience|crowd|"
    r"group|various|multiple|several|others?|id)[ _#-]*(?:speakers?|voices?)?[ _#-]*)?"
    r"(?:\d{0,4}|(?<![a-z])[A-Z])"
)
_ROLES = {
    "host": "host",
    "cohost": "host",
    "co-host": "host",
    "guest": "guest",
    "interviewer": "interviewer",
    "interviewee": "interviewee",
    "moderator": "moderator",
    "narrator": "narrator",
    "announcer": "narrator",
    "author": "author",
    "doctor": "doctor",
    "clinician": "doctor",
    "physician": "doctor",
    "patient": "patient",
    "therapist": "therapist",
    "counselor": "therapist",
    "counsellor": "therapist",
    "client": "client",
    "agent": "agent",
    "customer": "customer",
    "caller": "caller",
}
_ROLE = re.compile(r"([a-z-]+)[ _#-]*\d{0,3}")
# A comma and titles behind a name: "Elisha Goldstein, PhD".
_TITLES = re.compile(
    r"(?:,?\s+|,)(?:Ph\.?\s?D|Psy\.?\s?D|M\.?\s?D|M\.?A|M\.?S|M\.?Sc|B\.?A|B\.?Sc|MBA|LCSW|LMFT|R\.?N|Esq|Jr|Sr)"
    r"\.?(?=$|,|\s)"
)


def is_name(label: str) -> bool:
    """Whether a speaker's label names somebody: no number, letter, or role word, nor `conversation/role`."""
    last = label.rpartition("/")[2]
    return bool(last) and _NUMBERED.fullmatch(last) is None and role_of(last) is None


def role_of(label: str | None) -> str | None:
    """The role that the label itself is: "Host", "interviewer", "Guest 2"."""
    match = _ROLE.fullmatch(label.lower()) if label else None
    return _ROLES.get(match[1].rstrip("-")) if match else None


def person(label: str) -> str:
    """The name without academic titles behind it."""
    return _TITLES.sub("", label).strip(" ,") or label
