-- The word trigrams of each speech. A word that the corpus has only once has no number: its trigrams count, but nobody
-- says them again.
-- In: base_words, base_vocabulary, base_speeches. Out: speech, place, one INTEGER, two, three (words; NULL: only once).
WITH spoken AS (
    SELECT
        number,
        corpus,
        unnest(words) AS one,
        unnest(list_slice(words, 2, len(words))) AS two,
        unnest(list_slice(words, 3, len(words))) AS three
    FROM base_words
    WHERE number IN (SELECT number FROM base_speeches)
),
coded AS (
    SELECT spoken.number, one.word_id AS one, two.word_id AS two, three.word_id AS three
    FROM spoken
    LEFT JOIN base_vocabulary AS one ON spoken.corpus = one.corpus AND spoken.one = one.word
    LEFT JOIN base_vocabulary AS two ON spoken.corpus = two.corpus AND spoken.two = two.word
    LEFT JOIN base_vocabulary AS three ON spoken.corpus = three.corpus AND spoken.three = three.word
    WHERE spoken.three IS NOT NULL AND spoken.one <> '[' AND spoken.two <> '[' AND spoken.three <> '['
)
SELECT base_speeches.speech, base_speeches.place, coded.one, coded.two, coded.three
FROM coded
INNER JOIN base_speeches ON coded.number = base_speeches.number
