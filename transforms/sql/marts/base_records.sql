-- A number for each labeled record: what is counted by the hundred million should be small. Which record has which
-- number means nothing and shows nowhere.
-- In: answers. Out: number INTEGER, corpus, record_id.
SELECT CAST(row_number() OVER () AS INTEGER) AS number, corpus, record_id
FROM (SELECT DISTINCT corpus, record_id FROM answers) AS labeled
