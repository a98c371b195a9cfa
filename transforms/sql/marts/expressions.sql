-- Expressions (words, pairs of words) that mark a label: log-odds against the other records of the question, with an
-- informative Dirichlet prior (Monroe, Colaresi, Quinn 2008). As precursor_words.sql but for the contrasts.
-- In: base_compared, base_expressions, base_groups, base_questions; $prior_words, $min_records, $min_speakers, $top.
-- Out: one row per question, contrast, label and expression; the strongest of each label and number of words.
WITH masses AS (
    SELECT
        base_compared.*,
        base_expressions.words,
        base_expressions.expression,
        base_compared.n + $prior_words * base_compared.share AS here,
        base_compared.n_rest + $prior_words * base_compared.share AS there
    FROM base_compared
    INNER JOIN base_groups ON base_compared.group_id = base_groups.group_id
    INNER JOIN base_questions ON base_groups.question_id = base_questions.question_id
    INNER JOIN base_expressions ON base_compared.expression_id = base_expressions.expression_id
    WHERE
        base_questions.contrast IN ('label', 'hidden')
        AND base_compared.records >= $min_records
        AND base_compared.speakers >= $min_speakers
        AND base_compared.total_rest > 0
),
scored AS (
    SELECT
        masses.*,
        ln(here / (total + $prior_words - here)) - ln(there / (total_rest + $prior_words - there)) AS log_odds,
        sqrt(1 / here + 1 / there) AS deviation
    FROM masses
    WHERE total + $prior_words > here AND total_rest + $prior_words > there
),
ranked AS (
    SELECT
        scored.*,
        log_odds / deviation AS z,
        row_number() OVER (
            PARTITION BY group_id, words
            ORDER BY log_odds / deviation DESC NULLS LAST, expression ASC NULLS LAST
        ) AS rank
    FROM scored
)
SELECT
    base_questions.corpus,
    base_questions.task,
    base_questions.taxonomy,
    base_questions.labeler,
    base_questions.contrast,
    base_groups.label,
    ranked.words,
    ranked.expression,
    ranked.n,
    ranked.n_rest,
    ranked.total,
    ranked.total_rest,
    ranked.records,
    ranked.speakers,
    ranked.log_odds,
    ranked.z
FROM ranked
INNER JOIN base_groups ON ranked.group_id = base_groups.group_id
INNER JOIN base_questions ON base_groups.question_id = base_questions.question_id
WHERE ranked.rank <= $top AND ranked.z > 0
