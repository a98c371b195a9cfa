-- The daily share of each label, as series that are cut into segments by transforms/marts/change_points.py.
-- In: answers. Out: one row per question, label that occurs in it (null: no label applies) and day with rows, of the
-- questions with at least $min_days such days. A day without rows is no point; a day without the label is a share of 0.
WITH sets AS (
    SELECT corpus, task, taxonomy, labeler, day, labels, COUNT(*) AS n
    FROM answers
    WHERE labels IS NOT NULL AND day IS NOT NULL
    GROUP BY corpus, task, taxonomy, labeler, day, labels
),
days AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        day,
        SUM(n) AS all_n,
        COUNT(*) OVER (PARTITION BY corpus, task, taxonomy, labeler) AS question_days
    FROM sets
    GROUP BY corpus, task, taxonomy, labeler, day
),
given AS (
    SELECT corpus, task, taxonomy, labeler, day, UNNEST(labels) AS label, n
    FROM sets
    UNION ALL
    SELECT corpus, task, taxonomy, labeler, day, CAST(NULL AS VARCHAR) AS label, n
    FROM sets
    WHERE ARRAY_LENGTH(labels) = 0
),
labels AS (
    SELECT DISTINCT corpus, task, taxonomy, labeler, label
    FROM given
),
counts AS (
    SELECT corpus, task, taxonomy, labeler, day, label, SUM(n) AS n
    FROM given
    GROUP BY corpus, task, taxonomy, labeler, day, label
)
SELECT
    days.corpus,
    days.task,
    days.taxonomy,
    days.labeler,
    labels.label,
    days.day,
    CAST(COALESCE(counts.n, 0) AS BIGINT) AS n,
    CAST(days.all_n AS BIGINT) AS rows,
    CAST(COALESCE(counts.n, 0) AS DOUBLE) / CAST(days.all_n AS DOUBLE) AS share
FROM days
INNER JOIN labels
    ON days.corpus = labels.corpus
    AND days.task = labels.task
    AND days.taxonomy = labels.taxonomy
    AND days.labeler = labels.labeler
LEFT JOIN counts
    ON days.corpus = counts.corpus
    AND days.task = counts.task
    AND days.taxonomy = counts.taxonomy
    AND days.labeler = counts.labeler
    AND days.day = counts.day
    AND labels.label IS NOT DISTINCT FROM counts.label
WHERE days.question_days >= $min_days
