-- What people said of records: the gold that came with them, and what was annotated later.
-- In: clean, annotations. Out: a row for each record and person; annotator is null where the source tells only what was
-- agreed on.
SELECT
    corpus,
    record_id,
    entry.task AS task,
    entry.taxonomy AS taxonomy,
    entry.label_set AS label_set,
    entry.annotator AS annotator,
    entry.labels AS labels,
    entry.value AS value
FROM (SELECT corpus, record_id, unnest(gold) AS entry FROM clean WHERE outcome = 'kept')
UNION ALL
SELECT corpus, record_id, task, taxonomy, label_set, annotator, labels, value
FROM annotations
