-- The word trigrams of each speech. A word that the corpus has only once has no number: its trigrams count, but nobody
-- says them again.
-- In: base_words, base_vocabulary, base_speeches. Out: speech, place, one INTEGER, two, three (words; NULL: only once).
WITH spread AS (
    SELECT number, corpus, words, unnest(range(1, array_length(words) - 1)) AS place
    FROM base_words
    WHERE array_length(words) >= 3 AND number IN (SELECT number FROM base_speeches)
),
spoken AS (
    SELECT
        number,
        corpus,
        words[CAST(place AS INTEGER)] AS one,
        words[CAST(place AS INTEGER) + 1] AS two,
        words[CAST(place AS INTEGER) + 2] AS three
    FROM spread
),
coded AS (
    SELECT spoken.number, one.word_id AS one, two.word_id AS two, three.word_id AS three
    FROM spoken
    LEFT JOIN base_vocabulary AS one ON spoken.corpus = one.corpus AND spoken.one = one.word
    LEFT JOIN base_vocabulary AS two ON spoken.corpus = two.corpus AND spoken.two = two.word
    LEFT JOIN base_vocabulary AS three ON spoken.corpus = three.corpus AND spoken.three = three.word
    WHERE spoken.one <> '[' AND spoken.two <> '[' AND spoken.three <> '['
)
SELECT base_speeches.speech, base_speeches.place, coded.one, coded.two, coded.three
FROM coded
INNER JOIN base_speeches ON coded.number = base_speeches.number
