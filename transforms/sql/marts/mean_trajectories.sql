-- The mean course of valence over conversations, of each role and of all turns, in equal parts of a conversation.
-- In: turns. Out: one row per question, role and bin. A conversation weighs the same however many turns it has.
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
    SELECT questions.question, turns.conversation_id, turns.place, turns.role, turns.valence
    FROM turns
    INNER JOIN questions
        ON
            turns.corpus = questions.corpus
            AND turns.task = questions.task
            AND turns.taxonomy = questions.taxonomy
            AND turns.labeler = questions.labeler
),
sizes AS (
    SELECT question, conversation_id, COUNT(*) AS size
    FROM told
    GROUP BY question, conversation_id
    HAVING COUNT(*) >= $min_turns
),
placed AS (
    SELECT
        sizes.question,
        sizes.conversation_id,
        told.role,
        CAST(FLOOR((told.place - 1) * $bins / sizes.size) AS INTEGER) + 1 AS bin,
        told.valence
    FROM told
    INNER JOIN sizes ON told.question = sizes.question AND told.conversation_id = sizes.conversation_id
    WHERE told.valence IS NOT NULL
),
parts AS (
    SELECT question, conversation_id, role, bin, COUNT(*) AS told, SUM(valence) AS valence
    FROM placed
    GROUP BY question, conversation_id, role, bin
),
means AS (
    SELECT question, role, bin, told, valence / told AS valence
    FROM parts
    UNION ALL
    SELECT question, 'all' AS role, bin, SUM(told) AS told, SUM(valence) / SUM(told) AS valence
    FROM parts
    GROUP BY question, conversation_id, bin
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
