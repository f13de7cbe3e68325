-- Another list of the cycle that is being approved, or has been paid, claims the person already: as the member, or as who
-- they were before they joined. What went back to the programme, and lists that add or take back, do not count.
WITH claimed AS (
    SELECT e.citizen_id, e.person, e.batch_id, e.row_number
    FROM allowances_entitlement e
    WHERE e.municipality_id = %(municipality)s AND e.cycle_id = %(cycle)s AND e.sequence = 0 AND NOT e.void
), twice AS (
    SELECT r.row_number, claimed.batch_id, claimed.row_number AS other_row
    FROM allowances_batchrow r JOIN claimed ON claimed.citizen_id = r.citizen_id
    WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s
    UNION ALL
    SELECT r.row_number, claimed.batch_id, claimed.row_number
    FROM claimed
    JOIN allowances_batchrow r ON claimed.person = approvals.person(r.name, r.birth_date, r.phone)
    WHERE claimed.citizen_id IS NULL AND r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s
    UNION ALL
    SELECT r.row_number, claimed.batch_id, claimed.row_number
    FROM claimed
    JOIN allowances_batchrow r ON claimed.person = 'number|' || encode(r.resident_number_index, 'hex')
    WHERE claimed.citizen_id IS NULL AND r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s
)
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, params)
SELECT DISTINCT ON (twice.row_number) %(municipality)s, %(batch)s::uuid, twice.row_number, 'row', 'duplicate_in_cycle',
       jsonb_build_object('file_name', other.file_name, 'row', twice.other_row)
FROM twice JOIN allowances_batch other ON other.id = twice.batch_id
ORDER BY twice.row_number
