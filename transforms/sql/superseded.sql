-- Rows that lose against another row of the same record: an older revision, or the same native id again.
-- Of equal revisions the later line wins, as in
-- a log that is appended to. In: records(record_id, sample_key, revision, source, filename,
-- file_row_number). Out: filename, file_row_number, one line per losing row.
WITH doubled AS (
    -- Counting 8 bytes per record instead of its id keeps the hash table small; ids decide below.
    SELECT sample_key FROM records GROUP BY sample_key HAVING count(*) > 1
),
ranked AS (
    SELECT
        filename,
        file_row_number,
        row_number() OVER (
            PARTITION BY record_id
            ORDER BY revision DESC, source.file ASC, source.position DESC
        ) AS place
    FROM records
    WHERE sample_key IN (SELECT sample_key FROM doubled)
)
SELECT filename, file_row_number FROM ranked WHERE place > 1 ORDER BY filename, file_row_number
