-- For each group with a label and each expression that enough of its records hold: its times in the group and in the
-- rest of the question's records, with the times of all expressions of as many words.
-- In: base_counts, $min_records.
-- Out: group_id, expression_id, n, n_rest, total, total_rest (of the group, of the rest), share (of all times in both:
-- what is expected of each of them), records (of the group that hold the expression), speakers INTEGER (at least so
-- many people have said it there).
WITH everywhere AS (
    SELECT question_id, expression_id, CAST(sum(counted_n) AS BIGINT) AS n
    FROM base_counts
    GROUP BY question_id, expression_id
),
group_totals AS (
    SELECT group_id, words, CAST(sum(n) AS BIGINT) AS n FROM base_counts GROUP BY group_id, words
),
question_totals AS (
    SELECT question_id, words, CAST(sum(counted_n) AS BIGINT) AS n FROM base_counts GROUP BY question_id, words
)
SELECT
    counts.group_id,
    counts.expression_id,
    counts.n,
    everywhere.n - counts.n AS n_rest,
    group_totals.n AS total,
    question_totals.n - group_totals.n AS total_rest,
    everywhere.n / CAST(question_totals.n AS DOUBLE) AS share,
    counts.records,
    CAST(bit_count(counts.speaker_bits) AS INTEGER) AS speakers
FROM base_counts AS counts
INNER JOIN everywhere
    ON counts.question_id = everywhere.question_id AND counts.expression_id = everywhere.expression_id
INNER JOIN group_totals ON counts.group_id = group_totals.group_id AND counts.words = group_totals.words
INNER JOIN question_totals
    ON counts.question_id = question_totals.question_id AND counts.words = question_totals.words
WHERE counts.label IS NOT NULL AND counts.records >= $min_records
