-- Lives in one of the dongs: by the member's record, else by the list.
CASE WHEN c.dong_id IS NOT NULL
     THEN c.dong_id IN (SELECT id FROM vouchers_dong WHERE municipality_id = {municipality} AND name = ANY ({dongs}))
     ELSE r.dong = ANY ({dongs}) END
