-- Residence against the programme, from the member's record: moved away, died, or not here long enough.
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, params)
SELECT r.municipality_id, r.batch_id, r.row_number, 'row',
       CASE WHEN c.status = 'deceased' THEN 'deceased'
            WHEN c.status = 'moved_out' THEN 'moved_out'
            WHEN c.resident_since IS NULL THEN 'residence_unknown'
            ELSE 'residence_too_short' END,
       jsonb_build_object('days', %(residency_days)s, 'since', c.resident_since)
FROM allowances_batchrow r
JOIN vouchers_citizen c ON c.municipality_id = r.municipality_id AND c.id = r.citizen_id
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s
  AND (c.status = 'deceased'
       OR (%(residency_required)s AND (
               c.status = 'moved_out'
            OR (%(residency_days)s > 0 AND c.resident_since IS NULL)
            OR c.resident_since > %(reference_date)s::date - %(residency_days)s::integer)))
