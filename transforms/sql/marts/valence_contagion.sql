-- Does the valence of a turn go with that of the turn before, another speaker's?
-- In: turns. Out: one row per question and pair of roles. Figures of too few pairs, or of valences that do not
-- vary, are null.
WITH pairs AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        previous_role AS from_role,
        role AS to_role,
        previous_valence AS x,
        valence AS y,
        own_valence AS z,
        CASE WHEN own_valence IS NOT NULL THEN previous_valence END AS held_x,
        CASE WHEN own_valence IS NOT NULL THEN valence END AS held_y
    FROM turns
    WHERE previous_speaker <> speaker AND previous_valence IS NOT NULL AND valence IS NOT NULL
),
figures AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        from_role,
        to_role,
        COUNT(*) AS pairs,
        COUNT(z) AS held,
        CORR(y, x) AS correlation,
        REGR_SLOPE(y, x) AS slope,
        CORR(y, held_x) AS r_xy,
        CORR(x, z) AS r_xz,
        CORR(y, z) AS r_yz,
        LEAST(STDDEV_POP(x), STDDEV_POP(y)) AS spread,
        LEAST(STDDEV_POP(held_x), STDDEV_POP(held_y), STDDEV_POP(z)) AS held_spread
    FROM pairs
    GROUP BY corpus, task, taxonomy, labeler, from_role, to_role
),
-- What varies in the last bits only does not vary.
defined AS (
    SELECT
        corpus,
        task,
        taxonomy,
        labeler,
        from_role,
        to_role,
        pairs,
        CASE WHEN pairs >= $min_pairs AND spread > 1e-9 THEN correlation END AS correlation,
        CASE WHEN pairs >= $min_pairs AND spread > 1e-9 THEN slope END AS slope,
        CASE WHEN held >= $min_pairs AND held_spread > 1e-9 THEN r_xy END AS r_xy,
        CASE WHEN held >= $min_pairs AND held_spread > 1e-9 THEN r_xz END AS r_xz,
        CASE WHEN held >= $min_pairs AND held_spread > 1e-9 THEN r_yz END AS r_yz
    FROM figures
)
SELECT
    corpus,
    task,
    taxonomy,
    labeler,
    from_role,
    to_role,
    CAST(pairs AS BIGINT) AS pairs,
    CASE WHEN correlation IS NOT NULL THEN GREATEST(-1.0, LEAST(1.0, correlation)) END AS correlation,
    CASE
        -- One of them is the other but for rounding: nothing is left to correlate.
        WHEN 1 - r_xz * r_xz > 1e-9 AND 1 - r_yz * r_yz > 1e-9
            THEN GREATEST(-1.0, LEAST(1.0, (r_xy - r_xz * r_yz) / SQRT((1 - r_xz * r_xz) * (1 - r_yz * r_yz))))
    END AS partial_correlation,
    slope
FROM defined
