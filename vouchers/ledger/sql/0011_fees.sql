-- Fees and adjustments: money between a shop's pending account, which alone may fall below zero and is carried from close to
-- close, and the currency's operating account.
-- Lock order: whatever keeps others from the shop (its settled balance, or the close of the day) → operating → bank.

CREATE FUNCTION ledger.charge(
    p_municipality varchar, p_id uuid, p_currency uuid, p_kind text, p_reference uuid, p_merchants uuid[],
    p_amounts bigint[], p_at timestamptz
) RETURNS date LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- One event: p_amounts[n] won go from the shop p_merchants[n] to the operating account; below zero, from there to the shop.
-- Adjustments give no more than the operating account has. A fee is given back whatever it has: no close waits for money.
DECLARE
    v_date      date;
    v_operating uuid;
    v_pending   uuid[];
    v_given     bigint;
    v_taken     bigint;
    v_available bigint;
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    IF (cardinality(p_amounts) > 0 AND 0 <> ALL (p_amounts)) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    v_operating := ledger.open_account(p_municipality, p_currency, 'operating', NULL);
    SELECT array_agg(account.id ORDER BY i.line) INTO v_pending
    FROM unnest(p_merchants) WITH ORDINALITY AS i (merchant_id, line)
    JOIN vouchers_account account
      ON account.municipality_id = p_municipality AND account.currency_id = p_currency
     AND account.owner_id = i.merchant_id AND account.kind = 'merchant_pending';
    IF cardinality(v_pending) IS DISTINCT FROM cardinality(p_amounts) THEN
        PERFORM ledger.refuse('account_unknown', '{"kind": "merchant_pending"}');
    END IF;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, p_kind,
            sha256(convert_to(concat_ws('|', p_reference, p_merchants, p_amounts), 'UTF8')), p_at, v_date, p_reference) THEN
        RETURN v_date;
    END IF;
    SELECT coalesce(sum(amount) FILTER (WHERE amount > 0), 0)::bigint, coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)::bigint
    INTO v_taken, v_given FROM unnest(p_amounts) AS amount;
    SELECT credits - debits + v_taken INTO v_available FROM vouchers_balance
    WHERE municipality_id = p_municipality AND account_id = v_operating FOR NO KEY UPDATE;
    IF p_kind = 'adjust' AND v_given > v_available THEN
        PERFORM ledger.refuse('operating_short', jsonb_build_object('available', v_available, 'needed', v_given));
    END IF;
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, amount, business_date)
    SELECT p_municipality, p_id, i.line, CASE WHEN i.amount > 0 THEN i.pending ELSE v_operating END,
           CASE WHEN i.amount > 0 THEN v_operating ELSE i.pending END, abs(i.amount), v_date
    FROM unnest(v_pending, p_amounts) WITH ORDINALITY AS i (pending, amount, line);
    UPDATE vouchers_balance SET debits = debits + v_given, credits = credits + v_taken
    WHERE municipality_id = p_municipality AND account_id = v_operating;
    RETURN v_date;
END $$;

CREATE FUNCTION ledger.operate(
    p_municipality varchar, p_id uuid, p_currency uuid, p_reference uuid, p_amount bigint, p_at timestamptz
) RETURNS date LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Money of the municipality's own reaches the bank for adjustments; below zero, fees that it has earned leave the bank.
DECLARE
    v_operating uuid;
    v_available bigint;
BEGIN
    PERFORM ledger.enter(p_municipality);
    v_operating := ledger.open_account(p_municipality, p_currency, 'operating', NULL);
    SELECT credits - debits INTO v_available FROM vouchers_balance
    WHERE municipality_id = p_municipality AND account_id = v_operating FOR NO KEY UPDATE;
    IF -p_amount > v_available THEN
        PERFORM ledger.refuse('operating_short', jsonb_build_object('available', v_available, 'needed', -p_amount));
    END IF;
    RETURN ledger.post_at_bank(
        p_municipality, p_id, p_currency, 'adjust', CASE WHEN p_amount > 0 THEN 'bank' ELSE 'operating' END,
        CASE WHEN p_amount > 0 THEN 'operating' ELSE 'bank' END, p_reference, abs(p_amount), p_at, 'operating_short');
END $$;
