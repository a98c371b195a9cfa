-- Texts of earlier shards that stay as they are, and that may be near or equal to a text of the shards to decide.
-- In: old_rows and fresh_rows(place, era, exact_high, exact_low, bands): their rows; places ascend with eras.
-- Out: exact_high, exact_low, era, place: the first place of each such text. Short texts have no bands and are found by
-- their hash.
WITH fresh_buckets AS (
    SELECT DISTINCT band, bands[band] AS bucket
    FROM (
        SELECT bands, unnest(generate_series(1, array_length(bands))) AS band
        FROM fresh_rows
        WHERE array_length(bands) > 0
    )
),
fresh_texts AS (
    SELECT DISTINCT exact_high, exact_low FROM fresh_rows
),
found AS (
    SELECT old.exact_high, old.exact_low, old.era, old.place
    FROM (
        SELECT *, unnest(generate_series(1, array_length(bands))) AS band
        FROM old_rows
        WHERE array_length(bands) > 0
    ) AS old
    INNER JOIN fresh_buckets
        ON old.band = fresh_buckets.band AND old.bands[old.band] = fresh_buckets.bucket
    UNION ALL
    SELECT old.exact_high, old.exact_low, old.era, old.place
    FROM old_rows AS old
    INNER JOIN fresh_texts
        ON old.exact_high = fresh_texts.exact_high AND old.exact_low = fresh_texts.exact_low
)
SELECT exact_high, exact_low, min(era) AS era, min(place) AS place
FROM found
GROUP BY exact_high, exact_low
