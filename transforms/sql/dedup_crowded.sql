-- The texts of rows that are not alone.
-- In: nodes; roots(node, root); parents(root, parent); edges(earlier, later, similarity), and inner_edges: those within
-- an era. Out: node, exact_high, exact_low, known (an earlier shard has it), top (the first text of its cluster), cluster
-- (null: its first row names it), similarity to its nearest text (null: there is none).
WITH joined AS (
    SELECT node FROM roots
    UNION
    SELECT parent AS node FROM parents
),
tops AS (
    -- Most texts are alone, and go here.
    SELECT
        nodes.node,
        nodes.exact_high,
        nodes.exact_low,
        nodes.copies,
        nodes.cluster,
        coalesce(parents.parent, roots.root, nodes.node) AS top
    FROM nodes
    LEFT JOIN joined ON nodes.node = joined.node
    LEFT JOIN roots ON nodes.node = roots.node
    LEFT JOIN parents ON roots.root = parents.root
    WHERE joined.node IS NOT NULL OR nodes.copies > 1 OR nodes.cluster IS NOT NULL
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
)
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
