-- Hits whose cluster still has its representative; a cluster without one must not swallow further rows.
-- In: hits(exact_high, exact_low, era, place); answered(place, record_id, cluster, representative): what was decided
-- for the rows of earlier shards. Out: the hits, with their clusters.
WITH known AS (
    SELECT hits.exact_high, hits.exact_low, hits.era, hits.place, answered.cluster
    FROM answered
    INNER JOIN hits ON answered.place = hits.place
),
alive AS (
    SELECT record_id FROM answered
    WHERE representative AND record_id IN (SELECT cluster FROM known)
)
SELECT exact_high, exact_low, era, place, cluster
FROM known
WHERE cluster IN (SELECT record_id FROM alive)
