-- Every frequent word of every record, and the pair that it makes with the frequent word right after it. `is_first` and
-- `pair_is_first` tell whether the record has said it before, so that records can be counted without a set of them.
-- A word's place of first mention stands for the word: comparing small integers is quick.
-- In: base_words, base_vocabulary, $min_records: so often a word must occur in its corpus (and be among the 100,000
-- most frequent).
-- Out: number, word_id INTEGER, next_id INTEGER (of the word right after; NULL: none), is_first, pair_is_first.
WITH placed AS (
    SELECT
        number,
        corpus,
        words,
        array_length(words) AS size,
        list_transform(words, lambda word: array_position(words, word)) AS firsts
    FROM base_words
    WHERE array_length(words) > 0
),
paired AS (
    SELECT
        number,
        corpus,
        words,
        size,
        firsts,
        list_transform(
            range(1, size + 1),
            lambda i:
                firsts[CAST(i AS INTEGER)] * 4096
                + CASE WHEN i < size THEN firsts[CAST(i AS INTEGER) + 1] ELSE 0 END
        ) AS pairs
    FROM placed
),
compared AS (
    SELECT
        number,
        corpus,
        words,
        size,
        firsts,
        list_transform(pairs, lambda pair: array_position(pairs, pair)) AS first_pairs
    FROM paired
),
spread AS (
    SELECT number, corpus, words, size, firsts, first_pairs, unnest(range(1, size + 1)) AS place
    FROM compared
),
said AS (
    SELECT
        number,
        corpus,
        words[CAST(place AS INTEGER)] AS word,
        CASE WHEN place < size THEN words[CAST(place AS INTEGER) + 1] END AS next_word,
        firsts[CAST(place AS INTEGER)] = place AS is_first,
        first_pairs[CAST(place AS INTEGER)] = place AS pair_is_first
    FROM spread
),
frequent AS (
    SELECT word_id, corpus, word FROM base_vocabulary WHERE n >= $min_records AND rank <= 100000
)
SELECT
    said.number,
    one.word_id,
    two.word_id AS next_id,
    said.is_first,
    said.pair_is_first
FROM said
INNER JOIN frequent AS one ON said.corpus = one.corpus AND said.word = one.word
LEFT JOIN frequent AS two ON said.corpus = two.corpus AND said.next_word = two.word
