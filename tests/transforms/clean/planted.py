"""A generated set of texts with PII at known places, and of look-alikes that are none."""

import random
from collections.abc import Callable

Span = tuple[str, int, int]

FIRST = [
    "maria",
    "joe",
    "li",
    "anna",
    "tom",
    "fatima",
    "olu",
    "sven",
    "priya",
    "jose",
    "kim",
    "noor",
    "ivan",
    "chloe",
    "amadou",
    "yuki",
]
LAST = [
    "smith",
    "garcia",
    "chen",
    "novak",
    "okafor",
    "larsen",
    "rao",
    "silva",
    "brown",
    "haddad",
    "petrov",
    "dubois",
    "tanaka",
]
HOSTS = [
    "example.com",
    "example.org",
    "mail.example.net",
    "gmail.com",
    "proton.me",
    "uni-beispiel.de",
    "corp.example.co.uk",
]

CARRIERS = [
    "{}", "my details: {}", "you can find me here {} if you like", "{} is mine, please delete it",
    "lol so {} happened", "I'm so angry!!! {} again???", "So ({}) it is.",
    "first line\n{}\nlast line", "He said \"{}\" and left :(", "thanks, {}, that means a lot <3",
    "{} 😂😂", "ok... {}.", "Das ist {}, danke.", "c'est {} voilà", "[NAME] gave me {} yesterday",
    "edit: {}; sorry", "sooooo {}!", "- {}", "why {}?", "它是 {} 谢谢",
]  # fmt: skip
CALLS = [
    "call me at {}",
    "my number is {}",
    "text {} tonight please",
    "Tel: {}",
    "phone {} or not",
    "whatsapp {}!",
]


def _handle(rng: random.Random) -> str:
    first, last = rng.choice(FIRST), rng.choice(LAST)
    return rng.choice(
        [
            f"{first}_{last}",
            f"{first}{last}{rng.randint(1, 99)}",
            f"{first}.{last}",
            f"the_real_{first}",
        ]
    )


def email(rng: random.Random) -> str:
    local, host = (
        _handle(rng).replace("the_", "") + rng.choice(["", "+news", "-x1"]),
        rng.choice(HOSTS),
    )
    plain = f"{local}@{host}"
    spelled = host.replace(".", " dot ")
    return rng.choice(
        [
            plain, plain, plain, plain.upper(), f"{local} (at) {host}",
            f"{local} [at] {host.replace('.', ' [dot] ')}", f"{local} at {spelled}",
            plain.replace("@", "\u200b@"), plain.replace("@", "&#64;"), f"mailto:{plain}",
            plain.translate({code: code + 0xFEE0 for code in range(33, 127)}),
        ]
    )  # fmt: skip


def phone(rng: random.Random) -> str:
    area, middle, line = rng.randint(201, 989), rng.randint(200, 999), rng.randint(0, 9999)
    north = [
        f"{area}-{middle}-{line:04}", f"({area}) {middle}-{line:04}", f"{area}.{middle}.{line:04}",
        f"+1 {area} {middle} {line:04}", f"1-{area}-{middle}-{line:04}",
        f"+1{area}{middle}{line:04}", f"({area}){middle}-{line:04}", f"{area}–{middle}–{line:04}",
    ]  # fmt: skip
    world = [
        f"+44 20 79{rng.randint(10, 99)} {line:04}",
        f"07{rng.randint(400, 999)} {rng.randint(100000, 999999)}",
        f"+49 30 {rng.randint(100000, 9999999)}",
        f"0{rng.randint(151, 179)}-{rng.randint(1000000, 9999999)}",
        "06" + "".join(f" {rng.randint(10, 99)}" for _ in range(4)),
        f"+91 9{rng.randint(1000, 9999)} {rng.randint(10000, 99999)}",
        f"+86 138 {rng.randint(1000, 9999)} {line:04}",
        f"+55 11 9{rng.randint(1000, 9999)}-{line:04}", f"00 33 6 12 {rng.randint(10, 99)} 56 78",
    ]  # fmt: skip
    return rng.choice(north + world)


def spoken_phone(rng: random.Random) -> str:
    digits = f"{rng.randint(201, 989)}{rng.randint(2000000, 9999999)}"
    return rng.choice(
        [
            digits,
            f"{digits[:3]}-{digits[3:7]}",
            " ".join(digits),
            f"{digits[:3]} {digits[3:6]} {digits[6:]}",
        ]
    )


def ip(rng: random.Random) -> str:
    four = ".".join(str(rng.randint(1, 254)) for _ in range(4))
    groups = [f"{rng.randint(0x1000, 0xFFFF):x}" for _ in range(6)]
    return rng.choice(
        [
            four,
            four,
            f"{four}:8080",
            f"2001:db8:{':'.join(groups)}",
            f"2a02:{groups[0]}::{groups[1]}",
        ]
    )


