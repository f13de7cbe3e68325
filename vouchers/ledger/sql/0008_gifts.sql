-- Money that one citizen gives another (선물); a corporation neither gives nor gets any. It keeps its kind, expiry and usage rule: the receiver gets one lot for each
-- lot that it came from, whose id is the new lot's source, so what was bought with it can always be told.
-- Lock order: both wallets, ascending → journal.

CREATE FUNCTION ledger.gift(
    p_municipality varchar, p_id uuid, p_from uuid, p_to uuid, p_amount bigint, p_kinds text[], p_partner uuid,
    p_at timestamptz
) RETURNS date LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Moves p_amount won of these kinds of money between two wallets of one currency, soonest expiry first, and returns the
-- business date. The wallet that gives belongs to the app of p_partner or to none; the one that gets may be anybody's.
DECLARE
    v_date   date;
    v_from   vouchers_wallet;
    v_to     vouchers_wallet;
    v_hash   bytea := sha256(convert_to(concat_ws('|', p_from, p_to, p_amount), 'UTF8'));
    v_free   bigint;
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    IF (p_amount > 0) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    ELSIF p_from = p_to THEN
        PERFORM ledger.refuse('gift_to_oneself');
    END IF;
    PERFORM 1 FROM vouchers_wallet
    WHERE municipality_id = p_municipality AND id IN (p_from, p_to) ORDER BY id FOR NO KEY UPDATE;
    SELECT * INTO v_from FROM vouchers_wallet WHERE municipality_id = p_municipality AND id = p_from;
    SELECT * INTO v_to FROM vouchers_wallet WHERE municipality_id = p_municipality AND id = p_to;
    IF v_from.id IS NULL OR v_from.partner_id <> p_partner THEN
        PERFORM ledger.refuse('wallet_unknown');
    ELSIF v_from.corporation_id IS NOT NULL THEN
        PERFORM ledger.refuse('gift_from_corporation');
    ELSIF v_to.corporation_id IS NOT NULL THEN
        PERFORM ledger.refuse('receiver_unknown');
    ELSIF v_to.currency_id IS DISTINCT FROM v_from.currency_id THEN
        PERFORM ledger.refuse('receiver_unknown');
    ELSIF NOT ledger.open_journal(p_municipality, p_id, v_from.currency_id, 'gift', v_hash, p_at, v_date, p_to) THEN
        RETURN ledger.posted_on(p_municipality, p_id, 'gift', v_hash);
    ELSIF v_from.status <> 'active' THEN
        PERFORM ledger.refuse('wallet_not_active');
    ELSIF v_to.status <> 'active' THEN
        PERFORM ledger.refuse('receiver_unknown');
    ELSIF NOT ledger.fits(p_id, v_date) THEN
        PERFORM ledger.refuse('time_out_of_range');
    END IF;
    SELECT coalesce(sum(remaining - held), 0) INTO v_free FROM vouchers_lot
    WHERE municipality_id = p_municipality AND wallet_id = p_from AND kind = ANY (p_kinds) AND remaining > held
      AND (expires_at IS NULL OR expires_at > p_at);
    IF v_free < p_amount THEN
        PERFORM ledger.refuse('gift_exceeds_balance', jsonb_build_object('available', v_free));
    END IF;
    WITH candidate AS (
        SELECT lot.id, lot.remaining - lot.held AS free, lot.kind, lot.usage_rule_id, lot.expires_at,
               row_number() OVER forwards AS line,
               coalesce(sum(lot.remaining - lot.held)
                   OVER (forwards ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS before
        FROM vouchers_lot lot
        WHERE lot.municipality_id = p_municipality AND lot.wallet_id = p_from AND lot.kind = ANY (p_kinds)
          AND lot.remaining > lot.held AND (lot.expires_at IS NULL OR lot.expires_at > p_at)
        WINDOW forwards AS (ORDER BY lot.expires_at, lot.id)
    ), taken AS (
        UPDATE vouchers_lot lot SET remaining = lot.remaining - least(candidate.free, p_amount - candidate.before)
        FROM candidate
        WHERE lot.municipality_id = p_municipality AND lot.id = candidate.id AND candidate.before < p_amount
        RETURNING candidate.*, least(candidate.free, p_amount - candidate.before) AS won
    ), given AS (
        INSERT INTO vouchers_lot AS kept (municipality_id, id, wallet_id, kind, source_id, usage_rule_id, granted,
                                          remaining, expires_at, created_at)
        SELECT p_municipality, uuidv7(), p_to, kind, id, usage_rule_id, won, won, expires_at, p_at FROM taken
        ON CONFLICT ON CONSTRAINT lot_source_once DO UPDATE
            SET granted = kept.granted + excluded.granted, remaining = kept.remaining + excluded.remaining
        RETURNING kept.id, kept.source_id
    )
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, debit_lot_id,
                                   credit_lot_id, amount, business_date)
    SELECT p_municipality, p_id, taken.line, p_from, p_to, taken.id, given.id, taken.won, v_date
    FROM taken JOIN given ON given.source_id = taken.id;
    RETURN v_date;
END $$;
