-- How the affect of a speaker moves within a conversation: shifts, inertia, instability.
-- In: turns. Out: one row per question, conversation and known speaker. Shifts of a question whose states are all
-- unknown (answered by numbers alone) are null.
WITH named AS (
    SELECT corpus, task, taxonomy, labeler, COUNT(state) AS states
    FROM turns
    GROUP BY corpus, task, taxonomy, labeler
),
speakers AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        conversation_id,
        speaker,
        CASE WHEN MIN(role) = MAX(role) THEN MIN(role) END AS role,
        COUNT(*) AS turns,
        COUNT(own_place) AS pairs,
        SUM(CASE WHEN own_place IS NOT NULL AND own_state IS DISTINCT FROM state THEN 1 ELSE 0 END) AS shifts,
        AVG(valence) AS mean_valence,
        STDDEV_SAMP(valence) AS sd_valence,
        COUNT(valence - own_valence) AS steps,
        CORR(valence, own_valence) AS inertia,
        MAX(CASE WHEN own_valence IS NOT NULL THEN valence END)
        - MIN(CASE WHEN own_valence IS NOT NULL THEN valence END) AS later_range,
        MAX(CASE WHEN valence IS NOT NULL THEN own_valence END)
        - MIN(CASE WHEN valence IS NOT NULL THEN own_valence END) AS earlier_range,
        AVG((valence - own_valence) * (valence - own_valence)) AS mssd
    FROM turns
    WHERE speaker IS NOT NULL
    GROUP BY corpus, task, taxonomy, labeler, conversation_id, speaker
)
SELECT
    speakers.corpus,
    speakers.task,
    speakers.taxonomy,
    speakers.labeler,
    speakers.conversation_id,
    speakers.speaker,
    speakers.role,
    CAST(speakers.turns AS BIGINT) AS turns,
    CAST(speakers.pairs AS BIGINT) AS pairs,
    CASE WHEN named.states > 0 THEN CAST(speakers.shifts AS BIGINT) END AS shifts,
    CASE
        WHEN named.states > 0 AND speakers.pairs > 0
            THEN CAST(speakers.shifts AS DOUBLE) / CAST(speakers.pairs AS DOUBLE)
    END AS shift_rate,
    speakers.mean_valence,
    speakers.sd_valence,
    CASE
        -- What varies in the last bits only does not vary.
        WHEN speakers.steps >= $min_pairs AND speakers.later_range > 1e-9 AND speakers.earlier_range > 1e-9
            THEN GREATEST(-1.0, LEAST(1.0, speakers.inertia))
    END AS inertia,
    speakers.mssd
FROM speakers
INNER JOIN named
    ON
        speakers.corpus = named.corpus
        AND speakers.task = named.task
        AND speakers.taxonomy = named.taxonomy
        AND speakers.labeler = named.labeler
