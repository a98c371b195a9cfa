-- Places of kept turns in their conversation, for those conversations in which a row of this run needs its
-- earlier turns. Turns go by their number, else by their time in the recording, else by their date; a row with none
-- of these has no place. What answers another record comes after what does not, at the same time: a post must not see
-- its own replies, also where dates have no hours. In: turns(place, own, record_id, conversation_id, turn, start_ms,
-- created_at, reply_to, kept, size). Out: place, size, needs, conversation_id, position (from 1).
WITH wanted AS (
    SELECT DISTINCT conversation_id
    FROM turns
    WHERE own AND kept AND reply_to IS NULL AND conversation_id IS NOT NULL
)
SELECT
    turns.place,
    turns.size,
    turns.own AND turns.reply_to IS NULL AS needs,
    turns.conversation_id,
    row_number() OVER (
        PARTITION BY turns.conversation_id
        ORDER BY
            turns.turn ASC NULLS LAST,
            turns.start_ms ASC NULLS LAST,
            turns.created_at ASC NULLS LAST,
            CASE WHEN turns.reply_to IS NULL THEN 0 ELSE 1 END ASC,
            turns.record_id ASC
    ) AS position
FROM turns
INNER JOIN wanted ON turns.conversation_id = wanted.conversation_id
WHERE
    turns.kept
    AND (turns.turn IS NOT NULL OR turns.start_ms IS NOT NULL OR turns.created_at IS NOT NULL)
