-- Which records are in which group. One row of each record and question is `counted`, so that records with several
-- labels are not several times in the sum over all groups. `speaker_bits` has one of 64 bits set, the speaker's class.
-- In: base_contrasts, base_groups. Out: number, group_id, counted BOOLEAN, speaker_bits BIGINT.
WITH members AS (
    SELECT
        question_id,
        number,
        bucket,
        unnest(CASE WHEN len(labels) = 0 THEN [NULL] ELSE labels END) AS label,
        generate_subscripts(CASE WHEN len(labels) = 0 THEN [NULL] ELSE labels END, 1) AS place
    FROM base_contrasts
)
SELECT
    members.number,
    base_groups.group_id,
    members.place = 1 AS counted,
    CASE
        WHEN members.bucket = 63 THEN -9223372036854775808
        ELSE CAST(1 AS BIGINT) << members.bucket
    END AS speaker_bits
FROM members
INNER JOIN base_groups
    ON members.question_id = base_groups.question_id AND members.label IS NOT DISTINCT FROM base_groups.label
