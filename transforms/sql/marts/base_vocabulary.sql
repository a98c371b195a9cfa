-- The words of each corpus that occur more than once, with a number each: what is said once is never said again.
-- In: base_words. Out: word_id INTEGER (from 1), corpus, word, n (times in the corpus), rank (1: its most frequent).
SELECT
    CAST(row_number() OVER (ORDER BY corpus ASC NULLS FIRST, word ASC NULLS FIRST) AS INTEGER) AS word_id,
    corpus,
    word,
    n,
    row_number() OVER (PARTITION BY corpus ORDER BY n DESC NULLS LAST, word ASC NULLS LAST) AS rank
FROM (
    SELECT corpus, word, count(*) AS n
    FROM (SELECT corpus, unnest(words) AS word FROM base_words) AS said
    WHERE word <> '['
    GROUP BY corpus, word
    HAVING count(*) > 1
) AS again
