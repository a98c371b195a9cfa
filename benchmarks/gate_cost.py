"""What the quality gates cost: seconds and peak memory over generated rows, all three suites.

    python benchmarks/gate_cost.py                # 1,000,000 rows
    python benchmarks/gate_cost.py --ten-million  # 10,000,000 rows as well

The rows are made by DuckDB (28 labels with a score each, about 100 letters of text) and deleted at
the end. Times are wall-clock; `cpu` is what the gate process used on all cores.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import duckdb

from pipelines.gates import client, close, label_tables, run_gate, warm
from schemas.expectation_suite import load_suite
from schemas.taxonomy import load_taxonomy

SHARD_ROWS = 250_000
# fmt: off
WORDS = [
    "i", "you", "the", "a", "so", "very", "happy", "sad", "today", "went", "home", "again", "never",
    "cat", "dog", "movie", "😂", "[NAME]", "love", "hate", "this", "that", "was", "it", "thanks",
]
# fmt: on
KEYS = """record_id, sample_key, corpus, domain, partition, conversation_id, turn, speaker, role,
  created_at"""
BASE = """
CREATE OR REPLACE TEMP TABLE base AS SELECT
  i, md5(i::VARCHAR) AS record_id, hash(i) AS sample_key, 'bench' AS corpus, 'social' AS domain,
  strftime(TIMESTAMP '2024-01-01' + INTERVAL (i % 3) DAY, '%Y-%m-%d') AS partition,
  CASE WHEN i % 5 = 0 THEN md5((i // 7)::VARCHAR) END AS conversation_id,
  CASE WHEN i % 5 = 0 THEN (i % 7)::INTEGER END AS turn,
  md5((i % 1000)::VARCHAR) AS speaker, 'author' AS role,
  (TIMESTAMP '2024-01-01' + INTERVAL (i % 3) DAY + INTERVAL (i % 86000) SECOND)::TIMESTAMPTZ
    AS created_at,
  list_aggregate([w[1 + (hash(i * 31 + k) % 25)::INTEGER] FOR k IN range(12 + i % 20)],
    'string_agg', ' ') AS text
FROM range({first}, {first} + {rows}) t(i), words
"""
EMPTY = """
  NULL::STRUCT(channel VARCHAR, "value" VARCHAR, start_ms BIGINT, end_ms BIGINT)[] AS cues,
  NULL::STRUCT(task VARCHAR, taxonomy VARCHAR, label_set VARCHAR, split VARCHAR, annotator VARCHAR,
    labels VARCHAR[], "value" DOUBLE)[] AS gold,
  []::STRUCT("key" VARCHAR, "value" VARCHAR)[] AS meta
"""
QUERIES = {
    "records": f"""SELECT {KEYS}, 0::BIGINT AS revision, NULL::VARCHAR AS reply_to, text,
      NULL::VARCHAR[] AS pii_hints, 'en' AS lang, NULL::BIGINT AS start_ms, NULL::BIGINT AS end_ms,
      {EMPTY}, {{'file': 'f', 'position': i::BIGINT}} AS source FROM base""",
    "clean": f"""SELECT {KEYS}, 0::BIGINT AS revision, NULL::VARCHAR AS reply_to,
      NULL::BIGINT AS start_ms, NULL::BIGINT AS end_ms, {EMPTY},
      CASE WHEN i % 50 <> 0 THEN text END AS text_clean, 'en' AS lang,
      0.99::FLOAT AS lang_confidence, 'detected' AS lang_source, length(text)::INTEGER AS n_chars,
      20::INTEGER AS n_words, (length(text) - 3)::INTEGER AS n_letters, 1::INTEGER AS n_emoji,
      0::INTEGER AS n_urls, 0::INTEGER AS n_mentions, 0::INTEGER AS n_hashtags,
      0.02::FLOAT AS upper_ratio, 0.01::FLOAT AS symbol_ratio,
      []::STRUCT(kind VARCHAR, "start" INTEGER, "end" INTEGER)[] AS pii,
      CASE WHEN i % 50 <> 0 THEN 'kept' ELSE 'dropped' END AS outcome,
      CASE WHEN i % 50 = 0 THEN 'removed' END AS reason FROM base""",
    "labels": f"""SELECT {KEYS}, 'emotion' AS task, '1' AS task_version, 'goemotions' AS taxonomy,
      '1' AS taxonomy_version, 'student' AS labeler, '1' AS labeler_version,
      CASE WHEN i % 20 = 0 THEN 'rejected' ELSE 'labeled' END AS status,
      CASE WHEN i % 20 <> 0 THEN [l[1 + (hash(i) % 28)::INTEGER]] END AS labels,
      CASE WHEN i % 20 <> 0 THEN [{{'label': x,
        'probability': ((hash(i + length(x) * 7 + ascii(x)) % 10000) / 10000.0)::FLOAT}} FOR x IN l]
      END AS scores, CASE WHEN i % 20 = 0 THEN 'language' END AS reason FROM base, words""",
}


def make(folder: Path, rows: int) -> dict[str, list[str]]:
    files: dict[str, list[str]] = {name: [] for name in QUERIES}
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        labels = load_taxonomy("goemotions").names
        connection.execute("CREATE TABLE words AS SELECT ? AS w, ? AS l", [WORDS, list(labels)])
        for first in range(0, rows, SHARD_ROWS):
            connection.execute(BASE.format(first=first, rows=min(SHARD_ROWS, rows - first)))
            for name, query in QUERIES.items():
                path = folder / f"{name}-{first}.parquet"
                connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
                files[name].append(str(path))
    return files


def _process(field: str) -> float:
    worker = client._worker
    assert worker is not None
    if field == "cpu":
        values = Path(f"/proc/{worker.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(rows: int, memory_limit: str, threads: int) -> None:
    tables = label_tables({"goemotions": load_taxonomy("goemotions").names})
    with tempfile.TemporaryDirectory(prefix="gate-cost-") as folder:
        files = make(Path(folder), rows)
        started = time.perf_counter()
        warm()
        run_gate(load_suite("clean"), [])  # waits for the import
        print(f"{rows:,} rows, DuckDB limit {memory_limit}, {threads} threads")
        print(f"  start and import   {time.perf_counter() - started:6.2f} s")
        total = 0.0
        for name in QUERIES:
            before = _process("cpu")
            result = run_gate(
                load_suite(name),
                files[name],
                memory_limit=memory_limit,
                threads=threads,
                restricted=name == "records",
                tables=tables,
            )
            assert result.passed, [f for f in result.findings if not f.success]
            assert result.rows == rows
            total += result.seconds
            cpu = _process("cpu") - before
            print(f"  {name:18} {result.seconds:6.2f} s   cpu {cpu:6.2f} s")
        print(f"  all three          {total:6.2f} s   {rows / total:,.0f} rows/s")
        print(f"  peak memory of the gate process {_process('peak'):,.0f} MB")
        close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--ten-million", action="store_true", help="10,000,000 rows as well")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--memory-limit", default="800MB")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    measure(arguments.rows, arguments.memory_limit, arguments.threads)
    if arguments.ten_million:
        measure(10_000_000, arguments.memory_limit, arguments.threads)


if __name__ == "__main__":
    main()
