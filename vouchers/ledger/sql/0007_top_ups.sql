-- Money that citizens buy (충전), and its way back: the deposit that the funding bank reported becomes a lot of purchased
-- money, and what funds add to it a lot of its own. The deposit account has no balance row: it is the sum of its movements,
-- money reported and not yet seen at the bank, so top-ups do not wait for each other there.
-- Lock order: wallet → journal → balance rows, these in the order of their accounts.

CREATE FUNCTION ledger.move_balances(
    p_municipality varchar, p_accounts uuid[], p_debits bigint[], p_credits bigint[], p_refusal text
) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Adds to the kept sums of accounts that have any. An account that would fall below its floor refuses with p_refusal.
DECLARE
    v_short record;
BEGIN
    PERFORM 1 FROM vouchers_balance
    WHERE municipality_id = p_municipality AND account_id = ANY (p_accounts) ORDER BY account_id FOR NO KEY UPDATE;
    SELECT balance.credits - balance.debits - balance.reserved - balance.floor AS available, item.debit AS needed
    INTO v_short
    FROM (SELECT i.account_id, sum(i.debit)::bigint AS debit, sum(i.credit)::bigint AS credit
          FROM unnest(p_accounts, p_debits, p_credits) AS i (account_id, debit, credit) GROUP BY i.account_id) item
    JOIN vouchers_balance balance ON balance.municipality_id = p_municipality AND balance.account_id = item.account_id
    WHERE balance.credits + item.credit - balance.debits - item.debit - balance.reserved < balance.floor
    LIMIT 1;
    IF FOUND THEN
        PERFORM ledger.refuse(p_refusal, jsonb_build_object('available', v_short.available, 'needed', v_short.needed));
    END IF;
    UPDATE vouchers_balance balance
    SET debits = balance.debits + item.debit, credits = balance.credits + item.credit
    FROM (SELECT i.account_id, sum(i.debit)::bigint AS debit, sum(i.credit)::bigint AS credit
          FROM unnest(p_accounts, p_debits, p_credits) AS i (account_id, debit, credit) GROUP BY i.account_id) item
    WHERE balance.municipality_id = p_municipality AND balance.account_id = item.account_id;
END $$;

