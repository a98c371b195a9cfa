"""Links: with a scheme, with www, or a bare host. The whole link is found, whatever it carries.

Patterns see folded text (see pii.py): full-width letters and signs are ASCII.
"""

import re
from collections.abc import Iterator

from transforms.clean.edits import Found

_REST = r"[^\s<>\"{}|\\^`\[\]\u2018-\u201f\u2e80-\uffff\U00010000-\U0010ffff]"
_COMMON = r"com|org|net|edu|gov|mil|info|biz|io|xyz|(?:co|com|org|ac|gov|net)\.[a-z]{2}"
# Endings that are also words (.me, .it, .so) make a link only with a path behind them.
_ENDINGS = (
    "ac ad ae af ag ai al am ao ar at au az ba bb bd be bf bg bh bi bj bo br bs bt bw by bz "
    "ca cc cd cf cg ch ci cl cm cn co cr cu cv cy cz de dj dk dm do dz ec ee eg er es et eu "
    "fi fj fm fr ga gd ge gg gh gi gl gm gn gp gq gr gt gy hk hn hr ht hu id ie il im in iq "
    "ir is it je jm jo jp ke kg kh ki km kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc "
    "md me mg mk ml mm mn mo mr ms mt mu mv mw mx my mz na nc ne ng ni nl no np nr nu nz om "
    "pa pe pf pg ph pk pl pm pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl "
    "sm sn so sr st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk "
    "us uy uz va vc ve vg vi vn vu wf ws ye za zm zw com org net edu gov mil int info biz io "
    "dev app xyz online site tech store blog shop wiki page link club live news media social "
    "cloud space website cafe zone world today agency digital goo gle design studio video "
    "network"
)
_WITH_PATH = "|".join(_ENDINGS.split())
_HOST = (
    r"(?!(?i:asp|ado|vb)\.net\b)(?<![\w@.-])"
    r"(?:[A-Za-z0-9\u00c0-\u052f][A-Za-z0-9\u00c0-\u052f_-]{0,62}\.){1,12}"
)
_URL = re.compile(
    rf"(?<![A-Za-z0-9])(?:[A-Za-z][A-Za-z0-9+.-]{{1,20}}://(?:\[[0-9A-Fa-f:.]+\])?{_REST}++"
    rf"|www\d?\.{_REST}++"
    r"|(?:data|magnet|facetime|skype|sip|xmpp|tg|whatsapp|sgnl|bitcoin):[^\s<>\"]{8,}+"
    r"|(?:sms|geo):[+\d][\d.,;+-]{4,}+)",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"{_HOST}(?:(?:{_COMMON})(?![\w-])(?!\.\w)(?::\d{{2,5}})?(?:[/?#]{_REST}*+)?"
    rf"|(?:{_WITH_PATH})(?::\d{{2,5}})?/{_REST}++)"
)
_SHOUTED = re.compile(
    r"(?<![\w@.-])(?:[A-Z0-9][A-Z0-9-]{1,62}\.){1,12}(?:COM|ORG|EDU|GOV)(?![\w-])"
    r"(?:/[^\s<>\"\[\]]*+)?"
)
_TO = re.compile(r"(?<![A-Za-z0-9])(mailto|tel):[^\s<>\"{}|\\^`\[\]()]++", re.IGNORECASE)
_SCHEMES = (
    "mailto", "tel", "data", "magnet", "facetime", "skype", "sip", "xmpp", "tg", "whatsapp",
    "sgnl", "bitcoin", "sms", "geo",
)  # fmt: skip
_HOSTLIKE = re.compile(
    r"\.(?:[A-Za-z]{2,24}[:/]|(?i:com|org|net|edu|gov|mil|info|biz|io|xyz|(?:co|ac)\.[a-z]))"
)
_TRAILING = ".,;:!?'*_~…"
_SHORTEST = 4


def links(text: str, lower: str) -> Iterator[Found]:
    """Links; `mailto:` and `tel:` count as what they hold. `lower` is the text in lower case."""
    patterns = []
    scheme = _scheme(lower)
    if scheme or "www" in lower:
        patterns.append((_URL, 0))
    host = _HOSTLIKE.search(text)
    if host:  # no host has a space in it: the first one begins after the last space before its end
        start = text.rfind(" ", 0, host.start()) + 1
        patterns += [(_BARE, start), (_SHOUTED, start)]
    for pattern, start in patterns:
        for match in pattern.finditer(text, start):
            end = _trimmed(text, match.start(), match.end())
            if end - match.start() >= _SHORTEST:
                yield "url", match.start(), end
    if not scheme:
        return
    for match in _TO.finditer(text):
        end = _trimmed(text, match.start(), match.end())
        if end - match.end(1) >= _SHORTEST:
            yield "email" if match.group(1).lower() == "mailto" else "phone", match.start(), end


def _scheme(lower: str) -> bool:
    """Whether any colon stands behind the name of a scheme or before two slashes."""
    at = lower.find(":")
    while at >= 0:
        if lower.startswith("//", at + 1) or lower.endswith(_SCHEMES, 0, at):
            return True
        at = lower.find(":", at + 1)
    return False


def _trimmed(text: str, start: int, end: int) -> int:
    """Find the end of a link without the punctuation of the sentence around it."""
    surplus = text.count(")", start, end) - text.count("(", start, end)
    while end > start:
        last = text[end - 1]
        if last == ")" and surplus > 0:
            surplus -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return end
