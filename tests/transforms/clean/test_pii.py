"""Recall and precision by kind, on generated texts with known PII and look-alikes."""

import random
from collections import Counter

import pytest

from schemas.config.clean import CleanConfig
from tests.transforms.clean.planted import KINDS, planted
from tests.transforms.clean.rows import records
from transforms.clean import clean
from transforms.clean.pii import PLACEHOLDERS, find_pii
from transforms.clean.pii_numbers import luhn


@pytest.mark.parametrize("domain", ["social", "podcast", "clinical"])
def test_recall_and_precision(domain: str) -> None:
    rng = random.Random(20260302)
    made = [planted(rng) for _ in range(12_000)]
    # Dates are look-alikes of numbers here; Safe Harbor takes them (see test_worded.py).
    config = CleanConfig.model_validate({"clinical": {"identifiers": "standard"}})
    table = clean(records([text for text, _ in made], domain), config)
    hit, missed, wrong = Counter[str](), Counter[str](), Counter[str]()
    for (_, planned), spans in zip(made, table["pii"].to_list(), strict=True):
        found = {(span["kind"], span["start"], span["end"]) for span in spans}
        hit.update(kind for kind, *_ in found & set(planned))
        missed.update(kind for kind, *_ in set(planned) - found)
        wrong.update(kind for kind, *_ in found - set(planned))
    for kind in KINDS:
        recall = hit[kind] / (hit[kind] + missed[kind])
        precision = hit[kind] / (hit[kind] + wrong[kind])
        assert recall >= 0.99, f"{kind}: recall {recall:.4f}"
        assert precision >= 0.95, f"{kind}: precision {precision:.4f}"


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02", "02.03.2026 14:30", "3/2/26", "[04:06]", "[01:08:07.02]", "10/10", "24/7/365",
        "$5551234567.00", "€ 1.234.567,89", "1 234 567 890", "1,234,567,890",
        "ISBN 978-3-16-148410-0", "isbn 0306406152", "timestamp 1700000000", "1990-2020", "pages 200-1000",
        "500-1000 people", "version 1.2.3.4", "v1.2.3.4", "firmware 10.0.0.7", "section 2.3.4.5",
        "999.1.2.300", "1.2.3.4.5", "12:30:45", "std::vector", "a::b", "::1", "078-00-1120",
        "666-45-6789", "900-45-6789", "123-45-0000", "4111 1111 1111 1112", "0000 0000 0000 0000",
        "1 2 3 4 5 6 7 8 9 10", "10 9 8 7 6 5 4 3 2 1", "he/she", "and/or", "asp.net",
        "end.So it was", "ok...com", "u/s", "r/aww", "issue#1234", "@5pm", "meet @ 5",
        "my discord is broken", "Instagram: the worst app", "look at amazon dot com",
        "polka dot com", "a @ b", "BP 120/80", "GPA 3.14159265", "Reason number 1523648856",
        "lat 52.520008, 13.404954",
    ],
)  # fmt: skip
def test_look_alikes(text: str) -> None:
    assert find_pii(text) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("joe@localhost.localdomain", "email"), ("josé@example.com", "email"),
        ("joe AT example DOT com", "email"), ("joe@gmail", "email"),
        ("joe @ example . com", "email"), ("joe_c [at] example.com", "email"),
        ("joe.smith at gmail.com", "email"), ("mailto:joe@example.com", "email"),
        ("+1 (212) 555-0123", "phone"), ("212 . 555 . 0123", "phone"),
        ("call 5 5 5 - 1 2 3 - 4 5 6 7", "phone"), ("my number is 5550123", "phone"),
        ("+4915112345678", "phone"), ("0049 151 12345678", "phone"), ("06 12 34 56 78", "phone"),
        ("tel:+15550100", "phone"), ("555-123-4567 ext. 22", "phone"), ("电话13812345678", "phone"),
        ("127.0.0.1:8080", "ip"), ("10.0.0.0/8", "ip"), ("fe80::1ff:fe23:4567:890a%eth0", "ip"),
        ("SSN is 123456789", "ssn"), ("123–45–6789", "ssn"), ("4111-1111-1111-1111", "card"),
        ("378282246310005", "card"), ("GB82 WEST 1234 5698 7654 32", "iban"),
        ("@joe@mastodon.example", "user"), ("snap: joe_c", "user"), ("IG: joecool", "user"),
        ("my username is joe_c99", "user"), ("U/joe_c", "user"),
        ("https://example.com/?q=joe@example.com", "url"), ("example.com/joe", "url"),
        ("ftp://x.example/a", "url"), ("youtu.be/abc", "url"), ("JOE.COM", "url"),
    ],
)  # fmt: skip
def test_forms(text: str, kind: str) -> None:
    assert kind in [name for name, *_ in find_pii(text)]


def test_the_longest_of_overlapping_ones_wins() -> None:
    text = "see https://medium.example/@joe/mail@example.com now"
    assert find_pii(text) == [("url", 4, len(text) - 4)]


def test_names_told_by_the_reader() -> None:
    table = clean(
        records(
            ["Thanks, Leonie! MARA VOSS and mark it.", "Mark Voss and Leonie"],
            "clinical",
            pii_hints=[["Leonie Mark", "Mara Voss"], None],
        ),
        CleanConfig(),
    )
    assert table["text_clean"].to_list() == [
        "Thanks, [NAME]! [NAME] and mark it.",
        "Mark Voss and Leonie",
    ]
    assert [span["kind"] for span in table["pii"][0]] == ["name", "name"]


def test_a_role_in_the_place_of_a_name_is_no_name() -> None:
    batch = records(["the host and T went"], "podcast", pii_hints=[["Host", "T", " ", None]])
    assert clean(batch, CleanConfig())["text_clean"].item() == "the host and T went"


def test_every_kind_has_a_placeholder_that_is_no_pii() -> None:
    assert find_pii(" ".join(PLACEHOLDERS.values())) == []
    assert luhn("79927398713")
    assert not luhn("79927398714")
