-- What each speaker says in a conversation, turn by turn, with the tactics of each turn: strategies of support, kinds
-- of talk or intents. A corpus in which nobody asked for these has its first question's turns, without tactics.
-- In: turns, answers, base_records. Out: speech INTEGER (one speaker in one conversation, by one question), corpus,
-- task, taxonomy, labeler, conversation_id, speaker, role, number, place, own_place, tactics VARCHAR[], source.
WITH questions AS (
    SELECT DISTINCT corpus, task, taxonomy, labeler FROM turns WHERE speaker IS NOT NULL
),
ranked AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        CASE
            WHEN task = 'support_strategy' THEN 'strategies'
            WHEN task IN ('talk_type', 'intent') THEN 'states'
        END AS source,
        max(CASE WHEN task IN ('support_strategy', 'talk_type', 'intent') THEN 1 ELSE 0 END)
            OVER (PARTITION BY corpus) AS has_tactics,
        row_number() OVER (
            PARTITION BY corpus ORDER BY task ASC NULLS LAST, taxonomy ASC NULLS LAST, labeler ASC NULLS LAST
        ) AS rank
    FROM questions
),
chosen AS (
    SELECT corpus, task, taxonomy, labeler, coalesce(source, 'wording') AS source
    FROM ranked
    WHERE source IS NOT NULL OR (has_tactics = 0 AND rank = 1)
),
spoken AS (
    SELECT
        turns.corpus,
        turns.task,
        turns.taxonomy,
        turns.labeler,
        turns.conversation_id,
        turns.speaker,
        turns.role,
        turns.record_id,
        turns.place,
        turns.own_place,
        chosen.source,
        count(*) OVER (
            PARTITION BY
                turns.corpus, turns.task, turns.taxonomy, turns.labeler, turns.conversation_id, turns.speaker
        ) AS turns
    FROM turns
    INNER JOIN chosen
        ON
            turns.corpus = chosen.corpus
            AND turns.task = chosen.task
            AND turns.taxonomy = chosen.taxonomy
            AND turns.labeler = chosen.labeler
    WHERE turns.speaker IS NOT NULL
)
SELECT
    CAST(dense_rank() OVER (
        ORDER BY
            spoken.corpus ASC NULLS FIRST,
            spoken.task ASC NULLS FIRST,
            spoken.taxonomy ASC NULLS FIRST,
            spoken.labeler ASC NULLS FIRST,
            spoken.conversation_id ASC NULLS FIRST,
            spoken.speaker ASC NULLS FIRST
    ) AS INTEGER) AS speech,
    spoken.corpus,
    spoken.task,
    spoken.taxonomy,
    spoken.labeler,
    spoken.conversation_id,
    spoken.speaker,
    spoken.role,
    base_records.number,
    spoken.place,
    spoken.own_place,
    CASE WHEN spoken.source <> 'wording' THEN answers.labels END AS tactics,
    spoken.source
FROM spoken
INNER JOIN base_records ON spoken.corpus = base_records.corpus AND spoken.record_id = base_records.record_id
INNER JOIN answers
    ON
        spoken.record_id = answers.record_id
        AND spoken.corpus = answers.corpus
        AND spoken.task = answers.task
        AND spoken.taxonomy = answers.taxonomy
        AND spoken.labeler = answers.labeler
WHERE spoken.turns >= 2
