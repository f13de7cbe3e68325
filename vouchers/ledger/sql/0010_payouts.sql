-- Money on its way from the operating account to shops: settled → in transit, and from there to the bank or back.
-- Lock order: the shops' settled balances, in the order of their accounts → transit → bank. Nobody holds transit or bank
-- while waiting for a shop.

CREATE FUNCTION ledger.hold_settled(p_municipality varchar, p_currency uuid, p_merchants uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Nobody else moves what these shops have settled until the transaction ends. NULL: of all shops.
BEGIN
    PERFORM 1
    FROM vouchers_account account
    JOIN vouchers_balance balance
      ON balance.municipality_id = account.municipality_id AND balance.account_id = account.id
    WHERE account.municipality_id = p_municipality AND account.currency_id = p_currency
      AND account.kind = 'merchant_settled' AND (p_merchants IS NULL OR account.owner_id = ANY (p_merchants))
    ORDER BY account.id FOR NO KEY UPDATE OF balance;
END $$;

CREATE FUNCTION ledger.move_settled(
    p_municipality varchar, p_id uuid, p_currency uuid, p_kind text, p_other text, p_out boolean, p_reference uuid,
    p_merchants uuid[], p_amounts bigint[], p_at timestamptz
) RETURNS date LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- One event: line n moves p_amounts[n] won from what the shop p_merchants[n] has settled to the currency's own account
-- p_other (p_out), or from there back to the shop.
DECLARE
    v_date    date;
    v_other   uuid;
    v_settled uuid[];
    v_total   bigint;
    v_none    bigint[];
    v_hash    bytea := sha256(convert_to(concat_ws('|', p_reference, p_merchants, p_amounts), 'UTF8'));
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    IF (cardinality(p_amounts) > 0 AND cardinality(p_merchants) = cardinality(p_amounts) AND 0 < ALL (p_amounts)) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    v_other := ledger.open_account(p_municipality, p_currency, p_other, NULL);
    SELECT array_agg(account.id ORDER BY i.line) INTO v_settled
    FROM unnest(p_merchants) WITH ORDINALITY AS i (merchant_id, line)
    JOIN vouchers_account account
      ON account.municipality_id = p_municipality AND account.currency_id = p_currency
     AND account.owner_id = i.merchant_id AND account.kind = 'merchant_settled';
    IF cardinality(v_settled) IS DISTINCT FROM cardinality(p_merchants) THEN
        PERFORM ledger.refuse('account_unknown', '{"kind": "merchant_settled"}');
    END IF;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, p_kind, v_hash, p_at, v_date, p_reference) THEN
        RETURN ledger.posted_on(p_municipality, p_id, p_kind, v_hash);
    END IF;
    IF NOT ledger.fits(p_id, v_date) THEN
        PERFORM ledger.refuse('time_out_of_range');
    END IF;
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, amount, business_date)
    SELECT p_municipality, p_id, i.line, CASE WHEN p_out THEN i.settled ELSE v_other END,
           CASE WHEN p_out THEN v_other ELSE i.settled END, i.amount, v_date
    FROM unnest(v_settled, p_amounts) WITH ORDINALITY AS i (settled, amount, line);
    SELECT sum(amount)::bigint, array_agg(0::bigint) INTO v_total, v_none FROM unnest(p_amounts) AS amount;
    PERFORM ledger.move_balances(p_municipality, v_settled, CASE WHEN p_out THEN p_amounts ELSE v_none END,
                                 CASE WHEN p_out THEN v_none ELSE p_amounts END, 'settled_short');
    PERFORM ledger.move_balances(p_municipality, ARRAY[v_other], ARRAY[CASE WHEN p_out THEN 0 ELSE v_total END],
                                 ARRAY[CASE WHEN p_out THEN v_total ELSE 0 END], 'transit_short');
    RETURN v_date;
END $$;

CREATE FUNCTION ledger.payout(
    p_municipality varchar, p_id uuid, p_currency uuid, p_merchants uuid[], p_amounts bigint[], p_at timestamptz
) RETURNS date LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- What shops have settled is put on its way to them.
    SELECT ledger.move_settled(p_municipality, p_id, p_currency, 'payout', 'payout_transit', true, NULL, p_merchants,
                               p_amounts, p_at)
$$;

CREATE FUNCTION ledger.payout_paid(
    p_municipality varchar, p_id uuid, p_currency uuid, p_reference uuid, p_amount bigint, p_at timestamptz
) RETURNS date LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- The bank has paid shops out of the operating account.
    SELECT ledger.post_at_bank(p_municipality, p_id, p_currency, 'payout_paid', 'payout_transit', 'bank', p_reference,
                               p_amount, p_at, 'transit_short')
$$;

CREATE FUNCTION ledger.payout_returned(
    p_municipality varchar, p_id uuid, p_currency uuid, p_from_bank boolean, p_reference uuid, p_merchants uuid[],
    p_amounts bigint[], p_at timestamptz
) RETURNS date LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- The shops did not get it: it was never paid, or it came back to the operating account.
    SELECT ledger.move_settled(p_municipality, p_id, p_currency, 'payout_returned',
                               CASE WHEN p_from_bank THEN 'bank' ELSE 'payout_transit' END, false, p_reference, p_merchants,
                               p_amounts, p_at)
$$;
