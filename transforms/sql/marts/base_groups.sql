-- The groups of records whose words are counted: of each question those with a label, and those with none (NULL).
-- In: base_contrasts. Out: group_id INTEGER, question_id, label.
WITH named AS (
    SELECT question_id, unnest(labels) AS label FROM base_contrasts
    UNION ALL
    SELECT DISTINCT question_id, NULL AS label FROM base_contrasts
)
SELECT
    CAST(row_number() OVER (ORDER BY question_id ASC NULLS FIRST, label ASC NULLS FIRST) AS INTEGER) AS group_id,
    question_id,
    label
FROM (SELECT DISTINCT question_id, label FROM named) AS groups
