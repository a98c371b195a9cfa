-- How often each label is given, by day and role.
-- In: answers, score_sums. Out: one row per question, domain, day, role and label that occurs; a null label is "no
-- label applies". Answers by numbers alone (labels null) are left out. Sets of labels are counted first: they are few.
WITH sets AS (
    SELECT corpus, task, taxonomy, labeler, domain, day, role, labels, COUNT(*) AS n
    FROM answers
    WHERE labels IS NOT NULL
    GROUP BY corpus, task, taxonomy, labeler, domain, day, role, labels
),
totals AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        domain,
        day,
        role,
        labels,
        n,
        SUM(n) OVER (PARTITION BY corpus, task, taxonomy, labeler, domain, day, role) AS all_n
    FROM sets
),
given AS (
    SELECT corpus, task, taxonomy, labeler, domain, day, role, UNNEST(labels) AS label, n, all_n
    FROM totals
    UNION ALL
    SELECT corpus, task, taxonomy, labeler, domain, day, role, CAST(NULL AS VARCHAR) AS label, n, all_n
    FROM totals
    WHERE ARRAY_LENGTH(labels) = 0
),
counts AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        domain,
        day,
        role,
        label,
        SUM(n) AS n,
        MAX(all_n) AS all_n
    FROM given
    GROUP BY corpus, task, taxonomy, labeler, domain, day, role, label
)
SELECT
    counts.corpus,
    counts.task,
    counts.taxonomy,
    counts.labeler,
    counts.domain,
    counts.day,
    counts.role,
    counts.label,
    CAST(counts.n AS BIGINT) AS n,
    CAST(counts.all_n AS BIGINT) AS rows,
    CAST(counts.n AS DOUBLE) / CAST(counts.all_n AS DOUBLE) AS share,
    score_sums.probability / CAST(NULLIF(score_sums.n, 0) AS DOUBLE) AS mean_probability
FROM counts
LEFT JOIN score_sums
    ON counts.corpus = score_sums.corpus
    AND counts.task = score_sums.task
    AND counts.taxonomy = score_sums.taxonomy
    AND counts.labeler = score_sums.labeler
    AND counts.label = score_sums.label
    AND counts.day IS NOT DISTINCT FROM score_sums.day
    AND counts.role IS NOT DISTINCT FROM score_sums.role
