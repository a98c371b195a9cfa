"""Handles: names that people go by on a platform. Patterns see folded text (see pii.py)."""

import re
from collections.abc import Iterator

from transforms.clean.edits import Found

_MENTION = re.compile(
    r"(?<![A-Za-z0-9_@\u00c0-\u052f])@"
    r"(?!\d+(?::\d\d)?[ ]?(?:am|pm|h|hrs?|%|x|k|usd|eur)?(?![\w]))"  # @5pm is a time
    r"\w(?:[\w.-]{0,62}\w)?(?:@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})?",
    re.IGNORECASE,
)
_REDDIT = re.compile(r"(?<![\w./])(?:/?u|/user)/[\w-]{2,30}(?![\w-])", re.IGNORECASE)
_DISCORD = re.compile(r"(?<![\w#@])[\w.]{2,32}#\d{4}(?!\w)")
_NUMBERED = re.compile(
    r"(?:issues?|prs?|pulls?|bugs?|tickets?|orders?|cases?|items?|invoices?|rooms?|gates?|apt"
    r"|units?"
    r"|suite|refs?|no|number|ep|episodes?|parts?|chapters?|posts?|comments?|threads?|routes?"
    r"|highway"
    r"|bus|flights?|lockers?|lot|box|day|page|year|model|mr|gh|jira|task|story|card|area|zone"
    r"|channel"
    r"|c|tag|color|colour|hex|line|figure|table|version|[\d.]+)#\d{4}",
    re.IGNORECASE,
)
_PLATFORM = (
    r"discord|snap(?:chat)?|insta(?:gram)?|ig|kik|telegram|twitter|tik ?tok|skype|steam|psn"
    r"|xbox(?: live)?|gamer ?tag|bumble|line id|we ?chat|weixin|whats ?app|venmo|cash ?app"
    r"|only ?fans"
    r"|twitch|you ?tube|face ?book|fb|mastodon|bluesky|threads|tumblr|signal|paypal|battle ?net"
    r"|epic(?: games)?|nintendo|friend code"
)
_KIND = r"id|name|user|user ?name|handle|tag|account|profile|nick(?:name)?|screen ?name"
_NAMES_ONE = ("username", "user name", "handle", "tag", "id", "nick", "nickname", "screen name")
# What stands before one of _LINKS in every match of _KEYED: a cheap test before it.
_LINKS = (":", "=", " is ", " - ")
_ENDS = (
    "discord", "snap", "chat", "insta", "gram", "ig", "kik", "twitter", "tok", "skype",
    "steam", "psn", "xbox", "live", "tag", "bumble", "id", "weixin", "app", "venmo", "fans",
    "twitch", "tube", "book", "fb", "mastodon", "bluesky", "threads", "tumblr", "signal",
    "paypal", "net", "epic", "games", "nintendo", "code", "name", "user", "handle", "account",
    "profile", "nick",
)  # fmt: skip
_KEYED = re.compile(
    rf"(?<![\w@./])(?:(?P<platform>{_PLATFORM})|(?:my|his|her|their|the) (?:{_KIND})|user ?name"
    rf"|screen ?name)(?: (?P<kind>{_KIND}))?(?P<link> ?[:=] ?| is | - )[ ]?[\"'(]?"
    r"(?P<handle>@?[A-Za-z0-9_][\w.-]{1,40}\w(?:#\d{4})?)"
    r"(?P<end>(?=[ ]*(?:$|[\n,;|/)!?\"'(]|\.(?:\s|$)|(?:and|or)\b)))?",
    re.IGNORECASE | re.MULTILINE,
)
_ODD = re.compile(r"[\d_@#]|\w\.\w")
_VERY_ODD = re.compile(r"[_@#]|[A-Za-z]{3}\w*\d|\w{2}\.\w{2}")


def handles(text: str, lower: str) -> Iterator[Found]:
    """@name, @name@host, u/name, name#1234, and names told after a platform (`snap: joe_c`).

    `lower` is the text in lower case.
    """
    sign = text.find("@")
    if sign >= 0:
        for match in _MENTION.finditer(text, sign):
            yield "user", match.start(), match.end()
    if "u/" in lower or "/user/" in lower:
        for match in _REDDIT.finditer(text):
            yield "user", match.start(), match.end()
    if "#" in text:
        for match in _DISCORD.finditer(text):
            if not _NUMBERED.fullmatch(match.group()):
                yield "user", match.start(), match.end()
    if _linked(lower):
        for match in _KEYED.finditer(text):
            if _is_told(match):
                yield "user", match.start("handle"), match.end("handle")


def _linked(lower: str) -> bool:
    for link in _LINKS:
        at = lower.find(link)
        while at >= 0:
            if lower.endswith(_ENDS, 0, at - (lower[at - 1 : at] == " ")):
                return True
            at = lower.find(link, at + 1)
    return False


def _is_told(match: re.Match[str]) -> bool:
    """Whether the word is a handle: in `IG: joe_c` it is, in `Instagram: the worst` it is not."""
    handle, link = match.group("handle"), match.group("link").strip()
    if handle.replace(".", "").replace("-", "").isdigit():
        return False
    ends = match.group("end") is not None
    if link == "-":
        return ends and _VERY_ODD.search(handle) is not None
    if link == "is" or not match.group("platform"):
        odd = _VERY_ODD.search(handle) is not None
        return odd or (ends and (match.group("kind") or "").lower() in _NAMES_ONE)
    return ends or _ODD.search(handle) is not None
