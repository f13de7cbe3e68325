-- Issued reports: what is ready is never changed, what is issued is never removed, and anybody may check a paper.

CREATE SCHEMA reports;

CREATE FUNCTION reports.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an issued report is final' USING ERRCODE = 'JT001';
END $$;
CREATE TRIGGER issued_report_is_never_removed BEFORE DELETE OR TRUNCATE ON reports_issuedreport
    FOR EACH STATEMENT EXECUTE FUNCTION reports.refuse_change();
-- On the way to being ready it fills up; what was asked for stays as it was asked.
CREATE TRIGGER issued_report_is_final BEFORE UPDATE ON reports_issuedreport
    FOR EACH ROW WHEN (
        OLD.state = 'ready'
        OR (OLD.municipality_id, OLD.id, OLD.number_id, OLD.report, OLD.title, OLD.first_day, OLD.last_day, OLD.chosen,
            OLD.described, OLD.official_id, OLD.asked_at, OLD.replaces_id, OLD.code)
           IS DISTINCT FROM
           (NEW.municipality_id, NEW.id, NEW.number_id, NEW.report, NEW.title, NEW.first_day, NEW.last_day, NEW.chosen,
            NEW.described, NEW.official_id, NEW.asked_at, NEW.replaces_id, NEW.code)
    ) EXECUTE FUNCTION reports.refuse_change();

CREATE FUNCTION reports.verify(p_code text) RETURNS TABLE (
    municipality text, title text, first_day date, last_day date, issued_at timestamptz, digest text,
    control bigint, control_label text
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- For strangers, who have no scope: what stands on the paper with this code, and nothing else.
    SELECT city.name, issued.title, issued.first_day, issued.last_day,
           issued.asked_at, issued.digest, issued.control, issued.content -> 'control' ->> 0
    FROM reports_issuedreport issued
    JOIN vouchers_municipality city ON city.code = issued.municipality_id
    WHERE issued.code = p_code AND issued.state = 'ready'
$$;
