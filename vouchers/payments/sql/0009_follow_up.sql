-- What follows a payment or a cancellation: cashback, and notices to the apps. One call takes what waits in the outbox,
-- does everything in its own transaction and forgets it there, so that a crash repeats nothing and loses nothing.

CREATE FUNCTION payments.only_one_follows_up(p_municipality varchar) RETURNS void LANGUAGE sql VOLATILE AS $$
    -- Waits for the step under way, and keeps the next one waiting until this transaction's end.
    SELECT pg_advisory_xact_lock(hashtext('payments.follow_up'), hashtext(p_municipality))
$$;

CREATE FUNCTION payments.follow_up(p_municipality varchar, p_limit integer, p_at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Takes the p_limit earliest events of the municipality; returns how many there were. 0, too, while another call is at
-- work on the same municipality. The order is that of the events' ids, within what has been committed.
DECLARE
    v_ids    uuid[];
    v_events incentives.event[];
    v_posted record;
BEGIN
    PERFORM ledger.enter(p_municipality);
    IF NOT pg_try_advisory_xact_lock(hashtext('payments.follow_up'), hashtext(p_municipality)) THEN
        RETURN 0;
    END IF;
    WITH next AS MATERIALIZED (
        SELECT ctid AS place, event_id FROM vouchers_outbox
        WHERE municipality_id = p_municipality ORDER BY event_id LIMIT p_limit
    ), wanted AS (
        SELECT place FROM next
        UNION                                    -- a cancellation's payment goes before it, whatever their ids
        SELECT ctid FROM vouchers_outbox
        WHERE municipality_id = p_municipality AND event_id IN (
            SELECT j.reference FROM next JOIN vouchers_journal j
              ON j.municipality_id = p_municipality AND j.id = next.event_id AND j.kind = 'refund')
    ), taken AS (
        DELETE FROM vouchers_outbox WHERE ctid = ANY (ARRAY(SELECT place FROM wanted)) RETURNING event_id
    )
    SELECT array_agg(event_id) INTO v_ids FROM taken;
    IF v_ids IS NOT NULL THEN
        SELECT array_agg(ROW(e.id, p.id, p.currency_id, p.wallet_id, p.merchant_id, p.at, e.is_refund)::incentives.event)
        INTO v_events
        FROM (SELECT i.id, i.id AS payment_id, false AS is_refund FROM unnest(v_ids) AS i (id)
              UNION ALL
              SELECT j.id, j.reference, true FROM unnest(v_ids) AS i (id)
              JOIN vouchers_journal j ON j.municipality_id = p_municipality AND j.id = i.id AND j.kind = 'refund') e
        JOIN vouchers_payment p ON p.municipality_id = p_municipality AND p.id = e.payment_id;
    END IF;
    v_posted := incentives.post(p_municipality, incentives.accrue(p_municipality, v_events, p_at), p_at);
    IF EXISTS (SELECT FROM vouchers_webhookendpoint WHERE municipality_id = p_municipality AND state <> 'deleted') THEN
        PERFORM payments.tell(p_municipality, v_events, p_at);
        PERFORM payments.tell_of_cashback(p_municipality, v_posted.wallet_ids, v_posted.amounts, p_at);
    END IF;
    RETURN coalesce(cardinality(v_ids), 0);
END $$;

CREATE FUNCTION payments.tell(p_municipality varchar, p_events incentives.event[], p_at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- The partner that took the payment, the app the wallet belongs to, and the app of the shop: each once. In the names and
-- meanings of the API: a payment as it stands now, or a cancellation with its payment. Only who took the payment is told its
-- order number, and an app that has nothing to do with the payer not the wallet.
DECLARE
    v_type text;
    v_told record;
BEGIN
    FOREACH v_type IN ARRAY ARRAY['payment.paid', 'payment.cancelled'] LOOP
        SELECT array_agg(partner.id ORDER BY e.event_id) AS partners,
               array_agg(CASE WHEN e.is_refund THEN jsonb_build_object(
                       'id', e.event_id, 'amount', back.amount + back.discount, 'discount', back.discount,
                       'business_date', back_journal.business_date, 'cancelled_at', back.at, 'payment', told.data)
                   ELSE told.data END ORDER BY e.event_id) AS data
        INTO v_told
        FROM unnest(p_events) e
        JOIN vouchers_payment p ON p.municipality_id = p_municipality AND p.id = e.payment_id
        JOIN merchants_merchant shop ON shop.municipality_id = p_municipality AND shop.id = e.merchant_id
        JOIN vouchers_wallet wallet ON wallet.municipality_id = p_municipality AND wallet.id = e.wallet_id
        LEFT JOIN vouchers_cancellation back ON back.municipality_id = p_municipality AND back.id = e.event_id
        LEFT JOIN vouchers_journal back_journal ON back_journal.municipality_id = p_municipality AND back_journal.id = back.id
        CROSS JOIN LATERAL (SELECT p.partner_id AS id UNION SELECT wallet.partner_id UNION SELECT shop.partner_id) partner
        CROSS JOIN LATERAL (SELECT jsonb_strip_nulls(jsonb_build_object(
            'id', p.id,
            'state', CASE WHEN p.refunded = 0 THEN 'paid' WHEN p.refunded < p.amount THEN 'partly_cancelled'
                          ELSE 'cancelled' END,
            'order_id', CASE WHEN partner.id = p.partner_id THEN p.order_id END,
            'wallet_id', CASE WHEN partner.id IN (p.partner_id, wallet.partner_id) THEN p.wallet_id END,
            'merchant', jsonb_build_object('code', shop.code, 'name', shop.name), 'channel', p.channel,
            'amount', p.amount + p.discount, 'discount', p.discount, 'paid_amount', p.amount,
            'cancelled_amount', p.refunded + p.discount_returned, 'business_date', p.business_date,
            'paid_at', p.at)) AS data) told
        WHERE e.is_refund = (v_type = 'payment.cancelled') AND partner.id IS NOT NULL;
        IF v_told.partners IS NOT NULL THEN
            PERFORM webhooks.emit_many(p_municipality, v_type, v_told.partners, v_told.data, p_at);
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION payments.tell_of_cashback(p_municipality varchar, p_wallets uuid[], p_amounts bigint[], p_at timestamptz)
RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- The app of each wallet that was credited.
DECLARE
    v_told record;
BEGIN
    SELECT array_agg(wallet.partner_id) AS partners, array_agg(jsonb_build_object(
               'wallet_id', wallet.id, 'currency_id', wallet.currency_id, 'amount', i.amount, 'credited_at', p_at)) AS data
    INTO v_told
    FROM unnest(p_wallets, p_amounts) AS i (id, amount)
    JOIN vouchers_wallet wallet ON wallet.municipality_id = p_municipality AND wallet.id = i.id
    WHERE wallet.partner_id IS NOT NULL;
    IF v_told.partners IS NOT NULL THEN
        PERFORM webhooks.emit_many(p_municipality, 'cashback.credited', v_told.partners, v_told.data, p_at);
    END IF;
END $$;

CREATE FUNCTION payments.municipalities_to_follow_up() RETURNS SETOF varchar
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Runs before any scope is known: region codes where a step would find payments, or credits that waited for money which
    -- is there now, and nothing else.
    SELECT municipality_id FROM vouchers_outbox
    UNION
    SELECT municipality_id FROM vouchers_benefitdue
    WHERE amount > 0 AND amount <= incentives.free(municipality_id, fund_id)
$$;

CREATE FUNCTION payments.cashback(p_municipality varchar, p_payment uuid) RETURNS jsonb LANGUAGE plpgsql VOLATILE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- {state: pending | credited | none, amount, funds: [{payer, amount}]} of a payment, less what was reversed. pending: not
-- reckoned yet, or a fund's money is waited for.
DECLARE
    v_found jsonb;
    v_paid  record;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT jsonb_build_object(
               'state', CASE WHEN sum(part.won) IS NULL OR sum(part.won) = 0 THEN 'none'
                             WHEN bool_or(due.amount > 0) THEN 'pending' ELSE 'credited' END,
               'amount', coalesce(sum(part.won), 0),
               'funds', coalesce((SELECT jsonb_agg(jsonb_build_object('payer', s.payer, 'amount', s.won) ORDER BY s.payer)
                         FROM (SELECT fund.payer, sum(a - r)::bigint AS won
                               FROM vouchers_cashback c2, unnest(c2.funds, c2.amounts, c2.reversals) AS q (f, a, r)
                               JOIN vouchers_benefitfund fund ON fund.id = q.f
                               WHERE c2.municipality_id = p_municipality AND c2.payment_id = p_payment
                               GROUP BY fund.payer HAVING sum(a - r) > 0) s), '[]'))
    INTO v_found
    FROM vouchers_cashback c
    LEFT JOIN LATERAL (SELECT p.f, p.a - p.r AS won FROM unnest(c.funds, c.amounts, c.reversals) AS p (f, a, r)) part ON true
    LEFT JOIN vouchers_membermonth member
      ON member.municipality_id = p_municipality AND member.wallet_id = c.wallet_id AND member.policy_id = c.policy_id
     AND member.month = c.month
    LEFT JOIN vouchers_benefitdue due
      ON due.municipality_id = p_municipality AND due.wallet_id = c.wallet_id AND due.fund_id = part.f
     AND due.month_id = member.id
    WHERE c.municipality_id = p_municipality AND c.payment_id = p_payment
    HAVING count(*) > 0;
    IF v_found IS NOT NULL THEN
        RETURN v_found;
    END IF;
    SELECT p.currency_id, p.at INTO v_paid FROM vouchers_payment p
    WHERE p.municipality_id = p_municipality AND p.id = p_payment;
    RETURN jsonb_build_object('amount', 0, 'funds', '[]'::jsonb, 'state', CASE WHEN EXISTS (
        SELECT FROM incentives.terms_on(p_municipality, v_paid.currency_id, 'cashback',
                                        (v_paid.at AT TIME ZONE 'Asia/Seoul')::date)) THEN 'pending' ELSE 'none' END);
END $$;
