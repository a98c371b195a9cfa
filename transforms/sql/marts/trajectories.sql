-- Valence and arousal along a conversation, in equal parts of its turns.
-- In: turns. Out: one row per question, conversation of enough turns (and of some valence) and bin.
-- Conversations go by a number on the way, which is a smaller key than five texts.
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
        COUNT(*) AS size
    FROM turns
    GROUP BY corpus, task, taxonomy, labeler, conversation_id
    HAVING COUNT(*) >= $min_turns AND COUNT(valence) > 0
),
placed AS (
    SELECT
        sizes.number,
        CAST(FLOOR((turns.place - 1) * $bins / sizes.size) AS INTEGER) + 1 AS bin,
        turns.valence,
        turns.arousal
    FROM turns
    INNER JOIN sizes
        ON
            turns.corpus = sizes.corpus
            AND turns.task = sizes.task
            AND turns.taxonomy = sizes.taxonomy
            AND turns.labeler = sizes.labeler
            AND turns.conversation_id = sizes.conversation_id
),
parts AS (
    SELECT
        number,
        bin,
        COUNT(*) AS turns,
        COUNT(valence) AS told,
        SUM(valence) AS valence,
        AVG(arousal) AS arousal
    FROM placed
    GROUP BY number, bin
),
around AS (
    SELECT
        number,
        bin,
        turns,
        told,
        valence,
        arousal,
        SUM(told) OVER near AS told_near,
        SUM(valence) OVER near AS valence_near
    FROM parts
    WINDOW near AS (
        PARTITION BY number
        ORDER BY bin ASC NULLS LAST
        RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING
    )
)
SELECT
    sizes.corpus,
    sizes.task,
    sizes.taxonomy,
    sizes.labeler,
    sizes.conversation_id,
    around.bin,
    CAST($bins AS INTEGER) AS bins,
    CAST(around.turns AS BIGINT) AS turns,
    around.valence / NULLIF(around.told, 0) AS valence,
    around.valence_near / NULLIF(around.told_near, 0) AS smoothed,
    around.arousal
FROM around
INNER JOIN sizes ON around.number = sizes.number
