-- How much a speaker repeats tactics and wording from turn to turn of a conversation (Zhan et al. 2026).
-- In: base_speeches, base_trigrams. Out: one row per question, conversation and speaker with at least two turns.
WITH again AS (
    SELECT speech, one, two, three, min(place) AS place
    FROM base_trigrams
    WHERE one IS NOT NULL AND two IS NOT NULL AND three IS NOT NULL
    GROUP BY speech, one, two, three
    HAVING min(place) < max(place)
),
wordings AS (
    SELECT
        base_trigrams.speech,
        base_trigrams.place,
        count(*) FILTER (WHERE again.place < base_trigrams.place) / CAST(count(*) AS DOUBLE) AS share
    FROM base_trigrams
    LEFT JOIN again
        ON
            base_trigrams.speech = again.speech
            AND base_trigrams.one = again.one
            AND base_trigrams.two = again.two
            AND base_trigrams.three = again.three
    GROUP BY base_trigrams.speech, base_trigrams.place
),
measured AS (
    SELECT
        later.speech,
        later.corpus,
        later.task,
        later.taxonomy,
        later.labeler,
        later.conversation_id,
        later.speaker,
        later.role,
        later.source,
        CASE
            WHEN array_length(earlier.tactics) > 0 AND later.tactics IS NOT NULL
                THEN array_length(array_intersect(earlier.tactics, later.tactics)) / CAST(array_length(earlier.tactics) AS DOUBLE)
        END AS repeated,
        CASE WHEN earlier.place IS NOT NULL THEN wordings.share END AS reworded
    FROM base_speeches AS later
    LEFT JOIN base_speeches AS earlier ON later.speech = earlier.speech AND later.own_place = earlier.place
    LEFT JOIN wordings ON later.speech = wordings.speech AND later.place = wordings.place
)
SELECT
    corpus,
    task,
    taxonomy,
    labeler,
    conversation_id,
    speaker,
    CASE WHEN min(role) = max(role) THEN min(role) END AS role,
    count(*) AS turns,
    CASE WHEN source <> 'wording' THEN count(repeated) END AS pairs,
    avg(repeated) AS label_repetition,
    avg(reworded) AS wording_repetition,
    source
FROM measured
GROUP BY corpus, task, taxonomy, labeler, conversation_id, speaker, source
