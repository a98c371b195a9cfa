"""The gate for left-over e-mail and phone numbers agrees with the stage that removes them."""

import random

import duckdb
import polars as pl

from schemas.config.clean import CleanConfig
from schemas.datasets import DATASETS
from schemas.expectation_suite import load_suite
from transforms.clean.clean import clean

CONTEXTS = (
    "{}", "call me {} ok", "Tel.: {}", "my cell is {}", "fax {} now", "whatsapp {}", "call {}!",
    "order number {} arrived", "isbn {}", "${}", "score: {}", "({})", "https://a.b/{}", "{} people",
    "#{}", "{}_a", "-{}-",
)  # fmt: skip
SHAPES = (
    "###-###-####", "###.###.####", "(###) ###-####", "+49 ## #######", "+1 (###) #### ####",
    "+44 #### ## ##", "+###########", "a.b+c##@ex-am.org", "x@y.co.uk", "joe@###.com", "A@B.CD.EF",
    "user@host.xn--p1ai", "git@github.com:a/b",
)  # fmt: skip


def _texts(seed: int) -> list[str]:
    draw = random.Random(seed)
    digit = lambda c: draw.choice("0123456789") if c == "#" else c  # noqa: E731
    return [
        context.replace("{}", "".join(map(digit, shape)))
        for context in CONTEXTS
        for shape in SHAPES
        for _ in range(4)
    ]


def test_what_cleaning_leaves_does_not_block():
    texts = _texts(1)
    rows = pl.DataFrame(
        {
            "record_id": [str(i) for i in range(len(texts))],
            "sample_key": pl.Series(range(len(texts)), dtype=pl.UInt64),
            "corpus": "c", "domain": "social", "partition": "2024-01-01", "revision": 0,
            "text": texts, "source": [{"file": "f", "position": 0}] * len(texts),
        }
    )  # fmt: skip
    empty = pl.from_arrow(DATASETS["records"].schema.empty_table())
    assert isinstance(empty, pl.DataFrame)
    cleaned = clean(pl.concat([empty, rows], how="diagonal_relaxed"), CleanConfig())
    written = rows.rename({"text": "text_clean"})
    suite = load_suite("clean")
    like = suite.derive["phone_like"]
    with duckdb.connect() as connection:
        for name in ("no_email_left", "no_phone_left"):
            rule = next(e.parameters["rule"] for e in suite.expectations if e.id == name)
            flagged = f"SELECT *, ({like}) AS phone_like FROM t"
            sql = f"SELECT text_clean FROM ({flagged}) WHERE NOT ({rule})"
            for table, bad in ((cleaned, False), (written, True)):
                connection.register("t", table.select("text_clean").to_arrow())
                found = connection.execute(sql).fetchall()
                assert bool(found) is bad, found[:5]  # as written, the texts do fail
