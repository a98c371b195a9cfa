-- Where the level of valence changes most within a conversation: the greatest cumulated deviation from its mean.
-- In: turns. Out: one row per question and conversation with enough turns that have a valence; the figures of a
-- conversation whose valence never changes are null.
-- Conversations go by a number on the way, which is a smaller key than five texts.
WITH totals AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        conversation_id,
        ROW_NUMBER() OVER (
            ORDER BY
                corpus ASC NULLS LAST,
                task ASC NULLS LAST,
                taxonomy ASC NULLS LAST,
                labeler ASC NULLS LAST,
                conversation_id ASC NULLS LAST
        ) AS number,
        COUNT(*) AS n,
        SUM(valence) AS total,
        CASE WHEN MAX(valence) - MIN(valence) > 1e-9 THEN STDDEV_POP(valence) END AS sd
    FROM turns
    WHERE valence IS NOT NULL
    GROUP BY corpus, task, taxonomy, labeler, conversation_id
    HAVING COUNT(*) >= $min_turns
),
numbered AS (
    SELECT totals.number, totals.n, totals.total / totals.n AS mean, turns.place, turns.valence
    FROM turns
    INNER JOIN totals
        ON
            turns.corpus = totals.corpus
            AND turns.task = totals.task
            AND turns.taxonomy = totals.taxonomy
            AND turns.labeler = totals.labeler
            AND turns.conversation_id = totals.conversation_id
    WHERE turns.valence IS NOT NULL
),
steps AS (
    SELECT
        number,
        n,
        mean,
        SUM(valence) OVER path AS sum_here,
        COUNT(valence) OVER path AS n_here,
        LEAD(place) OVER path AS next_place
    FROM numbered
    WINDOW path AS (
        PARTITION BY number
        ORDER BY place ASC NULLS LAST
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),
-- The greatest deviation, the earliest of equal ones (rounded, that no last bit decides), with what was there.
peaks AS (
    SELECT
        number,
        MAX(STRUCT_PACK(
            deviation := ROUND(ABS(sum_here - n_here * mean), 9),
            earlier := -n_here,
            place := next_place,
            total := sum_here
        )) AS peak
    FROM steps
    WHERE n_here < n
    GROUP BY number
),
figures AS (
    SELECT
        totals.corpus,
        totals.task,
        totals.taxonomy,
        totals.labeler,
        totals.conversation_id,
        totals.n,
        CASE WHEN totals.sd IS NOT NULL THEN peaks.peak.place END AS place,
        CASE WHEN totals.sd IS NOT NULL THEN peaks.peak.total / (-peaks.peak.earlier) END AS valence_before,
        CASE
            WHEN totals.sd IS NOT NULL
                THEN (totals.total - peaks.peak.total) / (totals.n + peaks.peak.earlier)
        END AS valence_after,
        peaks.peak.deviation / (totals.sd * SQRT(totals.n)) AS statistic
    FROM totals
    INNER JOIN peaks ON totals.number = peaks.number
)
SELECT
    corpus,
    task,
    taxonomy,
    labeler,
    conversation_id,
    CAST(n AS BIGINT) AS turns,
    CAST(place AS INTEGER) AS place,
    valence_before,
    valence_after,
    valence_after - valence_before AS change,
    statistic,
    statistic > $critical AS significant
FROM figures
