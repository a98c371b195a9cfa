-- Sums of probabilities by day and role, put together from those of all files.
-- In: score_parts. Out: corpus, task, taxonomy, labeler, day, role, label, n, probability.
SELECT
    corpus, task, taxonomy, labeler, day, role, label,
    CAST(sum(n) AS BIGINT) AS n,
    sum(probability) AS probability
FROM score_parts
GROUP BY corpus, task, taxonomy, labeler, day, role, label