CREATE FUNCTION ledger.top_up(
    p_municipality varchar, p_id uuid, p_currency uuid, p_wallet uuid, p_source uuid, p_paid bigint,
    p_funds uuid[], p_benefits bigint[], p_usage_rule uuid, p_benefit_rule uuid, p_expires_at timestamptz,
    p_benefit_expires_at timestamptz, p_at timestamptz, OUT business_date date, OUT purchase_lot uuid, OUT incentive_lot uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- p_paid won that the funding bank has reported become a lot of purchased money with the source p_source; what each fund
-- adds, one lot of incentive for all of them, with the event itself as its source (NULL: nobody adds anything).
DECLARE
    v_wallet  record;
    v_deposit uuid;
    v_funds   uuid[];
    v_total   bigint;
BEGIN
    business_date := ledger.business_date(p_municipality, p_at);
    SELECT currency_id, status INTO v_wallet FROM vouchers_wallet
    WHERE municipality_id = p_municipality AND id = p_wallet FOR NO KEY UPDATE;
    IF v_wallet.currency_id IS DISTINCT FROM p_currency THEN
        PERFORM ledger.refuse('wallet_unknown');
    ELSIF (p_paid > 0 AND cardinality(p_funds) = cardinality(p_benefits) AND 0 < ALL (p_benefits)) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    v_deposit := ledger.open_account(p_municipality, p_currency, 'deposit', NULL);
    v_funds := ARRAY(SELECT ledger.account(p_municipality, p_currency, 'benefit', fund)
                     FROM unnest(p_funds) WITH ORDINALITY AS f (fund, line) ORDER BY line);
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, 'top_up',
            sha256(convert_to(concat_ws('|', p_wallet, p_source, p_paid, p_funds, p_benefits), 'UTF8')),
            p_at, business_date, p_source) THEN
        business_date := ledger.posted_on(p_municipality, p_id, 'top_up',
            sha256(convert_to(concat_ws('|', p_wallet, p_source, p_paid, p_funds, p_benefits), 'UTF8')));
        SELECT id INTO purchase_lot FROM vouchers_lot
        WHERE municipality_id = p_municipality AND wallet_id = p_wallet AND source_id = p_source;
        SELECT id INTO incentive_lot FROM vouchers_lot
        WHERE municipality_id = p_municipality AND wallet_id = p_wallet AND source_id = p_id;
        RETURN;
    END IF;
    IF v_wallet.status <> 'active' THEN
        PERFORM ledger.refuse('wallet_not_active');
    ELSIF NOT ledger.fits(p_id, business_date) THEN
        PERFORM ledger.refuse('time_out_of_range');
    END IF;
    purchase_lot := uuidv7();
    INSERT INTO vouchers_lot (municipality_id, id, wallet_id, kind, source_id, usage_rule_id, granted, remaining,
                              expires_at, created_at)
    VALUES (p_municipality, purchase_lot, p_wallet, 'purchase', p_source, p_usage_rule, p_paid, p_paid, p_expires_at, p_at);
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, credit_lot_id,
                                   amount, business_date)
    VALUES (p_municipality, p_id, 1, v_deposit, p_wallet, purchase_lot, p_paid, business_date);
    IF p_funds = '{}' THEN
        RETURN;
    END IF;
    incentive_lot := uuidv7();
    v_total := (SELECT sum(a) FROM unnest(p_benefits) a);
    INSERT INTO vouchers_lot (municipality_id, id, wallet_id, kind, source_id, usage_rule_id, granted, remaining,
                              expires_at, created_at)
    VALUES (p_municipality, incentive_lot, p_wallet, 'incentive', p_id, p_benefit_rule, v_total, v_total,
            p_benefit_expires_at, p_at);
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, credit_lot_id,
                                   amount, business_date)
    SELECT p_municipality, p_id, 1 + i.line, i.fund, p_wallet, incentive_lot, i.amount, business_date
    FROM unnest(v_funds, p_benefits) WITH ORDINALITY AS i (fund, amount, line);
    PERFORM ledger.move_balances(p_municipality, v_funds, p_benefits, array_fill(0::bigint, ARRAY[cardinality(v_funds)]),
                                 'benefit_fund_short');
END $$;

