-- Candidate pairs of one band, or of several where a bucket names its band: each text with a few centers of its bucket,
-- not with all of the bucket, which would blow up where thousands share one. Centers are the first four of the bucket
-- and the first four of the era in it, so that what comes later changes nothing. Sets of grams whose sizes differ too
-- much cannot be similar.
-- In: members(node, era, fresh, grams, bucket), $threshold. Out: earlier, later (nodes; the later one is of a text to
-- decide).
WITH busy AS (
    SELECT bucket FROM members GROUP BY bucket HAVING count(*) > 1
),
ranked AS (
    SELECT
        node,
        era,
        fresh,
        grams,
        bucket,
        row_number() OVER (PARTITION BY bucket ORDER BY node ASC) AS place,
        row_number() OVER (PARTITION BY bucket, era ORDER BY node ASC) AS place_in_era
    FROM members
    WHERE bucket IN (SELECT bucket FROM busy)
)
SELECT center.node AS earlier, other.node AS later
FROM ranked AS center
INNER JOIN ranked AS other ON center.bucket = other.bucket AND center.node < other.node
WHERE
    center.place <= 4
    AND other.fresh
    AND least(center.grams, other.grams) + 1e-9 >= $threshold * greatest(center.grams, other.grams)
UNION
SELECT center.node AS earlier, other.node AS later
FROM ranked AS center
INNER JOIN ranked AS other
    ON center.bucket = other.bucket AND center.era = other.era AND center.node < other.node
WHERE
    center.place_in_era <= 4
    AND other.fresh
    AND least(center.grams, other.grams) + 1e-9 >= $threshold * greatest(center.grams, other.grams)
