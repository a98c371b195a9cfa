-- Runs of hostile turns: as many successive places of a conversation as are hostile, two at least.
-- In: turns. Out: one row per question, conversation and run.
WITH hostile_turns AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        conversation_id,
        place,
        record_id,
        speaker,
        role,
        confidence,
        CASE
            WHEN LAG(place) OVER (
                PARTITION BY corpus, task, taxonomy, labeler, conversation_id ORDER BY place ASC NULLS LAST
            ) = place - 1 THEN 0
            ELSE 1
        END AS starts
    FROM turns
    WHERE hostile
),
runs AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        conversation_id,
        place,
        record_id,
        speaker,
        role,
        confidence,
        starts,
        SUM(starts) OVER (
            PARTITION BY corpus, task, taxonomy, labeler, conversation_id
            ORDER BY place ASC NULLS LAST
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS run
    FROM hostile_turns
)
SELECT
    corpus,
    task,
    taxonomy,
    labeler,
    conversation_id,
    CAST(MIN(place) AS INTEGER) AS start_place,
    CAST(MAX(place) AS INTEGER) AS end_place,
    CAST(COUNT(*) AS BIGINT) AS turns,
    CAST(NULLIF(COUNT(DISTINCT speaker), 0) AS BIGINT) AS speakers,
    MAX(CASE WHEN starts = 1 THEN record_id END) AS start_record,
    AVG(confidence) AS mean_confidence,
    MAX(CASE WHEN starts = 1 THEN role END) AS started_by_role
FROM runs
GROUP BY corpus, task, taxonomy, labeler, conversation_id, run
HAVING COUNT(*) >= 2
