-- Benefits of a top-up: what each fund adds.

CREATE FUNCTION incentives.terms_on(
    p_municipality varchar, p_currency uuid, p_kind text, p_day date, p_corporate boolean DEFAULT false
) RETURNS SETOF vouchers_benefitterms LANGUAGE sql STABLE AS $$
    -- The published terms in force on that day, at most one for each policy; p_corporate: those alone that give corporations
    -- something, too.
    SELECT *
    FROM (SELECT DISTINCT ON (terms.policy_id) terms.*
          FROM vouchers_benefitpolicy policy JOIN vouchers_benefitterms terms ON terms.policy_id = policy.id
          WHERE policy.municipality_id = p_municipality AND policy.currency_id = p_currency AND policy.kind = p_kind
            AND terms.state = 'published' AND terms.valid_from <= p_day
          ORDER BY terms.policy_id, terms.valid_from DESC) in_force
    WHERE in_force.for_corporations OR NOT p_corporate
$$;

CREATE FUNCTION incentives.quote_top_up(
    p_municipality varchar, p_currency uuid, p_kind text, p_amount bigint, p_at timestamptz,
    p_month_so_far bigint DEFAULT 0, p_benefit_so_far bigint DEFAULT 0, p_corporate boolean DEFAULT false
) RETURNS TABLE (fund_id uuid, benefit bigint, terms_id uuid, expires_at timestamptz, usage_rule_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- What each fund adds to a top-up, in won; no row where nothing is given. p_kind says which amount p_amount is:
-- 'discount' (선할인): the face value that will stand in the wallet. The member pays it less the benefit: 10 % of 500,000
--   won, so 450,000 are paid.
-- 'top_up' (충전 인센티브): what the member pays. The wallet gets it and the benefit: 10 % on 500,000 won, so 550,000.
-- The caller tells the member's month so far, in the same kind of amount, what benefit it brought, and whether the member
-- is a corporation.
-- The benefit is rounded down to the won as a whole; what the single shares lose bears the terms' own fund.
DECLARE
    v_day date := (p_at AT TIME ZONE 'Asia/Seoul')::date;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    IF p_kind NOT IN ('discount', 'top_up') THEN
        PERFORM ledger.refuse('account_unknown', jsonb_build_object('kind', p_kind));
    ELSIF (p_amount > 0) IS NOT TRUE OR p_month_so_far < 0 OR p_benefit_so_far < 0 THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    RETURN QUERY
    WITH terms AS MATERIALIZED (
        SELECT t.* FROM incentives.terms_on(p_municipality, p_currency, p_kind, v_day, p_corporate) t
        WHERE NOT EXISTS (SELECT FROM vouchers_benefithalt halt WHERE halt.policy_id = t.policy_id
                            AND halt.begins_at <= p_at AND (halt.ended_at IS NULL OR p_at < halt.ended_at))
    ), share AS (
        SELECT terms.id, tier.fund_id AS fund,
               sum(tier.rate * incentives.in_band(p_month_so_far, p_month_so_far + p_amount, tier.spend_above,
                                                  tier.spend_up_to, terms.spend_cap)) AS parts
        FROM terms JOIN vouchers_benefittier tier ON tier.terms_id = terms.id
        GROUP BY 1, 2
    ), whole AS (
        SELECT share.id, div(sum(share.parts), 10000)::bigint AS full,
               least(div(sum(share.parts), 10000), CASE WHEN terms.benefit_cap IS NOT NULL
                         THEN greatest(terms.benefit_cap - p_benefit_so_far, 0) END)::bigint AS given
        FROM share JOIN terms USING (id) GROUP BY share.id, terms.benefit_cap
    ), part AS (
        SELECT share.id, share.fund,
               div(div(share.parts, 10000) * whole.given, nullif(whole.full, 0))::bigint AS won
        FROM share JOIN whole USING (id) JOIN terms USING (id)
        WHERE share.fund <> terms.own_fund_id
        UNION ALL
        SELECT whole.id, terms.own_fund_id, NULL FROM whole JOIN terms USING (id)
    )
    SELECT part.fund, coalesce(part.won, whole.given - coalesce(sum(part.won) OVER (PARTITION BY part.id), 0))::bigint,
           part.id, incentives.expiry(v_day, terms.validity_months), terms.usage_rule_id
    FROM part JOIN whole USING (id) JOIN terms USING (id)
    WHERE whole.given > 0;
END $$;

CREATE FUNCTION incentives.expiry(p_day date, p_months integer) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    -- The end of the month that lies p_months after the day's month, in Seoul; NULL: never.
    SELECT (date_trunc('month', p_day::timestamp) + (p_months + 1) * interval '1 month') AT TIME ZONE 'Asia/Seoul'
$$;

CREATE FUNCTION incentives.in_band(p_before bigint, p_after bigint, p_above bigint, p_up_to bigint, p_cap bigint)
RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    -- Won of a month's spending from p_before to p_after that lie in a tier's band and within the cap.
    SELECT greatest(least(p_after, p_up_to, p_cap) - greatest(p_before, p_above), 0)
$$;

CREATE FUNCTION incentives.fits(p_tier vouchers_benefittier, p_sales bigint, p_dong text, p_category text)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    -- Whether the tier holds for a shop of these sales, dong (NULL: none) and category.
    SELECT (p_tier.sales_above IS NULL OR p_sales > p_tier.sales_above)
       AND (p_tier.sales_up_to IS NULL OR p_sales <= p_tier.sales_up_to)
       AND (p_tier.dongs = '{}' OR p_dong = ANY (p_tier.dongs))
       AND (p_tier.categories = '{}' OR p_category = ANY (p_tier.categories))
$$;
