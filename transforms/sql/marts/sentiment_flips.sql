-- Where somebody's sentiment turns from positive to negative or back.
-- In: turns, labels_aspects. Out: one row per turn whose valence has the other sign than the same speaker's turn
-- before; and one per flip that a language model names in the answers of task aspects, with holder, target, aspect
-- and trigger.
WITH turned AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        conversation_id,
        speaker,
        role,
        place,
        record_id,
        own_place,
        CASE WHEN own_valence > 0 THEN 'positive' ELSE 'negative' END AS from_sentiment,
        CASE WHEN valence > 0 THEN 'positive' ELSE 'negative' END AS to_sentiment,
        valence - own_valence AS change,
        CASE WHEN previous_speaker <> speaker THEN previous_record END AS trigger_record,
        CASE WHEN previous_speaker <> speaker THEN previous_speaker END AS trigger_speaker,
        CASE WHEN previous_speaker <> speaker THEN previous_role END AS trigger_role
    FROM turns
    WHERE
        own_place IS NOT NULL
        AND (
            (own_valence >= $dead_zone AND valence <= -$dead_zone)
            OR (own_valence <= -$dead_zone AND valence >= $dead_zone)
        )
),
named AS (
    SELECT
        labels_aspects.corpus,
        labels_aspects.task,
        labels_aspects.taxonomy,
        labels_aspects.labeler,
        labels_aspects.record_id,
        labels_aspects.conversation_id,
        labels_aspects.speaker,
        labels_aspects.role,
        each_flip.flip
    FROM labels_aspects
    CROSS JOIN UNNEST(labels_aspects.answer.flips) AS each_flip (flip)
    WHERE labels_aspects.status = 'labeled'
),
placed AS (
    SELECT
        corpus, taxonomy, labeler, conversation_id, record_id, place, speaker,
        previous_record, previous_speaker, previous_role
    FROM turns
    WHERE task = 'aspects'
),
told AS (
    SELECT
        named.corpus,
        named.task,
        named.taxonomy,
        named.labeler,
        named.conversation_id,
        named.speaker,
        named.role,
        here.place,
        named.record_id,
        earlier.place AS own_place,
        named.flip.initial AS from_sentiment,
        named.flip.flipped AS to_sentiment,
        here.previous_speaker <> here.speaker AS by_other,
        here.previous_record,
        here.previous_speaker,
        here.previous_role,
        named.flip.holder AS holder,
        named.flip.target AS target,
        named.flip.aspect AS aspect,
        named.flip."trigger" AS "trigger"
    FROM named
    LEFT JOIN placed AS here
        ON
            named.corpus = here.corpus
            AND named.taxonomy = here.taxonomy
            AND named.labeler = here.labeler
            AND named.record_id = here.record_id
    LEFT JOIN placed AS earlier
        ON
            here.corpus = earlier.corpus
            AND here.taxonomy = earlier.taxonomy
            AND here.labeler = earlier.labeler
            AND here.conversation_id = earlier.conversation_id
            AND named.flip.turn.record_id = earlier.record_id
    -- What "flips" within one turn, or to the same sentiment, is no flip.
    WHERE named.flip.turn.back > 0 AND named.flip.initial <> named.flip.flipped
)
SELECT
    corpus,
    task,
    taxonomy,
    labeler,
    conversation_id,
    speaker,
    role,
    place,
    record_id,
    own_place,
    from_sentiment,
    to_sentiment,
    change,
    trigger_record,
    trigger_speaker,
    trigger_role,
    CAST(NULL AS VARCHAR) AS holder,
    CAST(NULL AS VARCHAR) AS target,
    CAST(NULL AS VARCHAR) AS aspect,
    CAST(NULL AS VARCHAR) AS "trigger"
FROM turned
UNION ALL
SELECT
    corpus,
    task,
    taxonomy,
    labeler,
    conversation_id,
    speaker,
    role,
    place,
    record_id,
    own_place,
    from_sentiment,
    to_sentiment,
    CAST(NULL AS DOUBLE) AS change,
    CASE WHEN by_other THEN previous_record END AS trigger_record,
    CASE WHEN by_other THEN previous_speaker END AS trigger_speaker,
    CASE WHEN by_other THEN previous_role END AS trigger_role,
    holder,
    target,
    aspect,
    "trigger"
FROM told
