-- The groups that say something, with a number for each. In: base_counted. Out: group_id INTEGER, question_id, label.
SELECT
    CAST(row_number() OVER (ORDER BY question_id ASC NULLS FIRST, label ASC NULLS FIRST) AS INTEGER) AS group_id,
    question_id,
    label
FROM (SELECT DISTINCT question_id, label FROM base_counted) AS groups
