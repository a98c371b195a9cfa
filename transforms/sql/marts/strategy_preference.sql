-- Strategies counted, for transforms/marts/strategy_preference.py.
-- In: answers, turns, ratings. Out: one row per question, role, phase (0: all; 1 to 5: fifths of the conversation),
-- part and strategy that occurs. part 'given': n records have the strategy; 'people': people's ratings of the same
-- records say it n times; 'confused': n times the labeler gives `strategy`, which a rating of the record does not say,
-- and does not give `said`, which the rating says. Where people agreed on labels (no annotator), only those count.
WITH asked AS (
    SELECT corpus, task, taxonomy, labeler, record_id, role, labels
    FROM answers
    WHERE task IN ('support_strategy', 'talk_type', 'intent') AND labels IS NOT NULL
),
placed AS (
    SELECT
        task,
        taxonomy,
        labeler,
        record_id,
        CAST(
            FLOOR(
                CAST(5 * (place - 1) AS DOUBLE)
                / CAST(MAX(place) OVER (PARTITION BY conversation_id, task, taxonomy, labeler) AS DOUBLE)
            ) AS INTEGER
        ) + 1 AS phase
    FROM turns
    WHERE task IN ('support_strategy', 'talk_type', 'intent')
),
phased AS (
    SELECT
        asked.corpus, asked.task, asked.taxonomy, asked.labeler, asked.record_id, asked.role, placed.phase,
        asked.labels
    FROM asked
    LEFT JOIN placed
        ON asked.record_id = placed.record_id
        AND asked.task = placed.task
        AND asked.taxonomy = placed.taxonomy
        AND asked.labeler = placed.labeler
),
rated AS (
    SELECT
        corpus,
        task,
        taxonomy,
        record_id,
        labels,
        annotator IS NULL AS agreed,
        MAX(CASE WHEN annotator IS NULL THEN 1 ELSE 0 END) OVER (
            PARTITION BY corpus, task, taxonomy, record_id
        ) AS has_agreed
    FROM ratings
    WHERE task IN ('support_strategy', 'talk_type', 'intent') AND labels IS NOT NULL
),
compared AS (
    SELECT
        phased.corpus,
        phased.task,
        phased.taxonomy,
        phased.labeler,
        phased.role,
        phased.phase,
        phased.labels AS given_labels,
        rated.labels AS said_labels,
        COUNT(*) AS n
    FROM phased
    INNER JOIN rated
        ON phased.record_id = rated.record_id
        AND phased.corpus = rated.corpus
        AND phased.task = rated.task
        AND phased.taxonomy = rated.taxonomy
    WHERE rated.agreed OR rated.has_agreed = 0
    GROUP BY
        phased.corpus, phased.task, phased.taxonomy, phased.labeler, phased.role, phased.phase, phased.labels,
        rated.labels
),
given AS (
    SELECT corpus, task, taxonomy, labeler, role, phase, labels, COUNT(*) AS n
    FROM phased
    GROUP BY corpus, task, taxonomy, labeler, role, phase, labels
),
wrong AS (
    SELECT
        corpus, task, taxonomy, labeler, role, phase, UNNEST(given_labels) AS strategy, given_labels, said_labels, n
    FROM compared
),
pairs AS (
    SELECT
        corpus, task, taxonomy, labeler, role, phase, strategy, UNNEST(said_labels) AS said, given_labels,
        said_labels, n
    FROM wrong
),
parts AS (
    SELECT
        corpus, task, taxonomy, labeler, role, phase, 'given' AS part, UNNEST(labels) AS strategy,
        CAST(NULL AS VARCHAR) AS said, n
    FROM given
    UNION ALL
    SELECT
        corpus, task, taxonomy, labeler, role, phase, 'people' AS part, UNNEST(said_labels) AS strategy,
        CAST(NULL AS VARCHAR) AS said, n
    FROM compared
    UNION ALL
    SELECT corpus, task, taxonomy, labeler, role, phase, 'confused' AS part, strategy, said, n
    FROM pairs
    WHERE NOT ARRAY_CONTAINS(said_labels, strategy) AND NOT ARRAY_CONTAINS(given_labels, said)
),
-- What has no place in a conversation counts in phase 0 alone.
everywhere AS (
    SELECT corpus, task, taxonomy, labeler, role, 0 AS phase, part, strategy, said, n
    FROM parts
    UNION ALL
    SELECT corpus, task, taxonomy, labeler, role, phase, part, strategy, said, n
    FROM parts
    WHERE phase IS NOT NULL
)
SELECT
    corpus,
    task,
    taxonomy,
    labeler,
    role,
    CAST(phase AS INTEGER) AS phase,
    part,
    strategy,
    said,
    CAST(SUM(n) AS BIGINT) AS n
FROM everywhere
GROUP BY corpus, task, taxonomy, labeler, role, phase, part, strategy, said
