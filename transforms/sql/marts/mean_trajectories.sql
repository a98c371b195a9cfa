-- The mean course of valence over conversations, of each role and of all turns, in equal parts of a conversation.
-- In: turns. Out: one row per question, role and bin. A conversation weighs the same however many turns it has.
-- Questions and conversations go by a number on the way, which is a smaller key than texts.
WITH sizes AS (
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
        DENSE_RANK() OVER (
            ORDER BY
                corpus ASC NULLS LAST,
                task ASC NULLS LAST,
                taxonomy ASC NULLS LAST,
                labeler ASC NULLS LAST
        ) AS question,
        COUNT(*) AS size
    FROM turns
    GROUP BY corpus, task, taxonomy, labeler, conversation_id
    HAVING COUNT(*) >= $min_turns
),
placed AS (
    SELECT
        sizes.question,
        sizes.number,
        turns.role,
        CAST(FLOOR((turns.place - 1) * $bins / sizes.size) AS INTEGER) + 1 AS bin,
        turns.valence
    FROM turns
    INNER JOIN sizes
        ON
            turns.corpus = sizes.corpus
            AND turns.task = sizes.task
            AND turns.taxonomy = sizes.taxonomy
            AND turns.labeler = sizes.labeler
            AND turns.conversation_id = sizes.conversation_id
    WHERE turns.valence IS NOT NULL
),
parts AS (
    SELECT question, number, role, bin, COUNT(*) AS told, SUM(valence) AS valence
    FROM placed
    GROUP BY question, number, role, bin
),
means AS (
    SELECT question, role, bin, told, valence / told AS valence
    FROM parts
    UNION ALL
    SELECT question, 'all' AS role, bin, SUM(told) AS told, SUM(valence) / SUM(told) AS valence
    FROM parts
    GROUP BY question, number, bin
),
figures AS (
    SELECT
        question,
        role,
        bin,
        COUNT(*) AS conversations,
        SUM(told) AS turns,
        AVG(valence) AS mean,
        1.96 * STDDEV_SAMP(valence) / SQRT(COUNT(*)) AS half
    FROM means
    GROUP BY question, role, bin
),
questions AS (
    SELECT DISTINCT question, corpus, task, taxonomy, labeler
    FROM sizes
)
SELECT
    questions.corpus,
    questions.task,
    questions.taxonomy,
    questions.labeler,
    figures.role,
    figures.bin,
    CAST(figures.conversations AS BIGINT) AS conversations,
    CAST(figures.turns AS BIGINT) AS turns,
    figures.mean AS valence,
    figures.mean - figures.half AS low,
    figures.mean + figures.half AS high
FROM figures
INNER JOIN questions ON figures.question = questions.question
