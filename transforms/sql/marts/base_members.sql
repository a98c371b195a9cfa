-- Which records are in which group. One row of each record and question is `counted`, so that records with several
-- labels are not several times in the sum over all groups. `speaker_bits` has one of 64 bits set, the speaker's class.
-- In: base_contrasts, base_groups. Out: number, group_id, counted BOOLEAN, speaker_bits BIGINT.
WITH members AS (
    SELECT
        question_id,
        number,
        bucket,
        CASE WHEN array_length(labels) > 0 THEN labels[1] END AS label,
        TRUE AS counted
    FROM base_contrasts
    UNION ALL
    SELECT question_id, number, bucket, unnest(array_slice(labels, 2, array_length(labels))) AS label, FALSE AS counted
    FROM base_contrasts
    WHERE array_length(labels) > 1
)
SELECT
    members.number,
    base_groups.group_id,
    members.counted,
    CASE
        WHEN members.bucket = 63 THEN CAST(-9223372036854775807 AS BIGINT) - 1
        ELSE CAST(1 AS BIGINT) << members.bucket
    END AS speaker_bits
FROM members
INNER JOIN base_groups
    ON members.question_id = base_groups.question_id AND members.label IS NOT DISTINCT FROM base_groups.label
