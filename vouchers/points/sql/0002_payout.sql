-- Paying a confirmed run, chunk by chunk, each in a transaction of its own and once. The fund reserves the whole run at its
-- confirmation and lets go of each chunk as it is posted, so that what was confirmed can always be paid.

CREATE FUNCTION points.confirm(
    p_municipality varchar, p_run uuid, p_official uuid, p_amount bigint, p_expires_at timestamptz, p_chunk_rows integer,
    p_at timestamptz
) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Freezes a run as it was computed, with the fund and the usage rule that its programme has now, and reserves its money.
-- p_amount is the sum that the official saw; whoever computed it cannot confirm it.
DECLARE
    v_run       record;
    v_programme record;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT * INTO v_run FROM vouchers_pointrun WHERE municipality_id = p_municipality AND id = p_run FOR UPDATE;
    IF v_run.state IS DISTINCT FROM 'draft' THEN
        PERFORM ledger.refuse('point_run_confirmed');
    ELSIF v_run.amount <> p_amount THEN
        PERFORM ledger.refuse('point_run_changed');
    END IF;
    SELECT * INTO v_programme FROM vouchers_pointprogramme WHERE id = v_run.programme_id;
    IF v_programme.fund_id IS NULL THEN
        PERFORM ledger.refuse('point_fund_missing');
    END IF;
    UPDATE vouchers_pointpayment payment SET chunk = numbered.chunk
    FROM (SELECT id, ((row_number() OVER (ORDER BY wallet_id) - 1) / p_chunk_rows + 1)::integer AS chunk
          FROM vouchers_pointpayment WHERE run_id = p_run AND state = 'due') numbered
    WHERE payment.id = numbered.id;
    INSERT INTO vouchers_pointchunk (municipality_id, run_id, number)
    SELECT DISTINCT p_municipality, p_run, chunk FROM vouchers_pointpayment WHERE run_id = p_run AND chunk > 0;
    UPDATE vouchers_pointrun
    SET state = 'paying', confirmed_by_id = p_official, confirmed_at = p_at, expires_at = p_expires_at, failure = '',
        fund_id = v_programme.fund_id, usage_rule_id = v_programme.usage_rule_id
    WHERE id = p_run;
    PERFORM ledger.reserve_benefits(p_municipality, v_programme.currency_id, v_programme.fund_id, p_amount);
END $$;

CREATE FUNCTION points.hold(p_run uuid, p_chunk integer) RETURNS void LANGUAGE sql SET search_path = public, pg_temp AS $$
    -- What those who are held in a chunk earned stays theirs for a later run.
    DELETE FROM vouchers_pointearning earning USING vouchers_pointpayment payment
    WHERE earning.run_id = p_run AND payment.run_id = p_run AND payment.chunk = p_chunk
      AND payment.citizen_id = earning.citizen_id AND payment.state = 'held';
    DELETE FROM vouchers_pointcut cut USING vouchers_pointpayment payment
    WHERE cut.run_id = p_run AND payment.run_id = p_run AND payment.chunk = p_chunk
      AND payment.citizen_id = cut.citizen_id AND payment.state = 'held';
$$;

