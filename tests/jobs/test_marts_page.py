"""The page of all marts says what the marts say."""

from pathlib import Path

from jobs.marts_page import page
from schemas.mart import load_mart, mart_names

PAGE = Path(__file__).resolve().parents[2] / "docs" / "marts.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == page(), "write it again: python -m jobs.marts_page > docs/marts.md"


def test_every_mart_and_column_is_on_it():
    text = PAGE.read_text()
    for name in mart_names():
        mart = load_mart(name)
        section = text.split(f"### {mart.view}\n")[1].split("\n### ")[0]
        assert all(f"| `{column.name}` | {column.type} |" in section for column in mart.columns)
        assert "*Source:* " in section
