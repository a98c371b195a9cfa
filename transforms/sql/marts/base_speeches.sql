-- What each speaker says in a conversation, turn by turn, with the tactics of each turn: strategies of support, kinds
-- of talk or intents. A corpus in which nobody asked for these has its first question's turns, without tactics.
-- In: turns, answers, base_records. Out: speech BIGINT (one speaker in one conversation, by one question: the question's
-- number and the number of the first record), corpus, task, taxonomy, labeler, conversation_id, speaker, role, number,
-- place, own_place, tactics VARCHAR[], source.
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
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        coalesce(source, 'wording') AS source,
        row_number() OVER (
            ORDER BY
                corpus ASC NULLS LAST,
                task ASC NULLS LAST,
                taxonomy ASC NULLS LAST,
                labeler ASC NULLS LAST
        ) AS question
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
        chosen.question,
        count(*) OVER (PARTITION BY chosen.question, turns.conversation_id, turns.speaker) AS turns
    FROM turns
    INNER JOIN chosen
        ON
            turns.corpus = chosen.corpus
            AND turns.task = chosen.task
            AND turns.taxonomy = chosen.taxonomy
            AND turns.labeler = chosen.labeler
    WHERE turns.speaker IS NOT NULL
),
told AS (
    SELECT spoken.*, answers.labels
    FROM answers
    INNER JOIN spoken
        ON
            answers.record_id = spoken.record_id
            AND answers.corpus = spoken.corpus
            AND answers.task = spoken.task
            AND answers.taxonomy = spoken.taxonomy
            AND answers.labeler = spoken.labeler
    WHERE spoken.turns >= 2
)
SELECT
    told.question * 4294967296
    + min(base_records.number) OVER (PARTITION BY told.question, told.conversation_id, told.speaker) AS speech,
    told.corpus,
    told.task,
    told.taxonomy,
    told.labeler,
    told.conversation_id,
    told.speaker,
    told.role,
    base_records.number,
    told.place,
    told.own_place,
    CASE WHEN told.source <> 'wording' THEN told.labels END AS tactics,
    told.source
FROM base_records
INNER JOIN told ON base_records.corpus = told.corpus AND base_records.record_id = told.record_id
