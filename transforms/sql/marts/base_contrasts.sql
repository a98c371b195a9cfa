-- What is contrasted: for each record and question the labels whose rows it belongs to, as against the other records of
-- the same question.
-- In: answers, turns, labels_reader_emotion, label_info, base_records, base_questions.
-- Out: question_id, number, labels VARCHAR[], bucket.
WITH negative AS (
    SELECT DISTINCT taxonomy, label FROM label_info WHERE sentiment = 'negative'
),
replies AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        previous_record AS record_id,
        bool_or(hostile) AS is_hostile,
        list(DISTINCT state) FILTER (WHERE state IS NOT NULL) AS states
    FROM turns
    WHERE previous_record IS NOT NULL AND speaker <> previous_speaker
    GROUP BY corpus, task, taxonomy, labeler, previous_record
),
followed AS (
    SELECT turns.*, replies.is_hostile, coalesce(replies.states, []) AS states
    FROM turns
    INNER JOIN replies
        ON
            turns.corpus = replies.corpus
            AND turns.task = replies.task
            AND turns.taxonomy = replies.taxonomy
            AND turns.labeler = replies.labeler
            AND turns.record_id = replies.record_id
),
contrasts AS (
    SELECT 'label' AS contrast, corpus, task, taxonomy, labeler, NULL AS role, record_id, labels, bucket
    FROM answers
    WHERE labels IS NOT NULL
    UNION ALL
    SELECT
        'hidden',
        answers.corpus,
        answers.task,
        answers.taxonomy,
        answers.labeler,
        NULL,
        answers.record_id,
        list_filter(read.labels, lambda label: label <> read.answer.writer),
        answers.bucket
    FROM answers
    INNER JOIN labels_reader_emotion AS read
        ON
            answers.record_id = read.record_id
            AND answers.taxonomy = read.taxonomy
            AND answers.labeler = read.labeler
    WHERE answers.task = 'reader_emotion' AND read.status = 'labeled' AND read.answer.writer IS NOT NULL
    UNION ALL
    SELECT
        'before_hostile',
        corpus,
        task,
        taxonomy,
        labeler,
        role,
        record_id,
        CASE WHEN is_hostile THEN ['hostile'] ELSE [] END,
        bucket
    FROM followed
    WHERE NOT hostile AND is_hostile IS NOT NULL
    UNION ALL
    SELECT
        'before_state',
        followed.corpus,
        followed.task,
        followed.taxonomy,
        followed.labeler,
        followed.role,
        followed.record_id,
        array_intersect(followed.states, sets.labels),
        followed.bucket
    FROM followed
    INNER JOIN (SELECT taxonomy, list(label) AS labels FROM negative GROUP BY taxonomy) AS sets
        ON followed.taxonomy = sets.taxonomy
    WHERE followed.state IS NULL OR NOT array_contains(sets.labels, followed.state)
)
SELECT base_questions.question_id, base_records.number, contrasts.labels, contrasts.bucket
FROM contrasts
INNER JOIN base_questions
    ON
        contrasts.contrast = base_questions.contrast
        AND contrasts.corpus = base_questions.corpus
        AND contrasts.task = base_questions.task
        AND contrasts.taxonomy = base_questions.taxonomy
        AND contrasts.labeler = base_questions.labeler
        AND contrasts.role IS NOT DISTINCT FROM base_questions.role
INNER JOIN base_records ON contrasts.record_id = base_records.record_id
