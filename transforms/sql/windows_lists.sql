-- The turns before a turn, the nearest first. In: ordered (of windows_order), hops(hop): 1 to the number of turns
-- that are wanted. Out: place, hop, other, size (of other).
SELECT later.place, hops.hop, earlier.place AS other, earlier.size
FROM ordered AS later
CROSS JOIN hops
INNER JOIN ordered AS earlier
    ON later.conversation_id = earlier.conversation_id AND later.position - hops.hop = earlier.position
WHERE later.needs
