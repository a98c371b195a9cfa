-- Which labels are given together, as the edges of a network.
-- In: answers. Out: one row per question and unordered pair of labels that some record has both of. Sets of labels are
-- counted first: they are few, and pairs are made of them, not of records.
WITH sets AS (
    SELECT corpus, task, taxonomy, labeler, labels, COUNT(*) AS n
    FROM answers
    WHERE labels IS NOT NULL
    GROUP BY corpus, task, taxonomy, labeler, labels
),
totals AS (
    SELECT corpus, task, taxonomy, labeler, SUM(n) AS all_n
    FROM sets
    GROUP BY corpus, task, taxonomy, labeler
),
singles AS (
    SELECT corpus, task, taxonomy, labeler, label, SUM(n) AS n
    FROM (SELECT corpus, task, taxonomy, labeler, UNNEST(labels) AS label, n FROM sets)
    GROUP BY corpus, task, taxonomy, labeler, label
),
firsts AS (
    SELECT corpus, task, taxonomy, labeler, labels, UNNEST(labels) AS label_a, n
    FROM sets
    WHERE ARRAY_LENGTH(labels) > 1
),
seconds AS (
    SELECT corpus, task, taxonomy, labeler, label_a, UNNEST(labels) AS label_b, n
    FROM firsts
),
pairs AS (
    SELECT corpus, task, taxonomy, labeler, label_a, label_b, SUM(n) AS n_both
    FROM seconds
    WHERE label_a < label_b
    GROUP BY corpus, task, taxonomy, labeler, label_a, label_b
),
measured AS (
    SELECT
        pairs.corpus,
        pairs.task,
        pairs.taxonomy,
        pairs.labeler,
        pairs.label_a,
        pairs.label_b,
        CAST(a.n AS DOUBLE) AS n_a,
        CAST(b.n AS DOUBLE) AS n_b,
        CAST(pairs.n_both AS DOUBLE) AS n_both,
        CAST(totals.all_n AS DOUBLE) AS all_n
    FROM pairs
    INNER JOIN totals
        ON pairs.corpus = totals.corpus
        AND pairs.task = totals.task
        AND pairs.taxonomy = totals.taxonomy
        AND pairs.labeler = totals.labeler
    INNER JOIN singles AS a
        ON pairs.corpus = a.corpus
        AND pairs.task = a.task
        AND pairs.taxonomy = a.taxonomy
        AND pairs.labeler = a.labeler
        AND pairs.label_a = a.label
    INNER JOIN singles AS b
        ON pairs.corpus = b.corpus
        AND pairs.task = b.task
        AND pairs.taxonomy = b.taxonomy
        AND pairs.labeler = b.labeler
        AND pairs.label_b = b.label
)
SELECT
    corpus,
    task,
    taxonomy,
    labeler,
    label_a,
    label_b,
    CAST(n_a AS BIGINT) AS n_a,
    CAST(n_b AS BIGINT) AS n_b,
    CAST(n_both AS BIGINT) AS n_both,
    CAST(all_n AS BIGINT) AS rows,
    n_both / (n_a + n_b - n_both) AS jaccard,
    CASE WHEN n_both < all_n THEN LN(n_both * all_n / (n_a * n_b)) / -LN(n_both / all_n) END AS npmi
FROM measured
