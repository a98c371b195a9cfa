-- The redacted texts that were kept. In: clean. Out: record_id, text, lang.
SELECT record_id, text_clean AS text, lang
FROM clean
WHERE outcome = 'kept' AND text_clean IS NOT NULL
