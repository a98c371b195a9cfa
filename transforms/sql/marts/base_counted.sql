-- What each group says of each expression, put together from all pieces.
-- In: count_parts. Out: question_id, label, words, expression_id, n, counted_n, records, speaker_bits.
SELECT
    question_id,
    label,
    words,
    expression_id,
    CAST(sum(n) AS BIGINT) AS n,
    CAST(sum(counted_n) AS BIGINT) AS counted_n,
    CAST(sum(records) AS BIGINT) AS records,
    bit_or(speaker_bits) AS speaker_bits
FROM count_parts
GROUP BY question_id, label, words, expression_id
