-- The last word on each generated row.
-- In: generated (shard, record_id, sample_key, item, part, turn, label, outcome, reason), near (record_id).
-- An item goes whole: what of it is no duplicate itself is incomplete without the rest. Of the items that are left, a
-- label has as many as `most` allows, those with the least sample key; ties cannot be, for keys are of the item's rows.
WITH fallen AS (
    SELECT DISTINCT item FROM generated INNER JOIN near ON generated.record_id = near.record_id
),
labeled AS (
    SELECT item, min(sample_key) AS item_key, min(label) AS label
    FROM generated
    WHERE outcome = 'kept' AND item NOT IN (SELECT item FROM fallen)
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
        WHEN near.record_id IS NOT NULL THEN 'near_duplicate'
        WHEN fallen.item IS NOT NULL THEN 'incomplete'
        WHEN capped.item IS NOT NULL THEN 'cap'
    END AS reason
FROM generated
LEFT JOIN near ON generated.record_id = near.record_id
LEFT JOIN fallen ON generated.item = fallen.item
LEFT JOIN capped ON generated.item = capped.item
