-- Valence and arousal along a conversation, in equal parts of its turns.
-- In: turns. Out: one row per question, conversation of enough turns (and of some valence) and bin.
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
    SELECT questions.question, turns.conversation_id, turns.place, turns.valence, turns.arousal
    FROM turns
    INNER JOIN questions
        ON
            turns.corpus = questions.corpus
            AND turns.task = questions.task
            AND turns.taxonomy = questions.taxonomy
            AND turns.labeler = questions.labeler
),
sizes AS (
    SELECT
        question,
        conversation_id,
        COUNT(*) AS size
    FROM told
    GROUP BY question, conversation_id
    HAVING COUNT(*) >= $min_turns AND COUNT(valence) > 0
),
placed AS (
    SELECT
        sizes.question,
        sizes.conversation_id,
        CAST(FLOOR((told.place - 1) * $bins / sizes.size) AS INTEGER) + 1 AS bin,
        told.valence,
        told.arousal
    FROM told
    INNER JOIN sizes ON told.question = sizes.question AND told.conversation_id = sizes.conversation_id
),
parts AS (
    SELECT
        question,
        conversation_id,
        bin,
        COUNT(*) AS turns,
        COUNT(valence) AS told,
        SUM(valence) AS valence,
        AVG(arousal) AS arousal
    FROM placed
    GROUP BY question, conversation_id, bin
),
around AS (
    SELECT
        question,
        conversation_id,
        bin,
        turns,
        told,
        valence,
        arousal,
        SUM(told) OVER near AS told_near,
        SUM(valence) OVER near AS valence_near
    FROM parts
    WINDOW near AS (
        PARTITION BY question, conversation_id
        ORDER BY bin ASC NULLS LAST
        RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING
    )
)
SELECT
    questions.corpus,
    questions.task,
    questions.taxonomy,
    questions.labeler,
    around.conversation_id,
    around.bin,
    CAST($bins AS INTEGER) AS bins,
    CAST(around.turns AS BIGINT) AS turns,
    around.valence / NULLIF(around.told, 0) AS valence,
    around.valence_near / NULLIF(around.told_near, 0) AS smoothed,
    around.arousal
FROM around
INNER JOIN questions ON around.question = questions.question
