"""PII made of letters: e-mail addresses, links, handles.

Patterns see folded text (see pii.py): full-width letters and signs are ASCII.
"""

import re
from collections.abc import Iterator

Found = tuple[str, int, int]

# ---- links -------------------------------------------------------------------------------------
_REST = r"[^\s<>\"{}|\\^`\[\]\u2018-\u201f\u2e80-\uffff\U00010000-\U0010ffff]"
_COUNTRIES = (
    "ac ad ae af ag ai al am ao ar at au az ba bb bd be bg bh bi bj bo br bs bt bw by bz ca cc cd cf cg ch ci cl cm "
    "cn co cr cu cv cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fm fr ga gd ge gg gh gi gl gm gn gp gq gr gt gy "
    "hk hn hr ht hu id ie il im in iq ir is it je jm jo jp ke kg kh ki km kr kw ky kz la lb lc li lk lr ls lt lu lv ly "
    "ma mc md me mg mk ml mm mn mo mr ms mt mu mv mw mx my mz na nc ne ng ni nl no np nr nu nz om pa pe pf pg ph pk pl "
    "pm pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr st su sv sx sy sz tc td tf tg th tj "
    "tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye za zm zw be gd gle goo gl ly"
)
_GENERIC = (
    "com org net edu gov mil int info biz io dev app xyz online site tech store blog shop wiki page link club live "
    "news media social cloud space website cafe zone world today agency digital design studio video network fm tv gg"
)
_TLD_ANY = "|".join(sorted(set((_COUNTRIES + " " + _GENERIC).split()), key=len, reverse=True))
_HOST = r"(?<![\w@.-])(?:[A-Za-z0-9\u00c0-\u052f][A-Za-z0-9\u00c0-\u052f_-]{0,62}\.){1,12}"
_URL = re.compile(
    rf"(?<![A-Za-z0-9])(?:[A-Za-z][A-Za-z0-9+.-]{{1,20}}://(?:\[[0-9A-Fa-f:.]+\])?{_REST}++|www\d?\.{_REST}++"
    rf"|(?:data|magnet|facetime|skype|sip|xmpp|tg|whatsapp|sgnl|bitcoin):[^\s<>\"]{{8,}}+|(?:sms|geo):[+\d][\d.,;+-]{{4,}}+)",
    re.IGNORECASE,
)
# Without a scheme: a plain host of the common names, or any host with a path.
_BARE = re.compile(
    rf"{_HOST}(?:(?:com|org|net|edu|gov|mil|info|biz|io|xyz|(?:co|com|org|ac|gov|net)\.[a-z]{{2}})(?![\w-])(?!\.\w)"
    rf"(?::\d{{2,5}})?(?:[/?#]{_REST}*+)?|(?:{_TLD_ANY})(?::\d{{2,5}})?/{_REST}++)"
)
_BARE_UPPER = re.compile(r"(?<![\w@.-])(?:[A-Z0-9][A-Z0-9-]{1,62}\.)+(?:COM|ORG|NET|EDU|GOV)(?![\w-])(?:/[^\s<>\"\[\]]*+)?")
_TO = re.compile(r"(?<![A-Za-z0-9])(mailto|tel):[^\s<>\"{}|\\^`\[\]()]++", re.IGNORECASE)
_SCHEMES = (
    "://", "mailto:", "tel:", "data:", "magnet:", "facetime:", "skype:", "sip:", "xmpp:", "tg:", "whatsapp:", "sgnl:",
    "bitcoin:", "sms:", "geo:",
)  # fmt: skip
_HOSTLIKE = re.compile(
    r"\.(?:[A-Za-z]{2,24}[:/]|(?i:com|org|net|edu|gov|mil|info|biz|io|xyz|(?:co|ac)\.[a-z]))"
)
_TRAILING = ".,;:!?'*_~…"


def links(text: str, lower: str) -> Iterator[Found]:
    """Links with a scheme or www, hosts such as example.com, and hosts with a path."""
    patterns = []
    scheme = ":" in text and any(name in lower for name in _SCHEMES)
    if scheme or "www" in lower:
        patterns.append(_URL)
    if _HOSTLIKE.search(text):
        patterns += [_BARE, _BARE_UPPER]
    for pattern in patterns:
        for match in pattern.finditer(text):
            end = _trimmed(text, match.start(), match.end())
            if end - match.start() > 3:
                yield "url", match.start(), end
    if not scheme:
        return
    for match in _TO.finditer(text):
        end = _trimmed(text, match.start(), match.end())
        if end > match.end(1) + 3:
            yield ("email" if match.group(1).lower() == "mailto" else "phone"), match.start(), end


