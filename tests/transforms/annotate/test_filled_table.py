"""A table that went out and came back: what a spreadsheet might have run as a formula is text again."""

import io

from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.annotate.filled_table import table_outcomes
from transforms.annotate.given import Annotation, Question


def test_the_apostrophe_before_a_formula_goes_again() -> None:
    table = "id,text,labels\n'=1,'+1 for that,approval\nb,'quoted' word,joy\n"
    question = Question(load_task("emotion"), load_taxonomy("goemotions"))
    rows = list(table_outcomes(io.BytesIO(table.encode()), "filled.csv", question))
    assert [(row.record_id, row.text) for row in rows if isinstance(row, Annotation)] == [
        ("=1", "+1 for that"),
        ("b", "'quoted' word"),
    ]
