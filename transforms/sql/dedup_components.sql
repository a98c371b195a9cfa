-- One step towards connected components: each node takes the least root around it, then that root's root. Repeated
-- until nothing changes. In: links(node, other), both ways; roots(node, root). Out: node, root.
WITH around AS (
    SELECT links.node, roots.root
    FROM links
    INNER JOIN roots ON links.other = roots.node
    UNION ALL
    SELECT node, root FROM roots
),
lowest AS (
    SELECT node, min(root) AS root FROM around GROUP BY node
)
SELECT lowest.node, jumped.root
FROM lowest
INNER JOIN lowest AS jumped ON lowest.root = jumped.node
