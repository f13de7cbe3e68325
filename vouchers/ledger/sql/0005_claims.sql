-- Money that a programme holds for people without a wallet: to them when they join, or back to the programme.
-- Lock order as in the kernel: journal → programme's balance → balance of unclaimed money.

CREATE FUNCTION ledger.claim(
    p_municipality varchar, p_id uuid, p_currency uuid, p_programme uuid, p_usage_rule uuid, p_expiries timestamptz[],
    p_wallets uuid[], p_sources uuid[], p_amounts bigint[], p_at timestamptz, p_grace_days integer DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Credits held money to wallets: a lot and a transfer each. Returns the sum in won. A source that was paid into the wallet
-- before breaks the constraint lot_source_once, whoever asks.
DECLARE
    v_unclaimed uuid;
    v_date      date;
    v_total     bigint;
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    v_unclaimed := ledger.account(p_municipality, p_currency, 'unclaimed', p_programme);
    SELECT sum(a) INTO v_total FROM unnest(p_amounts) a;
    IF v_total IS NULL THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, 'claim',
            sha256(convert_to(concat_ws('|', p_programme, p_wallets, p_sources, p_amounts), 'UTF8')),
            p_at, v_date, p_programme) THEN
        RETURN v_total;
    END IF;
    PERFORM ledger.grant_lots(p_municipality, p_id, p_currency, v_unclaimed, 'grant', p_programme, p_usage_rule, NULL, p_expiries,
                              p_grace_days, p_wallets, p_sources, p_amounts, v_date, p_at);
    UPDATE vouchers_balance SET debits = debits + v_total
    WHERE municipality_id = p_municipality AND account_id = v_unclaimed;
    RETURN v_total;
END $$;

CREATE FUNCTION ledger.release(
    p_municipality varchar, p_id uuid, p_currency uuid, p_programme uuid, p_amount bigint, p_at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Returns held money that nobody gets any more to its programme, where it is free to be spent.
DECLARE
    v_programme uuid;
    v_unclaimed uuid;
    v_date      date;
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    v_programme := ledger.account(p_municipality, p_currency, 'programme', p_programme);
    v_unclaimed := ledger.account(p_municipality, p_currency, 'unclaimed', p_programme);
    IF p_amount IS NULL OR p_amount <= 0 THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, 'release',
            sha256(convert_to(concat_ws('|', p_programme, p_amount), 'UTF8')), p_at, v_date, p_programme) THEN
        RETURN;
    END IF;
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, amount, business_date)
    VALUES (p_municipality, p_id, 1, v_unclaimed, v_programme, p_amount, v_date);
    PERFORM ledger.return_to(p_municipality, v_programme, p_amount);
    UPDATE vouchers_balance SET debits = debits + p_amount
    WHERE municipality_id = p_municipality AND account_id = v_unclaimed;
END $$;
