"""Recall and precision of redaction, by set and kind: one table.

    python benchmarks/privacy.py --data ../shared/data [--rows 20000]

What is found is what `clean` puts a placeholder for. An identifier counts as found when all its letters and
digits are redacted, under whatever kind; a redaction counts as right when it lies within an identifier of its text
(only in sets that know all of theirs). `privacy_sets.py` says what the sets are and what they cannot tell.
"""

import argparse
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from benchmarks import privacy_sets as sets
from schemas.config.clean import ClinicalPolicy, SocialPolicy
from transforms.clean.pii_names import names_of
from transforms.clean.prefilter import sifted
from transforms.clean.tidy import Tidier


@dataclass(slots=True)
class Score:
    """Counts by kind."""

    hit: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

    def recall(self, kind: str) -> float | None:
        """The share of the known that was redacted."""
        total = self.hit[kind] + self.missed[kind]
        return self.hit[kind] / total if total else None

    def precision(self, kind: str) -> float | None:
        """The share of the redacted that is an identifier."""
        total = self.right[kind] + self.wrong[kind]
        return self.right[kind] / total if total else None


def scored(cases: list[sets.Case], *, safe_harbor: bool = False, only_known: bool = False) -> Score:
    """Score what `clean` redacts in the cases; `only_known`: precision of the names of hints alone."""
    score = Score()
    policy = ClinicalPolicy() if safe_harbor else SocialPolicy(quotes="keep", markdown=False)
    raw = pl.Series([case.text for case in cases], dtype=pl.String)
    worded = sifted(raw.str.strip_chars(), policy).worded
    rows = Tidier(policy).tidy_all(raw, [case.names for case in cases], worded)
    for case, row in zip(cases, rows, strict=True):
        found = row.pii
        covered = {at for _, start, end in found for at in range(start, end)}
        for kind, start, end in case.gold:
            whole = all(at in covered for at in range(start, end) if case.text[at].isalnum())
            (score.hit if whole else score.missed)[kind] += 1
        if case.allowed is None:
            continue
        if only_known:
            found = list(names_of(case.names).find(case.text))
        allowed = {at for start, end in case.allowed for at in range(start, end)}
        for kind, start, end in found:
            inside = sum(at in allowed for at in range(start, end) if case.text[at].isalnum())
            letters = sum(map(str.isalnum, case.text[start:end]))
            # A neighbor of an identifier that went with it (a house number, an initial) is no error.
            (score.right if 2 * inside >= letters else score.wrong)[kind] += 1
    return score


def table(scores: dict[str, Score]) -> str:
    lines = [f"{'set':16}{'kind':10}{'known':>8}{'recall':>9}{'found':>8}{'precision':>11}"]
    for name, score in scores.items():
        for kind in sorted(score.hit | score.missed | score.right | score.wrong):
            recall, precision = score.recall(kind), score.precision(kind)
            lines.append(
                f"{name:16}{kind:10}{score.hit[kind] + score.missed[kind]:>8}"
                f"{'-' if recall is None else f'{recall:.4f}':>9}{score.right[kind] + score.wrong[kind]:>8}"
                f"{'-' if precision is None else f'{precision:.4f}':>11}"
            )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=20_000)
    options = parser.parse_args()
    data: Path = options.data
    scores = {
        "generated": scored(sets.generated(options.rows, safe_harbor=False)),
        "safe harbor": scored(sets.generated(options.rows, safe_harbor=True), safe_harbor=True),
        "multidogo": scored(sets.multidogo(data)),
        "changelog": scored(sets.changelog(data), only_known=True),
        "metamuse": scored(sets.metamuse(data), only_known=True),
        "stackexchange": scored(sets.stackexchange(data)),
        "clinical": scored(sets.clinical(data), safe_harbor=True),
    }
    print(table(scores))


if __name__ == "__main__":
    main()
