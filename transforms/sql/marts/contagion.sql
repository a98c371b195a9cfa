-- Does a label become more likely when the turn before, another speaker's, has it?
-- In: turns. Out: one row per question, pair of roles and label that occurs before or after. onset_* count only turns
-- whose speaker did not have the label in their own turn before (or has none).
WITH cells AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        previous_role AS from_role,
        role AS to_role,
        previous_state,
        own_state,
        state,
        COUNT(*) AS n
    FROM turns
    WHERE previous_record IS NOT NULL AND previous_speaker <> speaker
    GROUP BY corpus, task, taxonomy, labeler, previous_role, role, previous_state, own_state, state
),
sized AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        from_role,
        to_role,
        previous_state,
        own_state,
        state,
        n,
        SUM(n) OVER (PARTITION BY corpus, task, taxonomy, labeler, from_role, to_role) AS pairs
    FROM cells
),
-- A cell counts once for each label that is in it.
told AS (
    SELECT
        corpus, task, taxonomy, labeler, from_role, to_role, previous_state, own_state, state, n, pairs,
        previous_state AS label
    FROM sized
    WHERE previous_state IS NOT NULL
    UNION ALL
    SELECT
        corpus, task, taxonomy, labeler, from_role, to_role, previous_state, own_state, state, n, pairs,
        state AS label
    FROM sized
    WHERE state IS NOT NULL AND state IS DISTINCT FROM previous_state
    UNION ALL
    SELECT
        corpus, task, taxonomy, labeler, from_role, to_role, previous_state, own_state, state, n, pairs,
        own_state AS label
    FROM sized
    WHERE
        own_state IS NOT NULL
        AND own_state IS DISTINCT FROM previous_state
        AND own_state IS DISTINCT FROM state
),
sums AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        from_role,
        to_role,
        label,
        CAST(MAX(pairs) AS DOUBLE) AS pairs,
        CAST(SUM(CASE WHEN previous_state = label THEN n ELSE 0 END) AS DOUBLE) AS exposed,
        CAST(SUM(CASE WHEN state = label THEN n ELSE 0 END) AS DOUBLE) AS present,
        CAST(SUM(CASE WHEN previous_state = label AND state = label THEN n ELSE 0 END) AS DOUBLE) AS exposed_with,
        CAST(SUM(CASE WHEN own_state = label THEN n ELSE 0 END) AS DOUBLE) AS own,
        CAST(SUM(CASE WHEN own_state = label AND previous_state = label THEN n ELSE 0 END) AS DOUBLE)
            AS own_exposed,
        CAST(SUM(CASE WHEN own_state = label AND state = label THEN n ELSE 0 END) AS DOUBLE) AS own_present,
        CAST(SUM(
            CASE WHEN own_state = label AND previous_state = label AND state = label THEN n ELSE 0 END
        ) AS DOUBLE) AS own_exposed_with
    FROM told
    GROUP BY corpus, task, taxonomy, labeler, from_role, to_role, label
),
counts AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        from_role,
        to_role,
        label,
        pairs,
        present / pairs AS pooled,
        exposed,
        exposed_with,
        pairs - exposed AS unexposed,
        present - exposed_with AS unexposed_with,
        exposed - own_exposed AS onset_exposed,
        exposed_with - own_exposed_with AS onset_exposed_with,
        (pairs - exposed) - (own - own_exposed) AS onset_unexposed,
        (present - exposed_with) - (own_present - own_exposed_with) AS onset_unexposed_with
    FROM sums
    WHERE exposed > 0 OR present > 0
),
rates AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        from_role,
        to_role,
        label,
        pairs,
        pooled,
        exposed,
        exposed_with,
        unexposed,
        unexposed_with,
        onset_exposed,
        onset_exposed_with,
        onset_unexposed,
        onset_unexposed_with,
        exposed_with / NULLIF(exposed, 0) AS rate_exposed,
        unexposed_with / NULLIF(unexposed, 0) AS rate_unexposed
    FROM counts
)
SELECT
    corpus,
    task,
    taxonomy,
    labeler,
    from_role,
    to_role,
    label,
    CAST(pairs AS BIGINT) AS pairs,
    CAST(exposed AS BIGINT) AS exposed,
    CAST(exposed_with AS BIGINT) AS exposed_with,
    CAST(unexposed AS BIGINT) AS unexposed,
    CAST(unexposed_with AS BIGINT) AS unexposed_with,
    rate_exposed,
    rate_unexposed,
    rate_exposed - rate_unexposed AS difference,
    rate_exposed / NULLIF(rate_unexposed, 0) AS relative_risk,
    CASE
        WHEN exposed > 0 AND unexposed > 0 AND pooled > 0 AND pooled < 1
            THEN (rate_exposed - rate_unexposed) / SQRT(pooled * (1 - pooled) * (1 / exposed + 1 / unexposed))
    END AS z,
    CAST(onset_exposed AS BIGINT) AS onset_exposed,
    CAST(onset_exposed_with AS BIGINT) AS onset_exposed_with,
    CAST(onset_unexposed AS BIGINT) AS onset_unexposed,
    CAST(onset_unexposed_with AS BIGINT) AS onset_unexposed_with,
    onset_exposed_with / NULLIF(onset_exposed, 0)
    - onset_unexposed_with / NULLIF(onset_unexposed, 0) AS onset_difference
FROM rates
