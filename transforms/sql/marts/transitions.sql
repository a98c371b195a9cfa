-- How often a state follows a state: the same speaker's turn before, or the turn of another speaker that is answered.
-- In: turns. Out: one row per question, scope and pair of states that occurs; a null label is "no label".
-- A question whose states are all unknown (answered by numbers alone) has no rows.
WITH cells AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        own_place IS NOT NULL AS after_own,
        previous_record IS NOT NULL AND COALESCE(previous_speaker <> speaker, FALSE) AS after_other,
        own_state,
        previous_state,
        state,
        COUNT(*) AS n
    FROM turns
    GROUP BY
        corpus,
        task,
        taxonomy,
        labeler,
        own_place IS NOT NULL,
        previous_record IS NOT NULL AND COALESCE(previous_speaker <> speaker, FALSE),
        own_state,
        previous_state,
        state
),
pairs AS (
    SELECT
        corpus, task, taxonomy, labeler,
        'speaker' AS scope,
        own_state AS from_label,
        state AS to_label,
        n
    FROM cells
    WHERE after_own
    UNION ALL
    SELECT
        corpus, task, taxonomy, labeler,
        'reply' AS scope,
        previous_state AS from_label,
        state AS to_label,
        n
    FROM cells
    WHERE after_other
),
counts AS (
    SELECT corpus, task, taxonomy, labeler, scope, from_label, to_label, SUM(n) AS n
    FROM pairs
    GROUP BY corpus, task, taxonomy, labeler, scope, from_label, to_label
),
totals AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        scope,
        from_label,
        to_label,
        n,
        SUM(n) OVER (PARTITION BY corpus, task, taxonomy, labeler, scope, from_label) AS from_n,
        SUM(n) OVER (PARTITION BY corpus, task, taxonomy, labeler, scope, to_label) AS to_n,
        SUM(n) OVER (PARTITION BY corpus, task, taxonomy, labeler, scope) AS all_n,
        COUNT(COALESCE(from_label, to_label)) OVER (
            PARTITION BY corpus, task, taxonomy, labeler, scope
        ) AS told
    FROM counts
)
SELECT
    corpus,
    task,
    taxonomy,
    labeler,
    scope,
    from_label,
    to_label,
    CAST(n AS BIGINT) AS n,
    CAST(from_n AS BIGINT) AS from_n,
    CAST(n AS DOUBLE) / CAST(from_n AS DOUBLE) AS probability,
    CAST(to_n AS DOUBLE) / CAST(all_n AS DOUBLE) AS to_share,
    CAST(n AS DOUBLE) * CAST(all_n AS DOUBLE) / (CAST(from_n AS DOUBLE) * CAST(to_n AS DOUBLE)) AS lift
FROM totals
WHERE told > 0