def _trimmed(text: str, start: int, end: int) -> int:
    """A link without the punctuation of the sentence around it."""
    surplus = text.count(")", start, end) - text.count("(", start, end)
    while end > start:
        last = text[end - 1]
        if last in _TRAILING:
            end -= 1
        elif last == ")" and surplus > 0:
            surplus -= 1
            end -= 1
        else:
            break
    return end


# ---- e-mail ------------------------------------------------------------------------------------
_LOCAL = r"A-Za-z0-9\u00c0-\u052f._%+"
_MAILERS = "gmail|googlemail|yahoo|ymail|hotmail|outlook|icloud|aol|protonmail|proton|msn|gmx|fastmail|zoho|mailru|qq|naver|rediffmail"
_ENDINGS = "com|org|net|edu|gov|mil|info|biz|io|co|me|uk|de|fr|es|it|nl|se|no|fi|dk|pl|pt|br|in|ca|au|nz|jp|cn|ru|ch|at|be|ie|us|eu|dev|app"
_EMAIL = re.compile(
    rf"(?<![{_LOCAL}-])[{_LOCAL}'-]++@(?:[A-Za-z0-9\u00c0-\u052f_-]+\.)+[A-Za-z\u00c0-\u052f]{{2,24}}(?![A-Za-z0-9\u00c0-\u052f_])"
    rf"|(?<![{_LOCAL}-])[{_LOCAL}'-]++@(?:{_MAILERS})\b",
    re.IGNORECASE,
)
_LABELS = rf"[A-Za-z0-9-]{{1,63}}"
_AT_SIGN = r"[ ]?[(\[{<|*_-]{1,2}[ ]?(?:at|@)[ ]?[)\]}>|*_-]{1,2}[ ]?"
_AT_WORD = r"[ ]at[ ]"
_DOT_ANY = r"(?:[ ]?[(\[{<|*_-]{1,2}[ ]?(?:dot|\.)[ ]?[)\]}>|*_-]{1,2}[ ]?|[ ]dot[ ]|[ ]?\.[ ]?)"
_DOT_WORD = r"(?:[ ]dot[ ]|[ ]?[(\[{<|*_-]{1,2}[ ]?(?:dot|\.)[ ]?[)\]}>|*_-]{1,2}[ ]?)"
_PERSON = rf"(?<![{_LOCAL}-])[{_LOCAL}-]++(?:[ ](?:dot|underscore|dash|plus)[ ][A-Za-z0-9]{{1,40}}){{0,3}}"
_SPOKEN = re.compile(
    rf"(?P<local>{_PERSON})(?:"
    rf"{_AT_SIGN}{_LABELS}(?:{_DOT_ANY}{_LABELS}){{0,4}}?{_DOT_ANY}(?:{_ENDINGS})"
    rf"|(?P<word>{_AT_WORD}){_LABELS}(?:{_DOT_WORD}{_LABELS}){{0,4}}?{_DOT_WORD}(?:{_ENDINGS})"
    rf"|[ ]?@[ ]?{_LABELS}(?:{_DOT_ANY}{_LABELS}){{0,3}}?(?:{_DOT_WORD}|[ ]\.[ ]?|\.)(?:{_ENDINGS})"
    rf"|(?P<known>{_AT_WORD})(?:{_MAILERS})(?:{_DOT_ANY}(?:{_ENDINGS}))(?:\.[a-z]{{2}})?"
    r")(?![A-Za-z0-9_])",
    re.IGNORECASE,
)
_AT_LIKE = re.compile(rf"[(\[{{<|*_-] ?at ?[)\]}}>|*_-]| at (?:{_MAILERS})")
_NO_PERSON = frozenset(
    "a an and am are as at be been bought buy but available came check find found for from get go got had have he her "
    "here him i in is it its just live look looked looking me meet mine my not now of on online order ordered or out "
    "over page sale she shop shopped shopping sign site stay stuff that the them there they this up us visit was we "
    "were what who work worked working works you your".split()
)
_NAMED = re.compile(r"[._\d+-]")


