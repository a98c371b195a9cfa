-- How often words and what was observed beside them disagree in feeling, by channel of what was observed.
-- In: labels_text_cue_inconsistency, clean. Out: one row per question, channel, role and label that occurs. A record
-- counts once for each of its channels; a null channel: the record has no cues; a null label: no label applies.
WITH judged AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        record_id,
        role,
        labels,
        CAST(answer.text_valence AS DOUBLE) AS text_valence,
        CAST(answer.cue_valence AS DOUBLE) AS cue_valence
    FROM labels_text_cue_inconsistency
    WHERE status = 'labeled' AND labels IS NOT NULL
),
cued AS (
    SELECT clean.record_id, clean.cues
    FROM clean
    WHERE
        ARRAY_LENGTH(clean.cues) > 0
        AND clean.record_id IN (SELECT judged.record_id FROM judged)
),
channels AS (
    SELECT DISTINCT record_id, cue.channel AS channel
    FROM (SELECT record_id, UNNEST(cues) AS cue FROM cued)
),
observed AS (
    SELECT
        judged.corpus,
        judged.task,
        judged.taxonomy,
        judged.labeler,
        judged.role,
        judged.labels,
        judged.text_valence,
        judged.cue_valence,
        channels.channel
    FROM judged
    LEFT JOIN channels ON judged.record_id = channels.record_id
),
totals AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        channel,
        role,
        labels,
        COUNT(*) AS n,
        SUM(COUNT(*)) OVER (PARTITION BY corpus, task, taxonomy, labeler, channel, role) AS all_n,
        SUM(text_valence) AS text_sum,
        COUNT(text_valence) AS text_n,
        SUM(cue_valence) AS cue_sum,
        COUNT(cue_valence) AS cue_n,
        SUM(cue_valence - text_valence) AS gap_sum,
        COUNT(cue_valence - text_valence) AS gap_n
    FROM observed
    GROUP BY corpus, task, taxonomy, labeler, channel, role, labels
),
given AS (
    SELECT
        corpus, task, taxonomy, labeler, channel, role, UNNEST(labels) AS label, n, all_n,
        text_sum, text_n, cue_sum, cue_n, gap_sum, gap_n
    FROM totals
    UNION ALL
    SELECT
        corpus, task, taxonomy, labeler, channel, role, CAST(NULL AS VARCHAR) AS label, n, all_n,
        text_sum, text_n, cue_sum, cue_n, gap_sum, gap_n
    FROM totals
    WHERE ARRAY_LENGTH(labels) = 0
)
SELECT
    corpus,
    task,
    taxonomy,
    labeler,
    channel,
    role,
    label,
    CAST(SUM(n) AS BIGINT) AS n,
    CAST(MAX(all_n) AS BIGINT) AS rows,
    CAST(SUM(n) AS DOUBLE) / CAST(MAX(all_n) AS DOUBLE) AS share,
    SUM(text_sum) / CAST(NULLIF(SUM(text_n), 0) AS DOUBLE) AS mean_text_valence,
    SUM(cue_sum) / CAST(NULLIF(SUM(cue_n), 0) AS DOUBLE) AS mean_cue_valence,
    SUM(gap_sum) / CAST(NULLIF(SUM(gap_n), 0) AS DOUBLE) AS mean_gap
FROM given
GROUP BY corpus, task, taxonomy, labeler, channel, role, label
