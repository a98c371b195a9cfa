-- The expressions that are counted: the frequent words, and the frequent pairs that they make; of each corpus the
-- 100,000 most frequent words and as many pairs, so that counts do not grow with the corpus.
-- In: base_pair_totals, base_vocabulary, $min_records.
-- Out: expression_id INTEGER (of a word its word_id), word_id, next_id (NULL: a word), corpus, words INTEGER (1 | 2),
-- expression, n (times in the corpus).
WITH pairs AS (
    SELECT word_id, next_id, n FROM base_pair_totals WHERE n >= $min_records
),
ranked AS (
    SELECT
        pairs.word_id,
        pairs.next_id,
        pairs.n,
        one.corpus,
        row_number() OVER (
            PARTITION BY one.corpus
            ORDER BY pairs.n DESC NULLS LAST, pairs.word_id ASC NULLS LAST, pairs.next_id ASC NULLS LAST
        ) AS rank
    FROM pairs
    INNER JOIN base_vocabulary AS one ON pairs.word_id = one.word_id
),
numbered AS (
    SELECT
        word_id,
        next_id,
        n,
        corpus,
        (SELECT max(word_id) FROM base_vocabulary)
        + row_number() OVER (ORDER BY word_id ASC NULLS FIRST, next_id ASC NULLS FIRST) AS expression_id
    FROM ranked
    WHERE rank <= 100000
),
expressions AS (
    SELECT
        word_id AS expression_id,
        word_id,
        CAST(NULL AS INTEGER) AS next_id,
        corpus,
        1 AS words,
        word AS expression,
        n
    FROM base_vocabulary
    WHERE n >= $min_records AND rank <= 100000
    UNION ALL
    SELECT
        CAST(numbered.expression_id AS INTEGER),
        numbered.word_id,
        numbered.next_id,
        numbered.corpus,
        2,
        one.word || ' ' || two.word,
        numbered.n
    FROM numbered
    INNER JOIN base_vocabulary AS one ON numbered.word_id = one.word_id
    INNER JOIN base_vocabulary AS two ON numbered.next_id = two.word_id
)
SELECT expression_id, word_id, next_id, corpus, words, expression, n
FROM expressions
