-- Each business event moved money, each movement belongs to one, and both count for the same day; a clawback alone may
-- have found every lot empty. Figure: events.
WITH moved AS (
    SELECT municipality_id, journal_id, min(business_date) AS first_day, max(business_date) AS last_day
    FROM vouchers_transfer GROUP BY municipality_id, journal_id
)
SELECT count(journal.id) AS figure,
       count(*) FILTER (WHERE (moved.first_day, moved.last_day)
                              IS DISTINCT FROM (journal.business_date, journal.business_date)
                        AND NOT (journal.kind = 'claw_back' AND moved.journal_id IS NULL)) AS difference
FROM vouchers_event journal
FULL JOIN moved ON moved.municipality_id = journal.municipality_id AND moved.journal_id = journal.id
