"""Long hostile rows cost time in proportion to their length."""

import time

import pytest

from schemas.config.clean import ClinicalPolicy, SocialPolicy
from transforms.clean.tidy import Tidier

pytestmark = pytest.mark.slow


UNITS = [
    "@", "@a", "a@", "a@a.", "1", "1 ", "1-", "1.", "1.2.3.", "4 ", "4111 ", "4111111111111111 ",
    "555-123-4567 ", "+1 ", "call 1 ", "SSN 1", "DE89", "GB82 WEST ", "2001:db8:", "::", "a:", "(",
    "[", "](", "[a](", "[x](http://a", "*a ", "**a", "_a", "`a", "~~a", "\\", "\\*", "&amp;",
    "&amp;amp;", "&#38;", "&lt;", "<", "<a ", "<b>", "<!--", "<script>", "<a href='http://x'>",
    "> a\n", ">!", "^(a", "\n", "- ", "# ", "```\n", "a.b/", "http://a.b ", "www.", "u/a ", "#a",
    "a#1234", "joe at a dot ", "a (at) b", "-.", "(at)-.", "e\u0301", "Ã©", "\u200d", "👩\u200d",
    "discord: ", "my name is ", "a", "A.", ".com", "\x00", "x ",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_time_is_linear(unit: str) -> None:
    tidier = Tidier(SocialPolicy(urls="remove", hashtags="word"))
    short, long = (_seconds(tidier, unit, length) for length in (20_000, 160_000))
    # Eight times the text: a quadratic step would take sixty-four times as long.
    assert long < max(24 * short, 1.0)


WORDED = [
    "12 main ", "12 main street ", "1 A ", "A1-", "A1-A1_", "Dr. ", "Dr A. ", "account number ", "id: ", "van ",
    "account number a ", "in March ", "born , ", "1/", "lives in Ab-", "zip: ", "ssn is ", "card ending in ",
    "hi i'm ", "this is A ", "May 1 ", "first of ", "twenty ", "90 ", "PO box ", "d'", "Apt 1 ", "Will ", "J. ",
    "one hundred and ", "12 Elm St, Ab Ab Ab ",
]  # fmt: skip


@pytest.mark.parametrize("unit", WORDED)
def test_time_is_linear_under_safe_harbor(unit: str) -> None:
    tidier = Tidier(ClinicalPolicy())
    short, long = (_seconds(tidier, unit, length) for length in (20_000, 160_000))
    assert long < max(24 * short, 1.0)


def test_a_long_row_of_everything() -> None:
    assert _seconds(Tidier(SocialPolicy()), "4111111111111111 @joe 555-123-4567 ", 300_000) < 10


def _seconds(tidier: Tidier, unit: str, length: int) -> float:
    row = (unit * (length // len(unit) + 1))[:length]
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        tidier.tidy(row, ("Will Bamberg", "Jo O'Brien"))
        best = min(best, time.process_time() - start)
    return best
