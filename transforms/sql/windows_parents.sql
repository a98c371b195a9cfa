-- One step up the reply trees. In: frontier(place, wanted, found): whose chain goes on, the record that is answered,
-- how many kept ancestors were found; links(place, record_id, reply_to, kept, size); chain(place, hop, other, size,
-- kept): what was found so far. Out: place, hop, other, size, kept, wanted, found. An ancestor that was dropped does not
-- count, its own ancestors do. A chain that comes to itself ends there.
SELECT
    frontier.place,
    frontier.found + 1 AS hop,
    links.place AS other,
    links.size,
    links.kept,
    links.reply_to AS wanted,
    frontier.found + CASE WHEN links.kept THEN 1 ELSE 0 END AS found
FROM frontier
INNER JOIN links ON frontier.wanted = links.record_id
LEFT JOIN chain ON frontier.place = chain.place AND links.place = chain.other
WHERE chain.other IS NULL AND frontier.place <> links.place
