-- Registered in one of the categories on the reference date, by the list or by the record. What is not recorded is not so.
{told} OR coalesce(c.id IN (
    SELECT k.citizen_id FROM vouchers_citizencategory k
    WHERE k.municipality_id = {municipality} AND k.category = ANY ({categories})
      AND coalesce(k.valid_from <= {reference}, true) AND coalesce(k.valid_until >= {reference}, true)), false)
