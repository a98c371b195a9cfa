-- Where the level of valence changes most within a conversation: the greatest cumulated deviation from its mean.
-- In: turns. Out: one row per question and conversation with enough turns that have a valence; the figures of a
-- conversation whose valence never changes are null.
-- Questions go by a number on the way, which is a smaller key than four texts.
WITH questions AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        CAST(ROW_NUMBER() OVER (
            ORDER BY
                corpus ASC NULLS LAST,
                task ASC NULLS LAST,
                taxonomy ASC NULLS LAST,
                labeler ASC NULLS LAST
        ) AS INTEGER) AS question
    FROM (SELECT DISTINCT corpus, task, taxonomy, labeler FROM turns) AS asked
),
told AS (
    SELECT questions.question, turns.conversation_id, turns.place, turns.valence
    FROM turns
    INNER JOIN questions
        ON
            turns.corpus = questions.corpus
            AND turns.task = questions.task
            AND turns.taxonomy = questions.taxonomy
            AND turns.labeler = questions.labeler
    WHERE turns.valence IS NOT NULL
),
totals AS (
    SELECT
        question,
        conversation_id,
        COUNT(*) AS n,
        SUM(valence) AS total,
        CASE WHEN MAX(valence) - MIN(valence) > 1e-9 THEN STDDEV_POP(valence) END AS sd
    FROM told
    GROUP BY question, conversation_id
    HAVING COUNT(*) >= $min_turns
),
numbered AS (
    SELECT
        totals.question,
        totals.conversation_id,
        totals.n,
        totals.total / totals.n AS mean,
        told.place,
        told.valence
    FROM told
    INNER JOIN totals ON told.question = totals.question AND told.conversation_id = totals.conversation_id
),
steps AS (
    SELECT
        question,
        conversation_id,
        n,
        mean,
        SUM(valence) OVER path AS sum_here,
        COUNT(valence) OVER path AS n_here,
        LEAD(place) OVER (PARTITION BY question, conversation_id ORDER BY place ASC NULLS LAST) AS next_place
    FROM numbered
    WINDOW path AS (
        PARTITION BY question, conversation_id
        ORDER BY place ASC NULLS LAST
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),
-- The greatest deviation, the earliest of equal ones (rounded, that no last bit decides), with what was there.
peaks AS (
    SELECT
        question,
        conversation_id,
        MAX(STRUCT_PACK(
            deviation := ROUND(ABS(sum_here - n_here * mean), 9),
            earlier := -n_here,
            place := next_place,
            total := sum_here
        )) AS peak
    FROM steps
    WHERE n_here < n
    GROUP BY question, conversation_id
),
figures AS (
    SELECT
        questions.corpus,
        questions.task,
        questions.taxonomy,
        questions.labeler,
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
    INNER JOIN peaks ON totals.question = peaks.question AND totals.conversation_id = peaks.conversation_id
    INNER JOIN questions ON totals.question = questions.question
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
