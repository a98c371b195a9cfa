-- How often each pair of frequent words stands side by side. In: base_tokens. Out: word_id, next_id, n.
SELECT word_id, next_id, count(*) AS n
FROM base_tokens
WHERE next_id IS NOT NULL
GROUP BY word_id, next_id
