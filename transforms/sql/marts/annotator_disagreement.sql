-- How far people agree on labels: label by label, and on whole sets (label null).
-- In: ratings. Out: one row per corpus, task, taxonomy, label_set and label that somebody gave, and one with a null
-- label, over the records that two or more people labeled. Ratings by numbers, and those that were agreed on (no
-- annotator), are left out; of somebody who labeled a record twice, the first set in order counts.
WITH people AS (
    SELECT corpus, task, taxonomy, label_set, record_id, annotator, MIN(LIST_SORT(labels)) AS labels
    FROM ratings
    WHERE annotator IS NOT NULL AND labels IS NOT NULL
    GROUP BY corpus, task, taxonomy, label_set, record_id, annotator
),
chosen AS (
    SELECT corpus, task, taxonomy, label_set, record_id, labels, COUNT(*) AS k
    FROM people
    GROUP BY corpus, task, taxonomy, label_set, record_id, labels
),
sized AS (
    SELECT
        corpus,
        task,
        taxonomy,
        label_set,
        record_id,
        labels,
        CAST(k AS DOUBLE) AS k,
        CAST(SUM(k) OVER (PARTITION BY corpus, task, taxonomy, label_set, record_id) AS DOUBLE) AS m
    FROM chosen
),
shared AS (
    SELECT corpus, task, taxonomy, label_set, record_id, labels, k, m
    FROM sized
    WHERE m > 1
),
-- Sums of fractions are rounded at the end: they would differ in the last digits with the order of their terms.
-- Of each record: its people, its pairs of people, and the pairs that gave the same set.
records AS (
    SELECT
        corpus,
        task,
        taxonomy,
        label_set,
        record_id,
        MAX(m) AS m,
        SUM(k * (k - 1)) / 2 AS same_pairs
    FROM shared
    GROUP BY corpus, task, taxonomy, label_set, record_id
),
totals AS (
    SELECT
        corpus,
        task,
        taxonomy,
        label_set,
        COUNT(*) AS all_records,
        SUM(m) AS all_n,
        SUM(m * (m - 1) / 2) AS all_pairs,
        SUM(same_pairs) AS same_pairs,
        SUM((m * (m - 1) - 2 * same_pairs) / (m - 1)) AS observed
    FROM records
    GROUP BY corpus, task, taxonomy, label_set
),
presences AS (
    SELECT corpus, task, taxonomy, label_set, record_id, label, SUM(k) AS k, MAX(m) AS m
    FROM (
        SELECT corpus, task, taxonomy, label_set, record_id, UNNEST(labels) AS label, k, m
        FROM shared
    )
    GROUP BY corpus, task, taxonomy, label_set, record_id, label
),
by_label AS (
    SELECT
        corpus,
        task,
        taxonomy,
        label_set,
        label,
        SUM(k) AS present,
        SUM(k * (m - k)) AS unlike_pairs,
        SUM(k * (m - k) / (m - 1)) AS observed
    FROM presences
    GROUP BY corpus, task, taxonomy, label_set, label
),
likenesses AS (
    SELECT
        one.corpus,
        one.task,
        one.taxonomy,
        one.label_set,
        SUM(
            one.k * other.k * CAST(ARRAY_LENGTH(ARRAY_INTERSECT(one.labels, other.labels)) AS DOUBLE)
            / CAST(
                ARRAY_LENGTH(one.labels) + ARRAY_LENGTH(other.labels)
                - ARRAY_LENGTH(ARRAY_INTERSECT(one.labels, other.labels)) AS DOUBLE
            )
        ) AS likeness
    FROM shared AS one
    INNER JOIN shared AS other
        ON one.record_id = other.record_id
        AND one.corpus = other.corpus
        AND one.task = other.task
        AND one.taxonomy = other.taxonomy
        AND one.label_set IS NOT DISTINCT FROM other.label_set
    WHERE one.labels < other.labels
    GROUP BY one.corpus, one.task, one.taxonomy, one.label_set
),
set_values AS (
    SELECT corpus, task, taxonomy, label_set, SUM(total * total) AS squares
    FROM (
        SELECT corpus, task, taxonomy, label_set, labels, SUM(k) AS total
        FROM shared
        GROUP BY corpus, task, taxonomy, label_set, labels
    )
    GROUP BY corpus, task, taxonomy, label_set
)
SELECT
    totals.corpus,
    totals.task,
    totals.taxonomy,
    totals.label_set,
    by_label.label,
    CAST(totals.all_records AS BIGINT) AS records,
    CAST(totals.all_n AS BIGINT) AS ratings,
    1 - by_label.unlike_pairs / totals.all_pairs AS agreement,
    CASE
        WHEN by_label.present < totals.all_n
            THEN ROUND(
                1 - (totals.all_n - 1) * by_label.observed
                / (by_label.present * (totals.all_n - by_label.present)),
                12
            )
    END AS alpha,
    by_label.present / totals.all_n AS positive_share
FROM totals
INNER JOIN by_label
    ON totals.corpus = by_label.corpus
    AND totals.task = by_label.task
    AND totals.taxonomy = by_label.taxonomy
    AND totals.label_set IS NOT DISTINCT FROM by_label.label_set
UNION ALL
SELECT
    totals.corpus,
    totals.task,
    totals.taxonomy,
    totals.label_set,
    CAST(NULL AS VARCHAR) AS label,
    CAST(totals.all_records AS BIGINT) AS records,
    CAST(totals.all_n AS BIGINT) AS ratings,
    ROUND((totals.same_pairs + COALESCE(likenesses.likeness, 0)) / totals.all_pairs, 12) AS agreement,
    CASE
        WHEN set_values.squares < totals.all_n * totals.all_n
            THEN ROUND(
                1 - (totals.all_n - 1) * totals.observed / (totals.all_n * totals.all_n - set_values.squares),
                12
            )
    END AS alpha,
    CAST(NULL AS DOUBLE) AS positive_share
FROM totals
INNER JOIN set_values
    ON totals.corpus = set_values.corpus
    AND totals.task = set_values.task
    AND totals.taxonomy = set_values.taxonomy
    AND totals.label_set IS NOT DISTINCT FROM set_values.label_set
LEFT JOIN likenesses
    ON totals.corpus = likenesses.corpus
    AND totals.task = likenesses.task
    AND totals.taxonomy = likenesses.taxonomy
    AND totals.label_set IS NOT DISTINCT FROM likenesses.label_set
