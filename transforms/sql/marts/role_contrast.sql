-- What one role's records are labeled more often than those of all other roles: the view of the participant alone
-- against that of the interviewer alone.
-- In: answers. Out: one row per question, role and label that occurs in the question; a null label is "no label
-- applies". Rows without a role, and questions with one role only, are left out.
WITH sets AS (
    SELECT corpus, task, taxonomy, labeler, role, labels, COUNT(*) AS n
    FROM answers
    WHERE labels IS NOT NULL AND role IS NOT NULL
    GROUP BY corpus, task, taxonomy, labeler, role, labels
),
roles AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        role,
        SUM(n) AS all_n,
        SUM(SUM(n)) OVER (PARTITION BY corpus, task, taxonomy, labeler) AS question_rows,
        COUNT(*) OVER (PARTITION BY corpus, task, taxonomy, labeler) AS question_roles
    FROM sets
    GROUP BY corpus, task, taxonomy, labeler, role
),
given AS (
    SELECT corpus, task, taxonomy, labeler, role, UNNEST(labels) AS label, n
    FROM sets
    UNION ALL
    SELECT corpus, task, taxonomy, labeler, role, CAST(NULL AS VARCHAR) AS label, n
    FROM sets
    WHERE ARRAY_LENGTH(labels) = 0
),
labels AS (
    SELECT corpus, task, taxonomy, labeler, label, SUM(n) AS question_n
    FROM given
    GROUP BY corpus, task, taxonomy, labeler, label
),
counts AS (
    SELECT corpus, task, taxonomy, labeler, role, label, SUM(n) AS n
    FROM given
    GROUP BY corpus, task, taxonomy, labeler, role, label
),
compared AS (
    SELECT
        roles.corpus,
        roles.task,
        roles.taxonomy,
        roles.labeler,
        roles.role,
        labels.label,
        CAST(COALESCE(counts.n, 0) AS DOUBLE) AS n,
        CAST(roles.all_n AS DOUBLE) AS all_n,
        CAST(labels.question_n - COALESCE(counts.n, 0) AS DOUBLE) AS other_n,
        CAST(roles.question_rows - roles.all_n AS DOUBLE) AS other_rows
    FROM roles
    INNER JOIN labels
        ON roles.corpus = labels.corpus
        AND roles.task = labels.task
        AND roles.taxonomy = labels.taxonomy
        AND roles.labeler = labels.labeler
    LEFT JOIN counts
        ON roles.corpus = counts.corpus
        AND roles.task = counts.task
        AND roles.taxonomy = counts.taxonomy
        AND roles.labeler = counts.labeler
        AND roles.role = counts.role
        AND labels.label IS NOT DISTINCT FROM counts.label
    WHERE roles.question_roles > 1
),
measured AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        role,
        label,
        n,
        all_n,
        other_n,
        other_rows,
        LN((n + 0.5) / (all_n - n + 0.5)) - LN((other_n + 0.5) / (other_rows - other_n + 0.5)) AS log_odds,
        1 / (n + 0.5) + 1 / (all_n - n + 0.5) + 1 / (other_n + 0.5) + 1 / (other_rows - other_n + 0.5) AS variance
    FROM compared
)
SELECT
    corpus,
    task,
    taxonomy,
    labeler,
    role,
    label,
    CAST(n AS BIGINT) AS n,
    CAST(all_n AS BIGINT) AS rows,
    n / all_n AS share,
    CAST(other_n AS BIGINT) AS other_n,
    CAST(other_rows AS BIGINT) AS other_rows,
    other_n / other_rows AS other_share,
    log_odds,
    log_odds / SQRT(variance) AS z
FROM measured