def card(rng: random.Random) -> str:
    prefix, length = rng.choice(
        [("4", 16), ("51", 16), ("55", 16), ("37", 15), ("6011", 16), ("2221", 16), ("36", 14)]
    )
    body = prefix + "".join(str(rng.randint(0, 9)) for _ in range(length - len(prefix) - 1))
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    digits = body + str(-total % 10)
    if length == 16:
        mark = rng.choice(["", " ", "-"])
        return mark.join(digits[at : at + 4] for at in range(0, 16, 4))
    return rng.choice([digits, f"{digits[:4]} {digits[4:10]} {digits[10:]}"])


def ssn(rng: random.Random) -> str:
    area = rng.choice((rng.randint(1, 665), rng.randint(667, 899)))
    mark = rng.choice(["-", "-", " "])
    return f"{area:03}{mark}{rng.randint(1, 99):02}{mark}{rng.randint(1, 9999):04}"


def iban(rng: random.Random) -> str:
    account = "".join(str(rng.randint(0, 9)) for _ in range(18))
    check = 98 - int(account + "131400") % 97
    whole = f"DE{check:02}{account}"
    return rng.choice([whole, " ".join(whole[at : at + 4] for at in range(0, 22, 4))])


def user(rng: random.Random) -> str:
    name = _handle(rng)
    return rng.choice(
        [
            f"@{name}",
            f"u/{name.replace('.', '_')}",
            f"/u/{name.replace('.', '-')}",
            f"{name}#{rng.randint(1000, 9999)}",
            f"@{name}@social.example",
        ]
    )


def url(rng: random.Random) -> str:
    name = _handle(rng)
    return rng.choice(
        [
            f"https://example.com/{name}",
            f"http://www.example.org/a?user={name}&mail={name}@example.com",
            f"www.example.net/{name}", f"example.com/{name}#top", f"t.me/{name}",
            f"https://medium.example/@{name}/post-1_(final)", f"bit.ly/{name.replace('.', '')}",
            f"{name.replace('_', '-').replace('.', '')}.com",
        ]
    )  # fmt: skip


KINDS: dict[str, Callable[[random.Random], str]] = {
    "email": email, "phone": phone, "ip": ip, "card": card, "ssn": ssn, "iban": iban,
    "user": user, "url": url,
}  # fmt: skip


def nothing(rng: random.Random) -> str:
    """What looks like PII and is none."""
    n = rng.randint
    return rng.choice(
        [
            f"{n(1990, 2029)}-{n(1, 12):02}-{n(1, 28):02}",
            f"{n(1, 28)}.{n(1, 12)}.{n(1980, 2029)}", f"{n(1, 12)}/{n(1, 28)}/{n(10, 29)}",
            f"{n(1, 12)}:{n(0, 59):02}:{n(0, 59):02}", f"[{n(0, 59):02}:{n(0, 59):02}]",
            f"${n(1, 999)},{n(100, 999)},{n(100, 999)}.99", "10/10",
            f"version {n(1, 20)}.{n(0, 20)}.{n(0, 9)}.{n(0, 9)}",
            f"v{n(1, 9)}.{n(0, 9)}.{n(0, 9)}.{n(0, 9)}", f"sum {n(10**9, 10**10)}",
            "ISBN 978-3-16-148410-0", f"{n(1900, 1980)}-{n(1981, 2029)}",
            f"{n(100, 500)}-{n(1000, 9000)} people", f"track #{n(10**9, 10**10)}",
            f"{n(1, 9)} {n(100, 999)} {n(100, 999)} views", f"{n(10**17, 10**18)}",
            f"3.14159265{n(10, 99)}", "look at amazon dot com", "r/aww", f"issue#{n(1000, 9999)}",
            f"#{n(1, 9)} fan", "he is at work. So am I", "std::vector<int>", "asp.net",
            "yes/no/maybe", "and/or", "24/7/365", f"meet @ {n(1, 9)}pm", "f(x) = a:b",
            f"{n(1, 9)}-{n(0, 9)} and {n(1, 9)}-{n(0, 9)}", f"1 2 3 4 5 6 7 8 9 {n(10, 12)}",
            "000-12-3456", "666-12-3456", f"9{n(10, 99)}-12-3456", f"1{n(10**9, 7 * 10**9)}"[:10],
            "my insta is broken", "discord is down", f"{n(256, 999)}.1.2.3", "$TSLA", "a@b",
            "C++::x", f"{n(1, 9)}.{n(0, 9)}.{n(0, 9)}", "http is a protocol", "e.g.this",
            f"{n(10, 99)}°{n(10, 59)}'{n(10, 59)}", f"{n(1, 31)} May {n(1990, 2026)}",
        ]
    )  # fmt: skip


def planted(rng: random.Random) -> tuple[str, list[Span]]:
    """A text, and the PII in it."""
    roll = rng.random()
    if roll < 0.3:
        return rng.choice(CARRIERS).format(nothing(rng)), []
    if roll < 0.36:
        carrier, kind, value = rng.choice(CALLS), "phone", spoken_phone(rng)
    else:
        kind = rng.choice(list(KINDS))
        carrier, value = rng.choice(CARRIERS), KINDS[kind](rng)
    start = carrier.index("{}")
    return carrier.replace("{}", value), [(kind, start, start + len(value))]
