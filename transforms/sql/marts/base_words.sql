-- The words of each labeled record in order, lower-cased: runs of letters, with apostrophes within. Where a placeholder
-- of redaction or another bracket stood, the list has '[', so that what stood around it is not taken for neighbors.
-- Languages written without spaces are left out; of a very long text only the first 2,000 words are looked at.
-- Σ and İ are made small by name, as engines differ: the last sigma of a word may or may not become ς.
-- A view: storing so many lists costs more than finding the words again.
-- In: base_records, texts. Out: number, corpus, record_id, words VARCHAR[].
SELECT
    base_records.number,
    base_records.corpus,
    base_records.record_id,
    array_slice(
        regexp_extract_all(
            lower(
                replace(
                    replace(
                        replace(regexp_replace(texts.text, '\[[A-Z][A-Z_]{1,30}\]', '[', 'g'), '’', ''''), 'Σ', 'σ'
                    ),
                    'İ',
                    'i'
                )
            ),
            '\[|[\p{L}\p{M}]+(?:''[\p{L}\p{M}]+)*'
        ),
        1,
        2000
    ) AS words
FROM texts
INNER JOIN base_records ON texts.record_id = base_records.record_id
WHERE
    texts.lang IS NULL
    OR lower(split_part(replace(texts.lang, '_', '-'), '-', 1))
    NOT IN ('zh', 'yue', 'ja', 'th', 'lo', 'km', 'my', 'bo', 'dz')
