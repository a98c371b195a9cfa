-- How far the labels of a partition (a UTC day) are from those of the partitions before.
-- In: answers. Out: one row per question, partition but the first, and label that occurs in it or in its baseline: the
-- 7 partitions with rows before it, or as many as there are. A null label is "no label applies".
WITH sets AS (
    SELECT corpus, task, taxonomy, labeler, partition, labels, COUNT(*) AS n
    FROM answers
    WHERE labels IS NOT NULL AND partition IS NOT NULL
    GROUP BY corpus, task, taxonomy, labeler, partition, labels
),
partitions AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        partition,
        SUM(n) AS all_n,
        ROW_NUMBER() OVER (
            PARTITION BY corpus, task, taxonomy, labeler ORDER BY partition ASC NULLS FIRST
        ) AS place
    FROM sets
    GROUP BY corpus, task, taxonomy, labeler, partition
),
based AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        partition,
        place,
        all_n,
        SUM(all_n) OVER (
            PARTITION BY corpus, task, taxonomy, labeler ORDER BY place ASC NULLS FIRST
            ROWS BETWEEN 7 PRECEDING AND 1 PRECEDING
        ) AS baseline_rows
    FROM partitions
),
given AS (
    SELECT corpus, task, taxonomy, labeler, partition, UNNEST(labels) AS label, n
    FROM sets
    UNION ALL
    SELECT corpus, task, taxonomy, labeler, partition, CAST(NULL AS VARCHAR) AS label, n
    FROM sets
    WHERE ARRAY_LENGTH(labels) = 0
),
counts AS (
    SELECT
        given.corpus,
        given.task,
        given.taxonomy,
        given.labeler,
        partitions.place,
        given.label,
        SUM(given.n) AS n
    FROM given
    INNER JOIN partitions
        ON given.corpus = partitions.corpus
        AND given.task = partitions.task
        AND given.taxonomy = partitions.taxonomy
        AND given.labeler = partitions.labeler
        AND given.partition = partitions.partition
    GROUP BY given.corpus, given.task, given.taxonomy, given.labeler, partitions.place, given.label
),
-- Each count stands in its own partition (step 0) and in the baseline of the next ones (steps 1 to 7).
steps AS (
    SELECT UNNEST([0, 1, 2, 3, 4, 5, 6, 7]) AS step
),
paired AS (
    SELECT
        counts.corpus,
        counts.task,
        counts.taxonomy,
        counts.labeler,
        counts.place + steps.step AS place,
        counts.label,
        CAST(SUM(CASE WHEN steps.step = 0 THEN counts.n ELSE 0 END) AS DOUBLE) AS n,
        CAST(SUM(CASE WHEN steps.step = 0 THEN 0 ELSE counts.n END) AS DOUBLE) AS baseline_n
    FROM counts
    CROSS JOIN steps
    GROUP BY
        counts.corpus, counts.task, counts.taxonomy, counts.labeler, counts.place + steps.step, counts.label
),
mentions AS (
    SELECT
        paired.corpus,
        paired.task,
        paired.taxonomy,
        paired.labeler,
        based.partition,
        paired.label,
        paired.n,
        CAST(based.all_n AS DOUBLE) AS all_n,
        paired.baseline_n / CAST(based.baseline_rows AS DOUBLE) AS baseline_share,
        paired.baseline_n,
        SUM(paired.n) OVER given_in AS given_n,
        SUM(paired.baseline_n) OVER given_in AS baseline_given,
        CAST(COUNT(*) OVER given_in AS DOUBLE) AS kinds
    FROM paired
    INNER JOIN based
        ON paired.corpus = based.corpus
        AND paired.task = based.task
        AND paired.taxonomy = based.taxonomy
        AND paired.labeler = based.labeler
        AND paired.place = based.place
    WHERE based.place > 1
    WINDOW given_in AS (
        PARTITION BY paired.corpus, paired.task, paired.taxonomy, paired.labeler, paired.place
    )
),
distributions AS (
    SELECT
        mentions.*,
        n / given_n AS p,
        baseline_n / baseline_given AS q,
        (n + 0.5) / (given_n + 0.5 * kinds) AS smooth_p,
        (baseline_n + 0.5) / (baseline_given + 0.5 * kinds) AS smooth_q
    FROM mentions
),
terms AS (
    SELECT
        distributions.*,
        CASE WHEN p > 0 THEN p * LN(2 * p / (p + q)) ELSE 0 END
        + CASE WHEN q > 0 THEN q * LN(2 * q / (p + q)) ELSE 0 END AS divergence_term,
        (smooth_p - smooth_q) * LN(smooth_p / smooth_q) AS psi_term
    FROM distributions
)
SELECT
    corpus,
    task,
    taxonomy,
    labeler,
    partition,
    label,
    CAST(n AS BIGINT) AS n,
    CAST(all_n AS BIGINT) AS rows,
    n / all_n AS share,
    baseline_share,
    n / all_n - baseline_share AS difference,
    -- Rounded: sums would differ in the last digits with the order of their terms.
    ABS(
        ROUND(SUM(divergence_term) OVER (PARTITION BY corpus, task, taxonomy, labeler, partition) / (2 * LN(2)), 12)
    ) AS divergence,
    ROUND(SUM(psi_term) OVER (PARTITION BY corpus, task, taxonomy, labeler, partition), 12) AS psi
FROM terms
