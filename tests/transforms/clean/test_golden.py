"""A table worked by hand: raw text, domain, clean text, reason, PII as pieces of the raw text."""

import polars as pl
import pytest

from schemas.config.clean import CleanConfig
from tests.transforms.clean.rows import records
from transforms.clean import clean

Row = tuple[str, str, str | None, str | None, list[tuple[str, str]]]

TABLE: list[Row] = [
    ("social", "Plain words stay as they are.", "Plain words stay as they are.", None, []),
    ("social", "  two  spaces\tand a tab ", "two spaces and a tab", None, []),
    ("social", "one\n\n\n\n two\r\nthree", "one\n\ntwo\nthree", None, []),
    ("social", "salt &amp; vinegar &lt;3", "salt & vinegar <3", None, []),
    ("social", "double &amp;amp; coded &amp;lt;b&amp;gt;bold&amp;lt;/b&amp;gt;",
     "double & coded bold", None, []),
    ("social", "I donâ€™t know, cafÃ© ðŸ˜‚", "I don’t know, café 😂", None, []),
    ("social", "nai\u0308ve and cafe\u0301", "naïve and café", None, []),
    ("social", "gho\u200bst wo\u00adrds\ufeff \x00here", "ghost words here", None, []),
    ("social", "👩\u200d💻 👍🏽 ❤\ufe0f 🇩🇪 stay", "👩\u200d💻 👍🏽 ❤\ufe0f 🇩🇪 stay", None, []),
    ("social", "می\u200cخواهم", "می\u200cخواهم", None, []),
    ("social", "AMANHÃ não é São João", "AMANHÃ não é São João", None, []),
    ("social", "soooo GOOD!!! :'( >:( </3 >_< [NAME] /s",
     "soooo GOOD!!! :'( >:( </3 >_< [NAME] /s", None, []),
    ("social", "f**k it, 5*3*2, ¯\\_(ツ)_/¯", "f**k it, 5*3*2, ¯\\_(ツ)_/¯", None, []),
    ("social", "🥲", "🥲", None, []),
    ("social", "<p>Hi <b>you</b><br>there</p> x < y <UNSURE>", "Hi you\nthere\nx < y <UNSURE>",
     None, []),
    ("social", '<img src="https://x.example/a.png" alt="the &quot;last&quot; box">So <b>glad</b>',
     "So glad", None, []),
    ("social", "# Title\n\n**bold** and *it* and ~~gone~~ `code`",
     "Title\n\nbold and it and gone code", None, []),
    ("social", "> their words\n\nmy words", "my words", None, []),
    ("social", "> only theirs", "only theirs", None, []),
    ("podcast", "> read out\nand answered \\[04:06\\] \\[laughs\\]",
     "read out\nand answered [04:06] [laughs]", None, []),
    ("clinical", "2 * 3, *sighs* and __ 10/10 pain", "2 * 3, *sighs* and __ 10/10 pain", None, []),
    ("social", "see [this](https://x.example/a_(b)) now", "see this [URL] now", None,
     [("url", "https://x.example/a_(b)")]),
    ("social", "<a href='https://x.example/joe'>me</a>!", "[URL] me!", None,
     [("url", "https://x.example/joe")]),
    ("social", "thanks @joe_b and /u/ann-c, #soHappy", "thanks [USER] and [USER], #soHappy",
     None, [("user", "@joe_b"), ("user", "/u/ann-c")]),
    ("social", "discord: joe#1234, issue#1234", "discord: [USER], issue#1234", None,
     [("user", "joe#1234")]),
    ("social", "www.example.net/x.", "[URL].", None, [("url", "www.example.net/x")]),
    ("clinical", "write to joe.b+x@mail.example.co.uk, ok?", "write to [EMAIL], ok?", None,
     [("email", "joe.b+x@mail.example.co.uk")]),
    ("social", "joe&#64;example.com", "[EMAIL]", "no_text", [("email", "joe&#64;example.com")]),
    ("podcast", "it's joe at example dot com", "it's [EMAIL]", None,
     [("email", "joe at example dot com")]),
    ("clinical", "Tel (555) 010-4477 or 07700 900123", "Tel [PHONE] or [PHONE]", None,
     [("phone", "(555) 010-4477"), ("phone", "07700 900123")]),
    ("social", "on 2026-03-02 at 10:30, £1,200, order 5551234567",
     "on 2026-03-02 at 10:30, £1,200, order [ID]", None, [("id", "5551234567")]),
    ("clinical", "on 2026-03-02 at 10:30, £1,200, order 5551234567",
     "on [DATE] at 10:30, £1,200, order [ID]", None, [("date", "2026-03-02"), ("id", "5551234567")]),
    ("clinical", "Mrs. O'Brien, 93, born March 3, 1932, lives at 12 Elm Street, Dayton, OH 45402",
     "Mrs. [NAME], 93, born [DATE], lives at [ADDRESS]", None,
     [("name", "O'Brien"), ("date", "March 3, 1932"),
      ("address", "12 Elm Street, Dayton, OH 45402")]),
    ("clinical", "a 93 year old from Dayton, Ohio, seen in May 2021, MRN: 00412-7",
     "a [AGE] year old from [ADDRESS], Ohio, seen in [DATE], MRN: [ID]", None,
     [("age", "93"), ("address", "Dayton"), ("date", "May 2021"), ("id", "00412-7")]),
    ("clinical", "seen 3/4/2024-3/9/2024, in MARCH, dec 4, 4/Mar/2024, March 4-6; I'm 91, 93F",
     "seen [DATE]-[DATE], in [DATE], [DATE], [DATE], [DATE]; I'm [AGE], [AGE]F", None,
     [("date", "3/4/2024"), ("date", "3/9/2024"), ("date", "MARCH"), ("date", "dec 4"), ("date", "4/Mar/2024"),
      ("date", "March 4-6"), ("age", "91"), ("age", "93")]),
    ("clinical", "at 42 Wobbleton Street, Apt 3, Springfield, IL 62704, card 4539 1488-0343-6467",
     "at [ADDRESS], card [CARD]", None,
     [("address", "42 Wobbleton Street, Apt 3, Springfield, IL 62704"), ("card", "4539 1488-0343-6467")]),
    ("social", "Nurse Connolly met Professor Harding; the Doctor Recommended rest",
     "Nurse [NAME] met Professor [NAME]; the Doctor Recommended rest", None,
     [("name", "Connolly"), ("name", "Harding")]),
    ("podcast", "a 93 year old from Dayton, Ohio, seen in May 2021",
     "a 93 year old from Dayton, Ohio, seen in May 2021", None, []),
    ("social", "My name is Jo Larsen, I met Dr. Rao &amp; Mr Green in 2019",
     "My name is [NAME], I met Dr. [NAME] & Mr [NAME] in 2019", None,
     [("name", "Jo Larsen"), ("name", "Rao"), ("name", "Green")]),
    ("social", "send it to P.O. Box 1184, my zip code is 45402, card ending in 4477",
     "send it to [ADDRESS], my zip code is [ZIP], card ending in [CARD]", None,
     [("address", "P.O. Box 1184"), ("zip", "45402"), ("card", "4477")]),
    ("social", "10.0.0.7 runs version 1.2.3.4 on 2001:db8::8a2e",
     "[IP] runs version 1.2.3.4 on [IP]", None, [("ip", "10.0.0.7"), ("ip", "2001:db8::8a2e")]),
    ("clinical", "card 4111 1111 1111 1111, not 4111 1111 1111 1112",
     "card [CARD], not 4111 1111 1111 1112", None, [("card", "4111 1111 1111 1111")]),
    ("clinical", "SSN 123-45-6789, not 000-12-3456", "SSN [SSN], not 000-12-3456", None,
     [("ssn", "123-45-6789")]),
    ("social", "pay DE89 3704 0044 0532 0130 00 please", "pay [IBAN] please", None,
     [("iban", "DE89 3704 0044 0532 0130 00")]),
    ("social", "jo\u200be@example.com &amp; ５５５-１２３-４５６７", "[EMAIL] & [PHONE]", None,
     [("email", "jo\u200be@example.com"), ("phone", "５５５-１２３-４５６７")]),
    ("social", "[removed]", None, "removed", []),
    ("social", "[ Removed by Reddit ]", None, "removed", []),
    ("social", " \u200b\n", None, "empty", []), ("social", "k", "k", "too_short", []),
    ("social", "https://example.com/joe", "[URL]", "no_text", [("url", "https://example.com/joe")]),
    ("social", "Nice. ^(I am a bot, and this action was performed automatically.)",
     "Nice. I am a bot, and this action was performed automatically.", "bot", []),
    ("social", "Your submission has been automatically removed, mail a@b.example",
     "Your submission has been automatically removed, mail [EMAIL]", "boilerplate",
     [("email", "a@b.example")]),
    ("podcast", "k", "k", None, []),
]  # fmt: skip


@pytest.mark.parametrize(("domain", "raw", "text", "reason", "pii"), TABLE)
def test_row(
    domain: str, raw: str, text: str | None, reason: str | None, pii: list[tuple[str, str]]
) -> None:
    row = clean(records([raw], domain), CleanConfig()).row(0, named=True)
    assert row["text_clean"] == text
    assert row["reason"] == reason
    assert row["outcome"] == ("dropped" if reason else "kept")
    assert [(span["kind"], raw[span["start"] : span["end"]]) for span in row["pii"]] == pii


def test_the_table_in_one_batch() -> None:
    alone = [clean(records([raw], domain), CleanConfig()) for domain, raw, *_ in TABLE]
    together = clean(
        records([raw for _, raw, *_ in TABLE], domain=[domain for domain, *_ in TABLE]),
        CleanConfig(),
    )
    drop = ["record_id", "sample_key"]
    assert together.drop(drop).equals(pl.concat(alone).drop(drop))
