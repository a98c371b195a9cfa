-- Turns: the answers that have a place in a conversation, each beside the turn that it follows and the same speaker's
-- turn before. Turns go by their number, else by their date; a row with neither has no place.
-- In: placeable: answers of some conversations, whole; replies(record_id, reply_to): records that answer another one.
-- Out: the columns of answers but labels, partition, turn and domain; place (from 1); previous_*: of the record that
-- this one answers (null where that has no label, or is of another conversation), of a row that answers none the one at
-- the place before; own_*: of the speaker's turn before.
WITH placed AS (
    SELECT
        corpus, task, taxonomy, labeler, record_id, day, conversation_id, created_at, speaker, role, state, confidence,
        valence, arousal, hostile, bucket,
        CAST(row_number() OVER (
            PARTITION BY conversation_id, task, taxonomy, labeler
            ORDER BY turn ASC NULLS LAST, created_at ASC NULLS LAST, record_id ASC
        ) AS INTEGER) AS place
    FROM placeable
    WHERE turn IS NOT NULL OR created_at IS NOT NULL
),
followed AS (
    SELECT
        placed.*,
        replies.reply_to,
        lag(placed.record_id) OVER conversation AS before_record,
        lag(placed.speaker) OVER conversation AS before_speaker,
        lag(placed.role) OVER conversation AS before_role,
        lag(placed.state) OVER conversation AS before_state,
        lag(placed.valence) OVER conversation AS before_valence,
        lag(placed.hostile) OVER conversation AS before_hostile
    FROM placed
    LEFT JOIN replies ON placed.record_id = replies.record_id
    WINDOW conversation AS (
        PARTITION BY placed.conversation_id, placed.task, placed.taxonomy, placed.labeler ORDER BY placed.place ASC
    )
),
parents AS (
    -- Few records are answered: only they need to be looked up.
    SELECT placed.*
    FROM placed
    WHERE placed.record_id IN (SELECT reply_to FROM replies)
),
answered AS (
    SELECT
        followed.*,
        CASE WHEN followed.reply_to IS NULL THEN before_record ELSE parents.record_id END AS previous_record,
        CASE WHEN followed.reply_to IS NULL THEN before_speaker ELSE parents.speaker END AS previous_speaker,
        CASE WHEN followed.reply_to IS NULL THEN before_role ELSE parents.role END AS previous_role,
        CASE WHEN followed.reply_to IS NULL THEN before_state ELSE parents.state END AS previous_state,
        CASE WHEN followed.reply_to IS NULL THEN before_valence ELSE parents.valence END AS previous_valence,
        CASE WHEN followed.reply_to IS NULL THEN before_hostile ELSE parents.hostile END AS previous_hostile
    FROM followed
    LEFT JOIN parents
        ON followed.reply_to = parents.record_id
        AND followed.conversation_id = parents.conversation_id
        AND followed.task = parents.task
        AND followed.taxonomy = parents.taxonomy
        AND followed.labeler = parents.labeler
)
SELECT
    corpus, task, taxonomy, labeler, record_id, day, conversation_id, created_at, speaker, role, state, confidence,
    valence, arousal, hostile, bucket, place, previous_record, previous_speaker, previous_role, previous_state,
    previous_valence, previous_hostile,
    CASE WHEN speaker IS NOT NULL THEN lag(place) OVER own END AS own_place,
    CASE WHEN speaker IS NOT NULL THEN lag(state) OVER own END AS own_state,
    CASE WHEN speaker IS NOT NULL THEN lag(valence) OVER own END AS own_valence
FROM answered
WINDOW own AS (PARTITION BY conversation_id, speaker, task, taxonomy, labeler ORDER BY place ASC)
