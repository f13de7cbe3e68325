-- 혜택+ agreements of one shop never hold on the same day, so a payment finds one discount or none.

CREATE FUNCTION public.refuse_benefit_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM merchants_merchant WHERE id = NEW.merchant_id FOR NO KEY UPDATE;   -- two at once come one by one
    IF EXISTS (SELECT FROM merchants_merchantbenefit other
               WHERE other.municipality_id = NEW.municipality_id AND other.merchant_id = NEW.merchant_id
                 AND other.id <> NEW.id
                 AND other.valid_from <= NEW.valid_until AND other.valid_until >= NEW.valid_from) THEN
        RAISE EXCEPTION 'two agreements of one shop on one day'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'merchant_benefit_once_a_day';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER merchant_benefit_once_a_day BEFORE INSERT OR UPDATE ON merchants_merchantbenefit
    FOR EACH ROW EXECUTE FUNCTION public.refuse_benefit_overlap();
