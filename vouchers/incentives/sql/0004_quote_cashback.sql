-- What cashback a payment would earn, by the very functions that reckon it later.

CREATE FUNCTION incentives.quote_cashback(p_municipality varchar, p_payment uuid) RETURNS jsonb
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- {amount, funds: [{payer, amount}]} of a payment that stands in the books of this transaction and is not reckoned yet.
-- Reads alone: where the member stands in the bands and caps, and the budget in its steps, is taken as it is now. What
-- others pay before the payment is reckoned may still change it.
DECLARE
    v_item   incentives.item;
    v_terms  vouchers_benefitterms;
    v_state  vouchers_benefitmonth;
    v_step   record;
    v_made   record;
    v_funds  uuid[] := '{}';
    v_parts  bigint[] := '{}';
BEGIN
    FOR v_item IN
        SELECT i.* FROM unnest(incentives.items(p_municipality, ARRAY(
            SELECT ROW(p.id, p.id, p.currency_id, p.wallet_id, p.merchant_id, p.at, false)::incentives.event
            FROM vouchers_payment p WHERE p.municipality_id = p_municipality AND p.id = p_payment))) i
    LOOP
        SELECT * INTO v_terms FROM vouchers_benefitterms WHERE id = v_item.terms_id;
        SELECT * INTO v_state FROM vouchers_benefitmonth
        WHERE municipality_id = p_municipality AND policy_id = v_item.policy_id AND month = v_item.month;
        v_step := incentives.step_of(v_terms, coalesce(v_state.used, 0), (
            SELECT coalesce(sum(used), 0)::bigint FROM vouchers_benefitmonth
            WHERE municipality_id = p_municipality AND policy_id = v_item.policy_id
              AND date_trunc('year', month) = date_trunc('year', v_item.month)));
        v_made := incentives.reckon(p_municipality, v_terms, v_item.month, ARRAY[v_item],
                                    least(coalesce(v_state.factor, 10000), v_step.factor),
                                    least(v_step.ahead, v_step.room), v_step.room);
        SELECT v_funds || coalesce(array_agg(part.fund), '{}'), v_parts || coalesce(array_agg(part.won), '{}')
        INTO v_funds, v_parts
        FROM unnest(v_made.outcomes) o, unnest(o.funds, o.amounts) AS part (fund, won);
    END LOOP;
    RETURN jsonb_build_object(
        'amount', (SELECT coalesce(sum(won), 0) FROM unnest(v_parts) won),
        'funds', (SELECT coalesce(jsonb_agg(jsonb_build_object('payer', s.payer, 'amount', s.won) ORDER BY s.payer), '[]')
                  FROM (SELECT fund.payer, sum(part.won)::bigint AS won
                        FROM unnest(v_funds, v_parts) AS part (fund, won)
                        JOIN vouchers_benefitfund fund ON fund.id = part.fund
                        GROUP BY fund.payer) s));
END $$;
