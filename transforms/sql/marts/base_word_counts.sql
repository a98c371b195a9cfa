-- How often each group says each frequent word.
-- In: base_tokens, base_members.
-- Out: group_id, expression_id, n (times), counted_n (times in rows that are counted), records, speaker_bits.
SELECT
    base_members.group_id,
    base_tokens.word_id AS expression_id,
    count(*) AS n,
    count(*) FILTER (WHERE base_members.counted) AS counted_n,
    count(*) FILTER (WHERE base_tokens.is_first) AS records,
    bit_or(base_members.speaker_bits) AS speaker_bits
FROM base_tokens
INNER JOIN base_members ON base_tokens.number = base_members.number
GROUP BY base_members.group_id, base_tokens.word_id
