-- One node a distinct text, numbered in the order in which texts are compared: era, then hash. An era is a partition;
-- shards of it that stay as they are make an era of their own, before it.
-- In: fresh_rows (see dedup_hits.sql); known(exact_high, exact_low, era, place, cluster): texts of earlier shards.
-- Out: node, exact_high, exact_low, era, place (where the text can be read), copies (rows to decide that have it),
-- cluster (null for a text that comes up in this run).
WITH texts AS (
    SELECT exact_high, exact_low, min(era) AS era, min(place) AS place, count(*) AS copies
    FROM fresh_rows
    GROUP BY exact_high, exact_low
),
merged AS (
    SELECT
        coalesce(texts.exact_high, known.exact_high) AS exact_high,
        coalesce(texts.exact_low, known.exact_low) AS exact_low,
        least(texts.era, known.era) AS era,
        least(texts.place, known.place) AS place,
        coalesce(texts.copies, 0) AS copies,
        CASE WHEN texts.era IS NULL OR known.era < texts.era THEN known.cluster END AS cluster
    FROM texts
    FULL OUTER JOIN known
        ON texts.exact_high = known.exact_high AND texts.exact_low = known.exact_low
)
SELECT
    row_number() OVER (ORDER BY era ASC, exact_high ASC, exact_low ASC) AS node,
    exact_high,
    exact_low,
    era,
    place,
    copies,
    cluster
FROM merged
