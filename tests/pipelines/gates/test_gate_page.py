"""The page of gate results: inert, self-contained, complete."""

import html.parser
import re
from dataclasses import replace
from datetime import UTC, datetime

from pipelines.gates import Finding, GateResult
from pipelines.gates.page import render_page, write_page

GOOD = Finding("fine", "every_row", "corpus", "critical", True, None, 0, "why it matters")
RESULT = GateResult("clean", 1, "clean", 1_234_567, 3, 1.25, (GOOD,))
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict]] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def _page(*results: GateResult, title: str = "Gate") -> str:
    return render_page(results, title=title, made_at=datetime(2024, 5, 1, tzinfo=UTC))


def test_markup_from_outside_is_inert():
    finding = Finding(EVIL, EVIL, EVIL, "critical", False, None, None, EVIL, EVIL)
    page = _page(replace(RESULT, suite=EVIL, dataset=EVIL, findings=(finding,)), title=EVIL)
    tags = _Tags()
    tags.feed(page)
    assert not {"script", "img", "iframe", "object"} & {tag for tag, _ in tags.seen}
    assert not any(name.startswith("on") for _, attributes in tags.seen for name in attributes)
    assert "&lt;script&gt;" in page


def test_nothing_is_loaded():
    page = _page(RESULT)
    tags = _Tags()
    tags.feed(page)
    assert not re.search(r"https?://|url\(|@import|src=", page)
    assert [a["href"] for t, a in tags.seen if "href" in a] == ["#gate-1"]
    assert any("default-src 'none'" in a.get("content", "") for _, a in tags.seen)


def test_every_state_has_a_word_and_a_sign_beside_its_color():
    bad = replace(GOOD, id="bad", success=False, unexpected_count=7)
    soft = replace(bad, id="soft", severity="warning")
    assert "✓ Passed" in _page(RESULT)
    assert "▲ Passed with warnings" in _page(replace(RESULT, findings=(GOOD, soft)))
    page = _page(replace(RESULT, findings=(GOOD, soft, bad)))
    assert "✕ Blocked" in page
    for said in (
        "✕ critical",
        "▲ warning",
        "✓ holds",
        "7 unexpected",
        "1,234,567",
        "why it matters",
    ):
        assert said in page
    # What failed comes first.
    assert page.index(">bad<") < page.index(">soft<") < page.index(">fine<")


def test_observations_and_errors_are_told():
    share = replace(GOOD, id="share", type="share_of_rows", unexpected_count=None, observed=0.981)
    crash = replace(
        GOOD, id="crash", success=False, unexpected_count=None, error="ConversionException"
    )
    none = replace(GOOD, id="none", unexpected_count=None)
    page = _page(replace(RESULT, rows=None, findings=(share, crash, none)))
    assert "98.1% of rows" in page
    assert "could not be evaluated: ConversionException" in page
    assert "nothing to observe" in page
    assert "unknown rows" in " ".join(page.split())


def test_the_file_is_written_whole(tmp_path):
    path = write_page(tmp_path / "new" / "gate.html", [RESULT], title="Gate")
    assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    write_page(path, [RESULT, RESULT], title="Again")
    assert "Again" in path.read_text(encoding="utf-8")
    assert [p.name for p in path.parent.iterdir()] == ["gate.html"]
