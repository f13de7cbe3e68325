-- A shop's statement of a month is made once: number and month stay, and what has its paper is never changed or removed.

CREATE FUNCTION reports.refuse_other_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a statement that was made is final' USING ERRCODE = 'JT001';
END $$;
CREATE TRIGGER shop_statement_is_never_removed BEFORE DELETE OR TRUNCATE ON reports_shopstatement
    FOR EACH STATEMENT EXECUTE FUNCTION reports.refuse_other_statement();
CREATE TRIGGER shop_statement_is_final BEFORE UPDATE ON reports_shopstatement
    FOR EACH ROW WHEN (
        OLD.file_key <> ''
        OR (OLD.municipality_id, OLD.id, OLD.currency_id, OLD.month, OLD.merchant_id, OLD.dong_id, OLD.number)
           IS DISTINCT FROM
           (NEW.municipality_id, NEW.id, NEW.currency_id, NEW.month, NEW.merchant_id, NEW.dong_id, NEW.number)
    ) EXECUTE FUNCTION reports.refuse_other_statement();
