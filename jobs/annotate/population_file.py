"""Rows of a file that `affectmine label -o` wrote: Parquet, JSON lines or CSV. Its texts are redacted here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from jobs.annotate.population import FACTS, Told
from jobs.annotate.question import Choice, Question, Shown
from pipelines.query.views import literal, quoted
from schemas.config.clean import CleanConfig
from schemas.errors import ConfigError, SourceError
from transforms.clean.clean import clean
from transforms.ingest.keyed import KeyedHasher

SUFFIXES: Final = (".parquet", ".jsonl", ".csv")
_NEEDED: Final = ("position", "text", "status", "labels", "scores")
_KEY: Final = "position::BIGINT::VARCHAR"
_SCORES: Final = "STRUCT(label VARCHAR, probability FLOAT)[]"


@dataclass(frozen=True)
class FilePopulation:
    """A labeled file. Ids that leave are keyed pseudonyms of its ids, unless `shown` keeps these."""

    path: Path
    hasher: KeyedHasher
    wanted: Shown

    @property
    def languages_known(self) -> bool:
        """Whether it has a column lang."""
        return "lang" in self._columns

    @property
    def shown(self) -> str:
        """Its path."""
        return str(self.path)

    @property
    def snapshot(self) -> int | None:
        """It has none."""
        return None

    def relation(self, question: Question, choice: Choice, *, lang: bool) -> str:
        """SQL: see Population. Rows are known by their position. ConfigError: a clinical file that was not allowed."""
        if self.wanted.domain == "clinical" and not choice.allow_clinical:
            raise ConfigError(
                "Clinical texts do not leave unasked, not even redacted.",
                remedy="If whoever will read them may, add --allow-clinical.",
            )
        return self._query(question, lang=lang)

    def told(
        self, database: duckdb.DuckDBPyConnection, chosen: pl.DataFrame, question: Question
    ) -> Told:
        """Texts, redacted after the policy of the domain. Rows of which nothing is left are left out."""
        database.register("chosen_rows", chosen.select("record_id").to_arrow())
        rows = self._query(question, lang=True)
        table = database.sql(
            f"SELECT rows.* FROM ({rows}) AS rows SEMI JOIN chosen_rows USING (record_id)"
        ).to_arrow_table()
        found = pl.from_arrow(table)
        assert isinstance(found, pl.DataFrame)
        nothing = {name: pl.lit(None).alias(name) for name in FACTS if name not in found.columns}
        made = found.with_columns(
            *nothing.values(), self._redacted(found).alias("text"), self._exported(found["native"]).alias("id"),
            pl.lit(0, pl.Int64).alias("revision"),
        )  # fmt: skip
        return Told(made.select(FACTS).filter(pl.col("text").is_not_null()), None)

    def inside(self, exported: frozenset[str]) -> frozenset[str]:
        """The positions of rows that once left under these ids."""
        if not exported:
            return exported
        found: set[str] = set()
        with duckdb.connect() as database:
            reader = database.sql(
                f"SELECT {_KEY} AS key, {self._native} AS native FROM {self._table}"
            )
            for batch in reader.to_arrow_reader(65_536):
                rows = pl.DataFrame(pl.from_arrow(batch))
                there = self._exported(rows["native"]).is_in(list(exported))
                found.update(rows.filter(there)["key"].to_list())
        return frozenset(found)

    def _exported(self, native: pl.Series) -> pl.Series:
        return native if self.wanted.keep_ids else self.hasher.tokens("record", "file", native)

    def _redacted(self, found: pl.DataFrame) -> pl.Series:
        rows = found.select(
            "record_id", "text", pl.lit(0, pl.UInt64).alias("sample_key"), pl.lit("file").alias("corpus"),
            pl.lit(self.wanted.domain).alias("domain"), pl.lit("1970-01-01").alias("partition"),
            pl.lit(0, pl.Int64).alias("revision"),
        )  # fmt: skip
        return clean(rows, CleanConfig(detect_language=False))["text_clean"]

    @property
    def _native(self) -> str:
        return f"coalesce(id::VARCHAR, {_KEY})" if "id" in self._columns else _KEY

    def _query(self, question: Question, *, lang: bool) -> str:
        has, text = self._columns, self.path.suffix == ".csv"

        def optional(name: str) -> str:
            return (
                f"{quoted(name)}::VARCHAR AS {name}" if name in has else f"NULL::VARCHAR AS {name}"
            )

        labels = "nullif(string_split(labels, '|'), [''])" if text else "labels::VARCHAR[]"
        if text:  # an empty cell of a labeled row: labeled with none
            labels = f"CASE WHEN status = 'labeled' THEN coalesce({labels}, []) END"
        scores = (
            "list_transform(map_entries(scores::JSON::MAP(VARCHAR, FLOAT)), "
            "lambda entry: struct_pack(label := entry.key, probability := entry.value))"
            if text
            else f"scores::{_SCORES}"
        )
        answer = ""
        if question.task.answer != "labels":
            answer = f", {self._answer(question)} AS answer"
        return (
            f"SELECT {_KEY} AS record_id, {self._native} AS native, position::UBIGINT AS sample_key, text::VARCHAR AS text, "
            f"{optional('corpus')}, {literal(self.wanted.domain)} AS domain, {optional('role')}, status, "
            f"{labels} AS labels, {scores} AS scores{answer}{', ' + optional('lang') if lang else ''} "
            f"FROM {self._table} AS rows"
        )

    def _answer(self, question: Question) -> str:
        kind = "FLOAT" if question.task.answer == "scalars" else "TINYINT"
        names = question.taxonomy.names
        if self.path.suffix != ".csv":
            fields = ", ".join(f"{quoted(name)} {kind}" for name in names)
            return f"answer::STRUCT({fields})"
        cells = {name: f"try_cast({quoted(f'answer_{name}')} AS {kind})" for name in names}
        packed = ", ".join(f"{quoted(name)} := {cell}" for name, cell in cells.items())
        return f"CASE WHEN status = 'labeled' THEN struct_pack({packed}) END"

    @property
    def _table(self) -> str:
        name = literal(str(self.path))
        if self.path.suffix == ".parquet":
            return f"read_parquet({name})"
        if self.path.suffix == ".csv":
            return f"read_csv({name}, header = true, all_varchar = true, quote = '\"', escape = '\"', delim = ',')"
        return f"read_json({name}, format = 'newline_delimited', sample_size = -1)"

    @cached_property
    def _columns(self) -> set[str]:
        if self.path.suffix not in SUFFIXES:
            raise SourceError(
                f"{self.path} is no labeled file.", remedy=f"Let it end in {', '.join(SUFFIXES)}."
            )
        if not self.path.is_file():
            raise SourceError(f"There is no file {self.path}.", remedy="Check the path.")
        try:
            found = {name for name, *_ in duckdb.sql(f"DESCRIBE FROM {self._table}").fetchall()}
        except duckdb.Error as error:  # its message may quote the file
            raise SourceError(
                f"{self.path} cannot be read as {self.path.suffix.removeprefix('.')} ({type(error).__name__}).",
                remedy="Write it anew: affectmine label FILE -o labels.parquet",
            ) from None
        if missing := [name for name in _NEEDED if name not in found]:
            raise SourceError(
                f"{self.path} has no column(s) {', '.join(missing)}: it was not written by affectmine label.",
                remedy="Label the texts first: affectmine label FILE -o labels.parquet",
            )
        return found
