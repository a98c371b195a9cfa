-- What becomes of rows that are not alone: cluster, representative, similarity.
-- In: fresh_rows (see dedup_hits.sql; with record_id, sample_key, created_at, retweet); nodes; roots(node, root);
-- parents(root, parent); edges(earlier, later, similarity), and inner_edges: those within an era. Out: place, cluster,
-- representative, similarity, same (equal to an earlier row of its cluster), sorted by place. The first row of a cluster
-- represents it: the earliest, at equal times no retweet, then by sample_key and record_id.
WITH tops AS (
    SELECT
        nodes.node,
        nodes.exact_high,
        nodes.exact_low,
        nodes.copies,
        nodes.cluster,
        coalesce(parents.parent, roots.root, nodes.node) AS top
    FROM nodes
    LEFT JOIN roots ON nodes.node = roots.node
    LEFT JOIN parents ON roots.root = parents.root
),
crowds AS (
    -- The top of rows that join an earlier shard's cluster is the node that knows it.
    SELECT top, max(CASE WHEN node = top THEN cluster END) AS cluster
    FROM tops
    GROUP BY top
    HAVING sum(copies) > 1 OR max(CASE WHEN node = top THEN cluster END) IS NOT NULL
),
nearest AS (
    -- Texts of later eras do not count: what comes later changes nothing.
    SELECT node, max(similarity) AS similarity
    FROM (
        SELECT later AS node, similarity FROM edges
        UNION ALL
        SELECT earlier AS node, similarity FROM inner_edges
    )
    GROUP BY node
),
crowded AS (
    SELECT
        tops.node,
        tops.exact_high,
        tops.exact_low,
        tops.cluster IS NOT NULL AS known,
        tops.top,
        crowds.cluster,
        nearest.similarity
    FROM tops
    INNER JOIN crowds ON tops.top = crowds.top
    LEFT JOIN nearest ON tops.node = nearest.node
    WHERE tops.copies > 0
),
together AS (
    SELECT
        fresh_rows.place,
        fresh_rows.record_id,
        crowded.top,
        crowded.cluster,
        crowded.known,
        crowded.similarity,
        row_number() OVER (
            PARTITION BY crowded.top
            ORDER BY
                fresh_rows.era ASC,
                fresh_rows.created_at ASC NULLS LAST,
                fresh_rows.retweet ASC,
                fresh_rows.sample_key ASC,
                fresh_rows.record_id ASC
        ) AS turn,
        row_number() OVER (
            PARTITION BY crowded.node
            ORDER BY
                fresh_rows.era ASC,
                fresh_rows.created_at ASC NULLS LAST,
                fresh_rows.retweet ASC,
                fresh_rows.sample_key ASC,
                fresh_rows.record_id ASC
        ) AS turn_of_text
    FROM fresh_rows
    INNER JOIN crowded
        ON fresh_rows.exact_high = crowded.exact_high AND fresh_rows.exact_low = crowded.exact_low
),
firsts AS (
    SELECT top, record_id FROM together WHERE turn = 1
),
decided AS (
    SELECT
        together.place,
        coalesce(together.cluster, firsts.record_id) AS cluster,
        together.turn = 1 AND together.cluster IS NULL AS representative,
        together.similarity,
        together.known OR together.turn_of_text > 1 AS same
    FROM together
    INNER JOIN firsts ON together.top = firsts.top
)
SELECT
    place,
    cluster,
    representative,
    CASE WHEN representative THEN NULL WHEN same THEN 1.0 ELSE similarity END AS similarity,
    same
FROM decided
ORDER BY place ASC
