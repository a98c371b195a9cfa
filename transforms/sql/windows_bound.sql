-- Leaves out what does not fit. In: found(place, hop, other, size), chars: the bound. Out: place, hop, other.
SELECT place, hop, other
FROM (
    SELECT
        place,
        hop,
        other,
        sum(size) OVER (
            PARTITION BY place
            ORDER BY hop ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS total
    FROM found
)
WHERE total <= $chars
