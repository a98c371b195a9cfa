-- How often each group says each expression. A view.
-- In: base_word_counts, base_pair_counts, base_groups.
-- Out: question_id, group_id, label, words (1 | 2), expression_id, n, counted_n, records, speaker_bits.
SELECT
    base_groups.question_id,
    base_groups.group_id,
    base_groups.label,
    counts.words,
    counts.expression_id,
    counts.n,
    counts.counted_n,
    counts.records,
    counts.speaker_bits
FROM (
    SELECT 1 AS words, group_id, expression_id, n, counted_n, records, speaker_bits FROM base_word_counts
    UNION ALL
    SELECT 2, group_id, expression_id, n, counted_n, records, speaker_bits FROM base_pair_counts
) AS counts
INNER JOIN base_groups ON counts.group_id = base_groups.group_id