def emails(text: str, lower: str) -> Iterator[Found]:
    """E-mail addresses, also spelled: joe (at) example (dot) com, joe at example dot com."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            start = match.start()
            start += len(match.group()) - len(match.group().lstrip("'.-"))
            yield "email", start, match.end()
    if not ("@" in text or "dot" in lower or _AT_LIKE.search(lower)):
        return
    for match in _SPOKEN.finditer(text):
        local = match.group("local").lower().strip(".")
        if match.group("word") and local in _NO_PERSON:
            continue
        if match.group("known") and (local in _NO_PERSON or not _NAMED.search(local)):
            continue
        yield "email", match.start(), match.end()


# ---- handles -----------------------------------------------------------------------------------
_MENTION = re.compile(
    r"(?<![A-Za-z0-9_@\u00c0-\u052f])@(?!\d+(?::\d\d)?[ ]?(?:am|pm|h|hrs?|%|x|k|usd|eur)?(?![\w]))"
    r"[\w](?:[\w.-]{0,62}\w)?(?:@[\w-]+(?:\.[\w-]+)+)?",
    re.IGNORECASE,
)
_REDDIT = re.compile(r"(?<![\w./])/?(?:u|user)/[\w-]{2,30}(?![\w-])", re.IGNORECASE)
_DISCORD = re.compile(r"(?<![\w#@])[\w.]{2,32}#\d{4}(?![\w])")
_NUMBERED = re.compile(
    r"(?:issues?|prs?|pulls?|bugs?|tickets?|orders?|cases?|items?|invoices?|rooms?|gates?|apt|units?|suite|refs?|no|number|ep"
    r"|episodes?|parts?|chapters?|posts?|comments?|threads?|routes?|highway|bus|flights?|lockers?|lot|box|day|page|year|model"
    r"|mr|gh|jira|task|story|card|area|zone|channel|c|tag|color|colour|hex|line|figure|table|version)#\d{4}",
    re.IGNORECASE,
)
_PLATFORM = (
    r"discord|snap(?:chat)?|insta(?:gram)?|ig|kik|telegram|twitter|tik[ ]?tok|skype|steam|psn|xbox(?:[ ]live)?|gamer ?tag|bumble"
    r"|line[ ]id|we ?chat|weixin|whats ?app|venmo|cash ?app|only ?fans|twitch|you ?tube|face ?book|fb|mastodon|bluesky|threads"
    r"|tumblr|signal|paypal|battle ?net|epic(?:[ ]games)?|nintendo|friend[ ]code"
)
_PLATFORM_WORDS = (
    "discord", "snap", "insta", "ig", "kik", "telegram", "twitter", "tok", "skype", "steam", "psn", "xbox", "tag", "bumble", "id",
    "chat", "weixin", "app", "venmo", "fans", "twitch", "tube", "book", "fb", "mastodon", "bluesky", "threads", "tumblr", "signal",
    "paypal", "net", "epic", "nintendo", "code", "name", "user", "handle", "account", "profile", "nick", "live", "games",
)  # fmt: skip
_KIND = r"id|name|user|user[ ]?name|handle|tag|account|profile|nick(?:name)?|screen[ ]?name"
_HANDLE = r"(?P<handle>@?[A-Za-z0-9_](?:[\w.-]{1,40}\w)(?:#\d{4})?)"
_KEYED = re.compile(
    rf"(?<![\w@./])(?:(?P<platform>{_PLATFORM})|(?:my|his|her|their|the)[ ](?:{_KIND})|user[ ]?name|screen[ ]?name)"
    rf"(?P<kind>[ ](?:{_KIND}))?(?P<link>[ ]?[:=][ ]?|[ ]is[ ]|[ ]-[ ])(?:[ ]?[\"'(])?{_HANDLE}(?P<end>(?=[ ]*(?:$|[\n,;|/)!?\"'(]|\.(?:\s|$)|(?:and|or)\b)))?",
    re.IGNORECASE | re.MULTILINE,
)
_ODD = re.compile(r"[\d_@#]|\w[.]\w")


def handles(text: str, lower: str) -> Iterator[Found]:
    """@name, @name@host, u/name, name#1234, and names given after a platform (`snap: joe_c`)."""
    if "@" in text:
        for match in _MENTION.finditer(text):
            yield "user", match.start(), match.end()
    if "u/" in lower or "user/" in lower:
        for match in _REDDIT.finditer(text):
            yield "user", match.start(), match.end()
    if "#" in text:
        for match in _DISCORD.finditer(text):
            if not _NUMBERED.fullmatch(match.group()) and not match.group().replace("#", "").isdigit():
                yield "user", match.start(), match.end()
    linked = ":" in text or "=" in text or " is " in lower or " - " in text
    if linked and any(name in lower for name in _PLATFORM_WORDS):
        for match in _KEYED.finditer(text):
            handle = match.group("handle")
            odd = _ODD.search(handle) is not None and not handle.replace(".", "").isdigit()
            said = match.group("link").strip() in ":=" or match.group("kind")
            ends = match.group("end") is not None
            if (odd and match.group("link").strip() != "-") or (odd and ends) or (said and ends and match.group("platform") and match.group("link").strip() in ":="):
                yield "user", match.start("handle"), match.end("handle")
