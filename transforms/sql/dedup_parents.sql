-- Which earlier text a component joins: the first of those that any of its texts is near to; itself where there is none.
-- In: edges(earlier, later); roots(node, root) of texts to decide; nodes. Out: root, parent (a root, or a text of an
-- earlier shard).
WITH reached AS (
    SELECT mine.root, min(edges.earlier) AS earlier
    FROM edges
    INNER JOIN roots AS mine ON edges.later = mine.node
    INNER JOIN nodes AS first ON edges.earlier = first.node
    INNER JOIN nodes AS second ON edges.later = second.node
    WHERE first.era < second.era
    GROUP BY mine.root
)
SELECT own.root, coalesce(theirs.root, reached.earlier, own.root) AS parent
FROM (SELECT DISTINCT root FROM roots) AS own
LEFT JOIN reached ON own.root = reached.root
LEFT JOIN roots AS theirs ON reached.earlier = theirs.node
