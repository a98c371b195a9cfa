"""Declared, detected or unknown."""

import pytest

from schemas.config.clean import CleanConfig
from tests.transforms.clean.rows import records
from transforms.clean import clean
from transforms.clean.language import detect, normalized


@pytest.mark.parametrize(
    ("declared", "tag"),
    [
        ("en", "en"), ("EN_us", "en-US"), ("eng", "en"), ("deu", "de"),
        ("zh-hant-tw", "zh-Hant-TW"), ("iw", "he"), ("pt-br", "pt-BR"), ("hau", "ha"),
        ("pcm", "pcm"), ("es-419", "es-419"), ("und", None), ("", None), ("English", None),
        ("en us", None), ("x", None),
    ],
)  # fmt: skip
def test_declared_languages_become_bcp_47(declared: str, tag: str | None) -> None:
    assert normalized(declared) == tag


def test_declared_wins_then_detected_then_unknown() -> None:
    texts = [
        "This is plainly an English sentence, is it not?",
        "This is plainly an English sentence, is it not?",
        "Too short :)",
        "今天天气很好我们一起去公园散步吧朋友们大家快来",
        "https://example.com/this-is-a-long-link-in-english @someone_english",
        "This is plainly an English sentence, is it not?",
    ]
    table = clean(records(texts, lang=["de", None, None, None, None, "und"]), CleanConfig())
    assert table["lang"].to_list() == ["de", "en", None, "zh", None, "en"]
    assert table["lang_source"].to_list() == [
        "declared",
        "detected",
        "unknown",
        "detected",
        "unknown",
        "detected",
    ]
    assert table["lang_confidence"].is_null().to_list() == [True, False, True, False, True, False]
    sure = table["lang_confidence"].drop_nulls()
    assert sure.is_between(0, 1).all()
    assert sure[0] >= 0.8


def test_detection_can_be_off() -> None:
    table = clean(
        records(["This is plainly an English sentence."]), CleanConfig(detect_language=False)
    )
    assert table["lang_source"].to_list() == ["unknown"]


@pytest.mark.parametrize(
    "text", ["\x00 nul", "\x7f del", "\x0b tab", "\ufffe what", "", "😂" * 50, "\ud800"]
)
def test_what_the_detector_refuses_is_unknown(text: str) -> None:
    assert detect(text)[1] is None or 0 <= (detect(text)[1] or 0) <= 1
