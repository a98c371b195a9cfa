"""What can be sampled, as SQL: rows of a lake or of a file, in the same columns."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rows:
    """Two queries of DuckDB.

    `pool`: a row for each that the labeler was asked about: record_id, sample_key (UBIGINT), corpus, domain, lang,
    role, status, labels (VARCHAR[]) and scores (a list of label and probability). No text.
    `texts`: record_id, text, context (a list of role and text), corpus, lang, role, labels, scores, numbers (DOUBLE[],
    in the order of the taxonomy) and version, of the rows in the table `chosen` alone.
    `facets`: which of corpus, domain, lang and role are known. `where`: what it is, for messages.
    """

    pool: str
    texts: str
    facets: frozenset[str]
    where: str
    snapshot: int | None = None
    notes: list[str] = field(default_factory=list)
