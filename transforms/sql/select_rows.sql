-- Which rows of a partition a second labeler is asked about.
-- In: answered(place, record_id, sample_key, status, margin): the answers of the first one, one a row. Parameters:
-- margin (null: any), budget (rows), audit (of a modulus). Out: place, margin, audit, reason.
-- Rows without an answer come first, then those with the smallest margin, at equal margins by sample_key and record_id.
-- The residue of sample_key by a prime is a random number that says nothing of the order by sample_key.
WITH wished AS (
    SELECT
        place,
        record_id,
        sample_key,
        margin,
        sample_key % 4294967291 < $audit AS audit,
        CASE WHEN status <> 'labeled' THEN 0 WHEN margin < coalesce($margin, margin + 1) THEN 1 END AS turn
    FROM answered
),
ranked AS (
    SELECT
        place,
        margin,
        audit,
        turn,
        row_number() OVER (
            ORDER BY turn ASC, margin ASC NULLS FIRST, sample_key ASC, record_id ASC
        ) AS rank
    FROM wished
    WHERE turn IS NOT NULL
)
SELECT
    place,
    margin,
    audit,
    CASE
        WHEN rank <= $budget AND turn = 0 THEN 'unanswered'
        WHEN rank <= $budget THEN 'margin'
        WHEN audit THEN 'audit'
        ELSE 'over_budget'
    END AS reason
FROM ranked
UNION ALL
SELECT
    place,
    margin,
    audit,
    CASE WHEN audit THEN 'audit' WHEN margin IS NULL THEN 'no_margin' ELSE 'confident' END AS reason
FROM wished
WHERE turn IS NULL
