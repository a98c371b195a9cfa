-- A number for each labeled record: what is counted by the hundred million should be small. Which record has which
-- number means nothing and shows nowhere. Ids are spread evenly: they are numbered within their first three digits, and
-- go on where those before end, so that no machine must sort them all.
-- In: answers. Out: number INTEGER, corpus, record_id.
WITH labeled AS (
    SELECT DISTINCT corpus, record_id, substring(CAST(record_id AS VARCHAR), 1, 3) AS digits
    FROM answers
),
sizes AS (
    SELECT digits, count(*) AS n
    FROM labeled
    GROUP BY digits
),
starts AS (
    SELECT
        digits,
        sum(n) OVER (ORDER BY digits ASC NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - n AS before
    FROM sizes
)
SELECT
    CAST(
        starts.before + row_number() OVER (
            PARTITION BY labeled.digits ORDER BY labeled.record_id ASC NULLS LAST, labeled.corpus ASC NULLS LAST
        ) AS INTEGER
    ) AS number,
    labeled.corpus,
    labeled.record_id
FROM labeled
INNER JOIN starts ON labeled.digits = starts.digits