CREATE FUNCTION ledger.take_out(
    p_municipality varchar, p_id uuid, p_currency uuid, p_kind text, p_reference uuid, p_wallet uuid, p_lots uuid[],
    p_funds uuid[], p_amounts bigint[], p_whole boolean, p_at timestamptz
) RETURNS date LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Takes money out of lots of one wallet: line n takes p_amounts[n] won from p_lots[n] for the fund p_funds[n], or where
-- that is NULL for the citizen, to be paid by the bank. Benefits never go to the citizen. p_whole: each lot must be as it
-- was made, and is emptied.
DECLARE
    v_date     date;
    v_payable  uuid;
    v_accounts uuid[];
    v_hash     bytea := sha256(convert_to(concat_ws('|', p_wallet, p_lots,
                   array_to_string(p_funds, ',', 'citizen'), p_amounts), 'UTF8'));
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    PERFORM 1 FROM vouchers_wallet
    WHERE municipality_id = p_municipality AND id = p_wallet AND currency_id = p_currency FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM ledger.refuse('wallet_unknown');
    ELSIF (cardinality(p_amounts) > 0 AND 0 < ALL (p_amounts)) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    v_payable := ledger.open_account(p_municipality, p_currency, 'refund_payable', NULL);
    v_accounts := ARRAY(
        SELECT CASE WHEN fund IS NULL THEN v_payable ELSE ledger.account(p_municipality, p_currency, 'benefit', fund) END
        FROM unnest(p_funds) WITH ORDINALITY AS f (fund, line) ORDER BY line);
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, p_kind, v_hash, p_at, v_date, p_reference) THEN
        RETURN ledger.posted_on(p_municipality, p_id, p_kind, v_hash);
    END IF;
    IF NOT ledger.fits(p_id, v_date) THEN
        PERFORM ledger.refuse('time_out_of_range');
    END IF;
    IF EXISTS (
        SELECT FROM (SELECT i.lot_id, sum(i.amount) AS amount, bool_or(i.fund IS NULL) AS to_citizen
                     FROM unnest(p_lots, p_funds, p_amounts) AS i (lot_id, fund, amount) GROUP BY i.lot_id) item
        LEFT JOIN vouchers_lot lot
          ON lot.municipality_id = p_municipality AND lot.id = item.lot_id AND lot.wallet_id = p_wallet
        WHERE (lot.remaining - lot.held >= item.amount
               AND (lot.kind = 'purchase' OR lot.kind = 'incentive' AND NOT item.to_citizen)
               AND (NOT p_whole OR lot.granted = item.amount)) IS NOT TRUE
    ) THEN
        PERFORM ledger.refuse('lot_not_refundable');
    END IF;
    UPDATE vouchers_lot lot SET remaining = lot.remaining - item.amount
    FROM (SELECT i.lot_id, sum(i.amount)::bigint AS amount
          FROM unnest(p_lots, p_amounts) AS i (lot_id, amount) GROUP BY i.lot_id) item
    WHERE lot.municipality_id = p_municipality AND lot.id = item.lot_id;
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, debit_lot_id,
                                   amount, business_date)
    SELECT p_municipality, p_id, i.line, p_wallet, i.account_id, i.lot_id, i.amount, v_date
    FROM unnest(p_lots, v_accounts, p_amounts) WITH ORDINALITY AS i (lot_id, account_id, amount, line);
    PERFORM ledger.note_returns(p_municipality, p_id);
    PERFORM ledger.move_balances(p_municipality, v_accounts, array_fill(0::bigint, ARRAY[cardinality(v_accounts)]),
                                 p_amounts, 'account_unknown');
    RETURN v_date;
END $$;

CREATE FUNCTION ledger.cancel_top_up(
    p_municipality varchar, p_id uuid, p_currency uuid, p_source uuid, p_wallet uuid, p_lots uuid[], p_funds uuid[],
    p_amounts bigint[], p_at timestamptz
) RETURNS date LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Undoes a top-up of which nothing was used (청약철회): the money is owed to the citizen, benefits return to their funds.
    SELECT ledger.take_out(p_municipality, p_id, p_currency, 'top_up_cancel', p_source, p_wallet, p_lots, p_funds, p_amounts,
                           true, p_at)
$$;

CREATE FUNCTION ledger.cash_out(
    p_municipality varchar, p_id uuid, p_currency uuid, p_wallet uuid, p_lots uuid[], p_funds uuid[], p_amounts bigint[],
    p_at timestamptz
) RETURNS date LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Refunds what is left of bought money (잔액 환불): the paid part is owed to the citizen, the benefit part returns.
    SELECT ledger.take_out(p_municipality, p_id, p_currency, 'cash_out', p_wallet, p_wallet, p_lots, p_funds, p_amounts,
                           false, p_at)
$$;

