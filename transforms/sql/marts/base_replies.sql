-- Which record answers which. In: clean. Out: record_id, reply_to.
SELECT record_id, reply_to
FROM clean
WHERE outcome = 'kept' AND reply_to IS NOT NULL