CREATE FUNCTION points.cancel(p_municipality varchar, p_run uuid, p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Pays no more of a confirmed run, and lets its fund go of what was still to be paid. Before the first chunk the run is a
-- draft again (false); after it whoever was not paid yet is held, keeps the points for a later run, and this one ends (true).
DECLARE
    v_run      record;
    v_currency uuid;
    v_chunk    integer;
    v_left     bigint;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT * INTO v_run FROM vouchers_pointrun WHERE municipality_id = p_municipality AND id = p_run FOR NO KEY UPDATE;
    IF v_run.state IS DISTINCT FROM 'paying' THEN
        PERFORM ledger.refuse('point_run_not_paying');
    END IF;
    SELECT currency_id INTO v_currency FROM vouchers_benefitfund WHERE id = v_run.fund_id;
    SELECT coalesce(sum(amount), 0) INTO v_left FROM vouchers_pointpayment WHERE run_id = p_run AND state = 'due';
    IF NOT EXISTS (SELECT FROM vouchers_pointchunk WHERE run_id = p_run AND posted_at IS NOT NULL) THEN
        DELETE FROM vouchers_pointchunk WHERE run_id = p_run;
        UPDATE vouchers_pointpayment SET chunk = 0 WHERE run_id = p_run;
        UPDATE vouchers_pointrun
        SET state = 'draft', confirmed_by_id = NULL, confirmed_at = NULL, expires_at = NULL, fund_id = NULL,
            usage_rule_id = NULL, failure = ''
        WHERE id = p_run;
        PERFORM ledger.reserve_benefits(p_municipality, v_currency, v_run.fund_id, -v_left);
        RETURN false;
    END IF;
    UPDATE vouchers_pointpayment SET state = 'held', amount = 0, reason = 'stopped' WHERE run_id = p_run AND state = 'due';
    FOR v_chunk IN
        UPDATE vouchers_pointchunk SET posted_at = p_at WHERE run_id = p_run AND posted_at IS NULL RETURNING number
    LOOP
        PERFORM points.hold(p_run, v_chunk);
    END LOOP;
    PERFORM points.finish(p_municipality, p_run, p_at);
    PERFORM ledger.reserve_benefits(p_municipality, v_currency, v_run.fund_id, -v_left);
    RETURN true;
END $$;

CREATE FUNCTION points.post_chunk(p_municipality varchar, p_run uuid, p_at timestamptz) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Pays the next chunk of a run and returns its number; NULL: there is none left. Another worker's chunk is waited for.
-- Whoever has died, moved away or lost their wallet since is held: what they earned stays theirs for a later run.
DECLARE
    v_run       record;
    v_chunk     record;
    v_programme record;
    v_due       record;
    v_held      bigint;
    v_journal   uuid := ledger.id_at(p_at);
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT * INTO v_run FROM vouchers_pointrun WHERE municipality_id = p_municipality AND id = p_run FOR NO KEY UPDATE;
    IF v_run.state IS DISTINCT FROM 'paying' THEN
        RETURN NULL;
    END IF;
    SELECT * INTO v_chunk FROM vouchers_pointchunk
    WHERE run_id = p_run AND posted_at IS NULL ORDER BY number LIMIT 1 FOR UPDATE;
    IF v_chunk.id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT * INTO v_programme FROM vouchers_pointprogramme WHERE id = v_run.programme_id;
    PERFORM 1 FROM vouchers_wallet WHERE municipality_id = p_municipality AND id IN (
        SELECT wallet_id FROM vouchers_pointpayment WHERE run_id = p_run AND chunk = v_chunk.number)
    ORDER BY id FOR NO KEY UPDATE;
    WITH held AS (
        UPDATE vouchers_pointpayment payment
        SET state = 'held', amount = 0,
            reason = CASE WHEN citizen.status <> 'active' THEN citizen.status ELSE 'wallet_not_active' END
        FROM vouchers_citizen citizen, vouchers_wallet wallet
        WHERE payment.run_id = p_run AND payment.chunk = v_chunk.number AND payment.state = 'due'
          AND citizen.id = payment.citizen_id AND wallet.municipality_id = p_municipality AND wallet.id = payment.wallet_id
          AND (citizen.status <> 'active' OR wallet.status <> 'active')
        RETURNING OLD.amount
    )
    SELECT coalesce(sum(amount), 0) INTO v_held FROM held;
    PERFORM points.hold(p_run, v_chunk.number);
    SELECT array_agg(id ORDER BY wallet_id) AS ids, array_agg(wallet_id ORDER BY wallet_id) AS wallets,
           array_agg(amount ORDER BY wallet_id) AS amounts, count(*)::integer AS people
    INTO v_due FROM vouchers_pointpayment WHERE run_id = p_run AND chunk = v_chunk.number AND state = 'due';
    IF v_due.people > 0 THEN
        PERFORM ledger.credit_benefits(
            p_municipality, v_journal, v_programme.currency_id, 'points', 'point',
            array_fill(v_run.fund_id, ARRAY[v_due.people]), v_due.wallets, v_due.ids, v_due.amounts,
            array_fill(v_run.expires_at, ARRAY[v_due.people]),
            array_fill(v_run.usage_rule_id, ARRAY[v_due.people]), p_at, true);
        PERFORM webhooks.emit_many(p_municipality, 'points.credited', array_agg(wallet.partner_id), array_agg(
            jsonb_build_object('wallet_id', wallet.id, 'amount', payment.amount, 'programme', v_programme.name,
                               'period_from', v_run.period_from, 'expires_at', v_run.expires_at)), p_at)
        FROM vouchers_pointpayment payment
        JOIN vouchers_wallet wallet ON wallet.municipality_id = p_municipality AND wallet.id = payment.wallet_id
        WHERE payment.run_id = p_run AND payment.chunk = v_chunk.number AND payment.state = 'due'
          AND wallet.partner_id IS NOT NULL
        HAVING count(*) > 0;
    END IF;
    UPDATE vouchers_pointpayment SET state = 'paid'
    WHERE run_id = p_run AND chunk = v_chunk.number AND state = 'due';
    UPDATE vouchers_pointchunk SET posted_at = p_at, journal_id = CASE WHEN v_due.people > 0 THEN v_journal END
    WHERE id = v_chunk.id;
    IF v_held > 0 THEN
        PERFORM ledger.reserve_benefits(p_municipality, v_programme.currency_id, v_run.fund_id, -v_held);
    END IF;
    RETURN v_chunk.number;
END $$;

CREATE FUNCTION points.finish(p_municipality varchar, p_run uuid, p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- When every chunk is posted: the run is paid, and its figures are what was paid. True then, and when it was already.
DECLARE
    v_state text;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT state INTO v_state FROM vouchers_pointrun
    WHERE municipality_id = p_municipality AND id = p_run FOR NO KEY UPDATE;
    IF v_state IS DISTINCT FROM 'paying' THEN
        RETURN coalesce(v_state = 'paid', false);
    ELSIF EXISTS (SELECT FROM vouchers_pointchunk WHERE run_id = p_run AND posted_at IS NULL) THEN
        RETURN false;
    END IF;
    UPDATE vouchers_activity activity SET state = 'counted'
    FROM vouchers_pointearning earning
    WHERE earning.run_id = p_run AND activity.id = earning.activity_id AND activity.state = 'accepted';
    UPDATE vouchers_pointrun run
    SET state = 'paid', paid_at = p_at, failure = '', members = sums.members, amount = sums.amount, held = sums.held
    FROM (SELECT count(*) FILTER (WHERE state = 'paid') AS members, coalesce(sum(amount), 0) AS amount,
                 count(*) FILTER (WHERE state = 'held') AS held
          FROM vouchers_pointpayment WHERE run_id = p_run) sums
    WHERE run.id = p_run AND run.state = 'paying';
    RETURN true;
END $$;

CREATE FUNCTION points.fail(p_municipality varchar, p_run uuid, p_code text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Why a payout stands still, for the official who takes it up again; empty: it goes on.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    UPDATE vouchers_pointrun SET failure = left(p_code, 60)
    WHERE municipality_id = p_municipality AND id = p_run AND state = 'paying';
END $$;