CREATE FUNCTION ledger.in_transit(p_municipality varchar, p_deposit uuid) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    -- Money reported and not yet seen at the bank: what the last day that is summed up ended with, which nothing can change
    -- any more, and what has moved since. Read alone it may be old; whoever receives holds the bank's balance.
    RETURN (WITH summed AS MATERIALIZED (
        SELECT max(sums.business_date) AS through FROM vouchers_dailysum sums WHERE sums.municipality_id = p_municipality
    )
    SELECT (coalesce((SELECT -sums.balance FROM summed JOIN vouchers_dailysum sums ON sums.business_date = summed.through
                      JOIN vouchers_account account
                        ON account.municipality_id = sums.municipality_id AND account.currency_id = sums.currency_id
                       AND account.kind = sums.kind
                      WHERE sums.municipality_id = p_municipality AND account.id = p_deposit), 0)
          + coalesce((SELECT sum(t.amount) FROM vouchers_transfer t
                      WHERE t.municipality_id = p_municipality AND t.debit_account_id = p_deposit AND t.debit_lot_id IS NULL
                        AND t.business_date > coalesce((SELECT through FROM summed), '-infinity')), 0)
          - coalesce((SELECT sum(t.amount) FROM vouchers_transfer t
                      WHERE t.municipality_id = p_municipality AND t.credit_account_id = p_deposit
                        AND t.debit_lot_id IS NULL AND t.credit_lot_id IS NULL
                        AND t.business_date > coalesce((SELECT through FROM summed), '-infinity')), 0))::bigint);
END $$;

CREATE FUNCTION ledger.post_at_bank(
    p_municipality varchar, p_id uuid, p_currency uuid, p_kind text, p_debit text, p_credit text, p_reference uuid,
    p_amount bigint, p_at timestamptz, p_refusal text
) RETURNS date LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- One movement between the operating account and another of the currency's own. No more is received than is in transit: the
-- bank's balance is locked before that is read, so that receives wait for each other and top-ups for none.
DECLARE
    v_date    date;
    v_debit   uuid;
    v_credit  uuid;
    v_transit bigint;
    v_hash    bytea := sha256(convert_to(concat_ws('|', p_reference, p_amount), 'UTF8'));
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    v_debit := ledger.account(p_municipality, p_currency, p_debit, NULL);
    v_credit := ledger.account(p_municipality, p_currency, p_credit, NULL);
    IF (p_amount > 0) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, p_kind, v_hash, p_at, v_date, p_reference) THEN
        RETURN ledger.posted_on(p_municipality, p_id, p_kind, v_hash);
    END IF;
    IF NOT ledger.fits(p_id, v_date) THEN
        PERFORM ledger.refuse('time_out_of_range');
    END IF;
    IF p_credit = 'deposit' THEN
        PERFORM 1 FROM vouchers_balance
        WHERE municipality_id = p_municipality AND account_id = v_debit FOR NO KEY UPDATE;
        v_transit := ledger.in_transit(p_municipality, v_credit);
        IF p_amount > v_transit THEN
            PERFORM ledger.refuse('deposit_short', jsonb_build_object('available', v_transit, 'needed', p_amount));
        END IF;
    END IF;
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, amount, business_date)
    VALUES (p_municipality, p_id, 1, v_debit, v_credit, p_amount, v_date);
    PERFORM ledger.move_balances(p_municipality, ARRAY[v_debit, v_credit], ARRAY[p_amount, 0], ARRAY[0, p_amount], p_refusal);
    RETURN v_date;
END $$;

CREATE FUNCTION ledger.cash_paid(
    p_municipality varchar, p_id uuid, p_currency uuid, p_reference uuid, p_amount bigint, p_at timestamptz
) RETURNS date LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- The bank has paid a refund out of the operating account.
    SELECT ledger.post_at_bank(p_municipality, p_id, p_currency, 'cash_paid', 'refund_payable', 'bank', p_reference, p_amount,
                               p_at, 'refund_payable_short')
$$;

CREATE FUNCTION ledger.receive(
    p_municipality varchar, p_id uuid, p_currency uuid, p_reference uuid, p_amount bigint, p_at timestamptz
) RETURNS date LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- The bank statement shows money that the funding bank had reported before.
    SELECT ledger.post_at_bank(p_municipality, p_id, p_currency, 'receive', 'bank', 'deposit', p_reference, p_amount,
                               p_at, 'account_unknown')
$$;
