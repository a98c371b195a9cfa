-- Rows that lose against another row of the same record: an older revision, or the same native id again. What its
-- source has deleted wins against what it said before: the mark of a deletion has the revision of the text, or none
-- (0), which is later than any. Of equal revisions the later line wins, as in a log that is appended to.
-- In: records(record_id, sample_key, revision, deleted, source, place, gone); looked_at(sample_key): one line per row of
-- a record to look at. Out: place, gone (of people who were erased), one line per losing row.
WITH doubled AS (
    -- Counting 8 bytes per record instead of its id keeps the hash table small; ids decide below.
    SELECT sample_key FROM looked_at GROUP BY sample_key HAVING count(*) > 1
),
ranked AS (
    SELECT
        place,
        gone,
        row_number() OVER (
            PARTITION BY record_id
            ORDER BY
                CASE WHEN deleted AND revision = 0 THEN 1 ELSE 0 END DESC,
                revision DESC,
                CASE WHEN deleted THEN 1 ELSE 0 END DESC,
                source.file ASC,
                source.position DESC
        ) AS turn
    FROM records
    WHERE sample_key IN (SELECT sample_key FROM doubled)
)
SELECT place, gone FROM ranked WHERE turn > 1 ORDER BY place
