-- What becomes of rows that are not alone: cluster, representative, similarity.
-- In: part (whole clusters of dedup_together.sql). Out: place, cluster, representative, similarity, same (equal to an
-- earlier row of its cluster), sorted by place. The first row of a cluster represents it: the earliest, at equal times no
-- retweet, then by sample_key and record_id.
WITH turns AS (
    SELECT
        place,
        record_id,
        top,
        cluster,
        known,
        similarity,
        row_number() OVER (
            PARTITION BY top
            ORDER BY
                era ASC, created_at ASC NULLS LAST, retweet ASC, sample_key ASC, record_id ASC
        ) AS turn,
        row_number() OVER (
            PARTITION BY node
            ORDER BY
                era ASC, created_at ASC NULLS LAST, retweet ASC, sample_key ASC, record_id ASC
        ) AS turn_of_text
    FROM part
),
firsts AS (
    SELECT top, record_id FROM turns WHERE turn = 1
),
decided AS (
    SELECT
        turns.place,
        coalesce(turns.cluster, firsts.record_id) AS cluster,
        turns.turn = 1 AND turns.cluster IS NULL AS representative,
        turns.similarity,
        turns.known OR turns.turn_of_text > 1 AS same
    FROM turns
    INNER JOIN firsts ON turns.top = firsts.top
)
SELECT
    place,
    cluster,
    representative,
    CASE WHEN representative THEN NULL WHEN same THEN 1.0 ELSE similarity END AS similarity,
    same
FROM decided
ORDER BY place ASC
