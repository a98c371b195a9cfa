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
        list_transform(words, lambda word: list_position(words, word)) AS firsts
    FROM base_words
),
paired AS (
    SELECT
        number,
        corpus,
        words,
        firsts,
        list_transform(firsts, lambda first, i: first * 4096 + coalesce(firsts[i + 1], 0)) AS pairs
    FROM placed
),
said AS (
    SELECT
        number,
        corpus,
        unnest(words) AS word,
        unnest(list_slice(words, 2, len(words))) AS next_word,
        unnest(firsts) AS first,
        unnest(list_transform(pairs, lambda pair: list_position(pairs, pair))) AS first_pair,
        generate_subscripts(words, 1) AS place
    FROM paired
),
frequent AS (
    SELECT word_id, corpus, word FROM base_vocabulary WHERE n >= $min_records AND rank <= 100000
)
SELECT
    said.number,
    one.word_id,
    two.word_id AS next_id,
    said.first = said.place AS is_first,
    said.first_pair = said.place AS pair_is_first
FROM said
INNER JOIN frequent AS one ON said.corpus = one.corpus AND said.word = one.word
LEFT JOIN frequent AS two ON said.corpus = two.corpus AND said.next_word = two.word
