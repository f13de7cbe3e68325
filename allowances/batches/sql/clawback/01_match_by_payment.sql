-- Who has another telephone or name by now is found by what the paid list said of them.
UPDATE allowances_batchrow r SET citizen_id = found.citizen_id, wallet_id = wallet.id
FROM (SELECT DISTINCT ON (mine.row_number) mine.row_number, e.citizen_id
      FROM allowances_batch b
      JOIN allowances_batchrow mine ON mine.municipality_id = b.municipality_id AND mine.batch_id = b.id
      JOIN allowances_batch paid ON paid.cycle_id = b.cycle_id AND paid.kind <> 'clawback'
       AND (b.parent_id IS NULL OR paid.id = b.parent_id)
      JOIN allowances_batchrow theirs
        ON theirs.municipality_id = paid.municipality_id AND theirs.batch_id = paid.id AND theirs.name = mine.name
       AND theirs.birth_date = mine.birth_date AND theirs.phone = mine.phone
      JOIN allowances_entitlement e
        ON e.municipality_id = theirs.municipality_id AND e.batch_id = theirs.batch_id
       AND e.row_number = theirs.row_number AND e.citizen_id IS NOT NULL AND NOT e.void
      WHERE b.municipality_id = %(municipality)s AND b.id = %(batch)s AND mine.citizen_id IS NULL
      ORDER BY mine.row_number, e.id DESC) found
LEFT JOIN vouchers_wallet wallet
       ON wallet.municipality_id = %(municipality)s AND wallet.citizen_id = found.citizen_id
      AND wallet.currency_id = %(currency)s
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND r.row_number = found.row_number
