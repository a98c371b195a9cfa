-- Names that rows of a conversation lack because they lie in another piece of it than the speaker who bears them.
-- In: records(conversation_id, pii_hints, domain, shard). Out: shard, conversation_id, names (all of the conversation, in
-- any order), one line per shard and conversation in which some row lacks one. In posts names of accounts are no names of
-- people: the domain social has only what its rows have.
WITH named AS (
    SELECT conversation_id, pii_hints, shard
    FROM records
    WHERE conversation_id IS NOT NULL AND domain <> 'social'
),
names AS (
    SELECT DISTINCT conversation_id, name
    FROM (SELECT conversation_id, unnest(pii_hints) AS name FROM named)
),
totals AS (
    SELECT conversation_id, count(*) AS total FROM names GROUP BY conversation_id
),
lacking AS (
    SELECT DISTINCT named.shard, named.conversation_id
    FROM named
    INNER JOIN totals ON named.conversation_id = totals.conversation_id
    WHERE coalesce(array_length(named.pii_hints), 0) < totals.total
)
SELECT lacking.shard, lacking.conversation_id, list(names.name) AS names
FROM lacking
INNER JOIN names ON lacking.conversation_id = names.conversation_id
GROUP BY lacking.shard, lacking.conversation_id
ORDER BY lacking.shard, lacking.conversation_id
