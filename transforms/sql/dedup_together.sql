-- The rows that are not alone.
-- In: fresh_rows (see dedup_hits.sql; with record_id, sample_key, created_at, retweet); crowded (see dedup_crowded.sql).
-- Out: place, era, record_id, sample_key, created_at, retweet, and of their text node, top, cluster, known, similarity.
SELECT
    fresh_rows.place,
    fresh_rows.era,
    fresh_rows.record_id,
    fresh_rows.sample_key,
    fresh_rows.created_at,
    fresh_rows.retweet,
    crowded.node,
    crowded.top,
    crowded.cluster,
    crowded.known,
    crowded.similarity
FROM fresh_rows
INNER JOIN crowded
    ON fresh_rows.exact_high = crowded.exact_high AND fresh_rows.exact_low = crowded.exact_low
