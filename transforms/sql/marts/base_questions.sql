-- What words are contrasted by: each question of a corpus, asked of all its records, or of those of one role. `label`
-- and `hidden` are of the mart expressions, `before_hostile` and `before_state` of precursor_words.
-- In: answers, turns. Out: question_id INTEGER, contrast, corpus, task, taxonomy, labeler, role (NULL: unknown; of the
-- former two: all together).
WITH asked AS (
    SELECT DISTINCT corpus, task, taxonomy, labeler FROM answers
),
spoken AS (
    SELECT DISTINCT corpus, task, taxonomy, labeler, role FROM turns
),
questions AS (
    SELECT 'label' AS contrast, corpus, task, taxonomy, labeler, NULL AS role FROM asked
    UNION ALL
    SELECT 'hidden', corpus, task, taxonomy, labeler, NULL FROM asked WHERE task = 'reader_emotion'
    UNION ALL
    SELECT 'before_hostile', corpus, task, taxonomy, labeler, role FROM spoken
    UNION ALL
    SELECT 'before_state', corpus, task, taxonomy, labeler, role FROM spoken
)
SELECT
    CAST(row_number() OVER (
        ORDER BY
            contrast ASC NULLS FIRST,
            corpus ASC NULLS FIRST,
            task ASC NULLS FIRST,
            taxonomy ASC NULLS FIRST,
            labeler ASC NULLS FIRST,
            role ASC NULLS FIRST
    ) AS INTEGER) AS question_id,
    contrast,
    corpus,
    task,
    taxonomy,
    labeler,
    role
FROM questions
