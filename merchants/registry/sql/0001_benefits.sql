-- 혜택+ agreements of one shop never hold on the same day, so a payment finds one discount or none. A new one keeps within
-- the rates that the municipality allows on its first day.

CREATE FUNCTION public.check_benefit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM merchants_merchant WHERE id = NEW.merchant_id FOR NO KEY UPDATE;   -- two at once come one by one
    IF EXISTS (SELECT FROM merchants_merchantbenefit other
               WHERE other.municipality_id = NEW.municipality_id AND other.merchant_id = NEW.merchant_id
                 AND other.id <> NEW.id
                 AND other.valid_from <= NEW.valid_until AND other.valid_until >= NEW.valid_from) THEN
        RAISE EXCEPTION 'two agreements of one shop on one day'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'merchant_benefit_once_a_day';
    END IF;
    IF TG_OP = 'INSERT' AND NOT EXISTS (
            SELECT FROM (SELECT benefit_rate_min, benefit_rate_max FROM vouchers_paymentterms
                         WHERE municipality_id = NEW.municipality_id AND valid_from <= NEW.valid_from
                         ORDER BY valid_from DESC LIMIT 1) terms
            WHERE NEW.rate BETWEEN terms.benefit_rate_min AND terms.benefit_rate_max) THEN
        RAISE EXCEPTION 'a rate outside of what holds on the first day'
            USING ERRCODE = '55000', CONSTRAINT = 'merchant_benefit_rate_within_terms';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER benefit_is_allowed BEFORE INSERT OR UPDATE ON merchants_merchantbenefit
    FOR EACH ROW EXECUTE FUNCTION public.check_benefit();
