"""Screen, JSON and page of one evaluation."""

import io
import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import polars as pl
import pytest
from rich.console import Console

from jobs.evaluate import evaluate
from jobs.evaluation.output import check_output, show
from jobs.evaluation.page import render_page
from jobs.evaluation.picture import reliability_svg
from jobs.evaluation.screen import print_evaluation
from schemas.errors import ConfigError, GateError
from schemas.taxonomy import Taxonomy
from tests.jobs.evaluation.made import EMOTION, PLAIN, Told, protocol, random_labels
from transforms.evaluate.limits import parse_limit

EVIL = "<script>alert(1)</script>"
QUIET = "\x1b[31mred\u202e"


def result(**kwargs):
    gold, labeler, *_ = random_labels(120, PLAIN)
    _, other, *_ = random_labels(120, PLAIN, seed=3)
    return evaluate(gold, labeler, EMOTION, PLAIN, against=other, resamples=50, **kwargs)


def screen(content, width=100) -> str:
    console = Console(width=width, file=io.StringIO(), record=True)
    print_evaluation(content, console)
    return console.export_text()


class Tags(HTMLParser):
    """Names of tags, and whether what is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.seen, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in ("meta", "line", "circle", "polyline"):
            self.open.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)

    def handle_endtag(self, tag):
        if tag not in ("line", "circle", "polyline"):
            assert self.open.pop() == tag


def test_the_screen_fits_a_hundred_columns_and_tells_the_figures():
    content = result(by=["length"]).to_json()
    text = screen(content)
    assert max(map(len, text.splitlines())) <= 100
    low, high = content["intervals"]["macro_f1"]
    assert f"{content['macro_f1']:.3f} [{low:.3f}, {high:.3f}]" in text
    assert "95% intervals" in text
    assert "coverage 90.0%" in text
    assert "because 12" in text


def test_the_page_tells_the_same_and_is_made_again_the_same():
    content = result(by=["length"]).to_json()
    made = datetime(2026, 3, 2, tzinfo=UTC)
    page = render_page(content, made_at=made)
    assert page == render_page(content, made_at=made)
    numbers = set(re.findall(r"\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]", screen(content)))
    assert len(numbers) > 5
    assert all(each in page for each in numbers)
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|@import|url\(", page)
    tags = Tags(page)
    assert tags.open == []
    assert "script" not in tags.seen
    assert tags.seen.count("circle") == sum(1 for b in content["calibration"]["bins"] if b["n"])


def test_names_from_outside_stay_text():
    evil = Taxonomy.model_validate(
        {"name": "evil", "version": EVIL, "labels": [{"name": EVIL}, {"name": QUIET}]}
    )
    gold = pl.DataFrame(
        {"text": ["a"] * 30, "labels": [[EVIL]] * 15 + [[QUIET]] * 15, "lang": [EVIL] * 30}
    )
    told = Told(
        protocol(["rejected"] * 2 + ["labeled"] * 28, [None] * 2 + [[EVIL]] * 28), name=EVIL
    )
    found = evaluate(gold, told, EMOTION, evil, against=told, by=["lang"], resamples=20)
    content = {"gold": EVIL} | found.to_json()
    page = render_page(content)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\x1b" not in page
    assert "script" not in Tags(page).seen
    text = screen(content)
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_picture_has_a_dot_where_the_bin_is():
    bins = [
        {"low": 0.2, "high": 0.3, "n": 4, "mean_probability": 0.25, "share_true": 0.5},
        {"low": 0.3, "high": 0.4, "n": 0, "mean_probability": {"undefined": "x"}, "share_true": {}},
    ]
    svg = reliability_svg(bins)
    # 44 left and 12 above of a square of 260
    assert f'cx="{44 + 260 * 0.25:.1f}" cy="{12 + 260 * 0.5:.1f}"' in svg
    assert svg.count("<circle") == 1
    assert 'role="img"' in svg


def test_json_page_and_limits(tmp_path, capsys):
    found = result()
    page = tmp_path / "page.html"
    keep = [parse_limit("macro_f1=0.1", "min"), parse_limit("ece:upper=.9", "max")]
    assert show(found, "gold.csv", page=page, limits=keep, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["gold"] == "gold.csv"
    assert told["macro_f1"] == found.to_json()["macro_f1"]
    assert page.read_text().startswith("<!doctype html>")
    broken = [parse_limit("f1.joy:lower=.99", "min")]
    with pytest.raises(GateError, match=r"f1\.joy"):
        show(found, "gold.csv", limits=broken, as_json=True)
    assert json.loads(capsys.readouterr().out)["n"] == 120  # told before it fails


def test_a_page_that_cannot_be_written_is_told_before_the_work(tmp_path):
    for path in (tmp_path / "page.pdf", tmp_path / "none" / "page.html"):
        with pytest.raises(ConfigError):
            check_output(path)
