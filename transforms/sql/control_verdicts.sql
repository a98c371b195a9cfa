-- The last word on each generated row.
-- In: generated (shard, record_id, sample_key, item, label, unchecked, outcome, reason), clusters (record_id, cluster) of
-- the rows that are not alone.
-- Of the items in a cluster the one with the least key stays (that of its rows; then the item's name), with all its rows:
-- the texts of one item may be alike. An item goes whole: what of it has nothing against itself is incomplete without
-- the rest. Of the items that are left, a label has as many as `most` allows, those with the least key.
WITH keyed AS (
    SELECT item, min(sample_key) AS item_key FROM generated GROUP BY item
),
members AS (
    SELECT clusters.record_id, clusters.cluster, generated.item,
        row_number() OVER (PARTITION BY clusters.cluster ORDER BY keyed.item_key ASC, keyed.item ASC) AS place
    FROM clusters
    INNER JOIN generated ON clusters.record_id = generated.record_id
    INNER JOIN keyed ON generated.item = keyed.item
),
near AS (
    SELECT members.record_id FROM members
    INNER JOIN (SELECT cluster, item FROM members WHERE place = 1) AS stays ON members.cluster = stays.cluster
    WHERE members.item <> stays.item
),
fallen AS (
    SELECT item FROM generated INNER JOIN near ON generated.record_id = near.record_id
    UNION
    SELECT item FROM generated WHERE outcome <> 'kept' OR unchecked
),
labeled AS (
    SELECT item, min(sample_key) AS item_key, min(label) AS label
    FROM generated
    WHERE item NOT IN (SELECT item FROM fallen)
    GROUP BY item
),
ranked AS (
    SELECT item, label, row_number() OVER (PARTITION BY label ORDER BY item_key ASC, item ASC) AS place
    FROM labeled
),
capped AS (
    SELECT item FROM ranked WHERE label IS NOT NULL AND place > $most
)
SELECT
    shard,
    generated.record_id,
    CASE
        WHEN outcome <> 'kept' THEN reason
        WHEN unchecked THEN 'unchecked'
        WHEN near.record_id IS NOT NULL THEN 'near_duplicate'
        WHEN fallen.item IS NOT NULL THEN 'incomplete'
        WHEN capped.item IS NOT NULL THEN 'cap'
    END AS reason
FROM generated
LEFT JOIN near ON generated.record_id = near.record_id
LEFT JOIN fallen ON generated.item = fallen.item
LEFT JOIN capped ON generated.item = capped.item
