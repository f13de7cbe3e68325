-- Taking what shops have settled, freezing it in a batch, and the batch's way to the bank.
-- Whoever moves payouts of a municipality holds payouts.hold first, then the shops' balances, then transit and bank.

CREATE FUNCTION payouts.hold(p_municipality varchar) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- One batch or result at a time, and none while a day is being closed.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM pg_advisory_xact_lock(hashtext('settlement.close_day'), hashtext(p_municipality));
END $$;

CREATE FUNCTION payouts.take(
    p_municipality varchar, p_currency uuid, p_merchants uuid[], p_amounts bigint[], p_kind text, p_at timestamptz
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Moves each amount from what the shop has settled to what is on its way, and queues a payout of it. Returns the journal.
DECLARE
    v_journal uuid := ledger.id_at(p_at);
BEGIN
    PERFORM ledger.payout(p_municipality, v_journal, p_currency, p_merchants, p_amounts, p_at);
    INSERT INTO merchants_payout (municipality_id, id, currency_id, merchant_id, kind, amount, state, journal_id, at)
    SELECT p_municipality, ledger.id_at(p_at), p_currency, i.merchant_id, p_kind, i.amount, 'queued', v_journal, p_at
    FROM unnest(p_merchants, p_amounts) AS i (merchant_id, amount);
    RETURN v_journal;
END $$;

CREATE FUNCTION payouts.candidates(
    p_municipality varchar, p_currency uuid, p_through date, p_day date, p_minimum bigint
) RETURNS TABLE (merchant_id uuid, settled bigint, queued bigint, obstacle text, was_paid_to boolean)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    -- Shops to which anything is owed: what they have settled through that day, what is queued, and why none of it can be
    -- paid on p_day (NULL: it can). A suspended or cancelled shop is still paid what it has earned. was_paid_to: the bank has
    -- paid to its account before.
    WITH settled AS (
        SELECT account.owner_id AS merchant_id,
               balance.credits - balance.debits - balance.reserved - coalesce(later.amount, 0) AS amount
        FROM vouchers_account account
        JOIN vouchers_balance balance
          ON balance.municipality_id = account.municipality_id AND balance.account_id = account.id
        LEFT JOIN (SELECT line.merchant_id, sum(line.payable) AS amount FROM merchants_settlementline line
                   WHERE line.municipality_id = p_municipality AND line.currency_id = p_currency
                     AND line.business_date > p_through
                   GROUP BY line.merchant_id) later ON later.merchant_id = account.owner_id
        WHERE account.municipality_id = p_municipality AND account.currency_id = p_currency
          AND account.kind = 'merchant_settled'
    ), owed AS (
        SELECT part.merchant_id, sum(part.settled)::bigint AS settled, sum(part.queued)::bigint AS queued
        FROM (SELECT settled.merchant_id, settled.amount AS settled, 0 AS queued FROM settled WHERE settled.amount > 0
              UNION ALL
              SELECT payout.merchant_id, 0, payout.amount FROM merchants_payout payout
              WHERE payout.municipality_id = p_municipality AND payout.currency_id = p_currency
                AND payout.state = 'queued') part
        GROUP BY part.merchant_id
    )
    SELECT owed.merchant_id, owed.settled, owed.queued,
           CASE WHEN EXISTS (SELECT FROM merchants_payouthold held
                             WHERE held.municipality_id = p_municipality AND held.merchant_id = owed.merchant_id
                               AND held.released_at IS NULL AND held.valid_from <= p_day
                               AND (held.valid_until IS NULL OR held.valid_until >= p_day))
                    THEN 'held'
                WHEN shop.account_bank = '' OR shop.account_number IS NULL OR shop.account_holder = '' THEN 'no_account'
                WHEN EXISTS (SELECT FROM merchants_payout failed
                             WHERE failed.municipality_id = p_municipality AND failed.merchant_id = owed.merchant_id
                               AND failed.needs_mending AND failed.mended_at IS NULL
                               AND (failed.bank, failed.account_number_index, failed.holder)
                                   IS NOT DISTINCT FROM (shop.account_bank, shop.account_number_index, shop.account_holder))
                    THEN 'account_refused'
                WHEN owed.settled + owed.queued < p_minimum THEN 'below_minimum'
           END,
           EXISTS (SELECT FROM merchants_payout before
                   WHERE before.municipality_id = p_municipality AND before.merchant_id = owed.merchant_id
                     AND before.state = 'paid' AND before.bank = shop.account_bank
                     AND before.account_number_index = shop.account_number_index)
    FROM owed JOIN merchants_merchant shop ON shop.municipality_id = p_municipality AND shop.id = owed.merchant_id
$$;

CREATE FUNCTION payouts.digest(p_municipality varchar, p_batch uuid) RETURNS bytea
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT sha256(convert_to(coalesce(string_agg(
        jsonb_build_array(line, id, merchant_id, bank, encode(account_number, 'hex'), holder, amount)::text, E'\n' ORDER BY line),
        ''), 'UTF8'))
    FROM merchants_payout WHERE municipality_id = p_municipality AND batch_id = p_batch
$$;

CREATE FUNCTION payouts.make_batch(
    p_municipality varchar, p_currency uuid, p_through date, p_pay_on date, p_minimum bigint, p_left_out uuid[],
    p_official uuid, p_at timestamptz
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
-- Takes all that can be paid of a currency up to a closed day, with what is queued, and freezes where it goes. p_left_out:
-- shops whose account is none, which only the application can read.
DECLARE
    v_batch     uuid := ledger.id_at(p_at);
    v_year      integer := extract(year FROM p_at AT TIME ZONE 'Asia/Seoul');
    v_merchants uuid[];
    v_taken     uuid[];
    v_amounts   bigint[];
    v_sum       record;
BEGIN
    PERFORM payouts.hold(p_municipality);
    IF NOT EXISTS (SELECT FROM merchants_dayclose WHERE municipality_id = p_municipality AND currency_id = p_currency
                   AND business_date = p_through) THEN
        PERFORM ledger.refuse('payout_day_open');
    END IF;
    PERFORM ledger.hold_settled(p_municipality, p_currency, NULL);
    SELECT array_agg(merchant_id), array_agg(merchant_id ORDER BY merchant_id) FILTER (WHERE settled > 0),
           array_agg(settled ORDER BY merchant_id) FILTER (WHERE settled > 0)
    INTO v_merchants, v_taken, v_amounts
    FROM payouts.candidates(p_municipality, p_currency, p_through, (p_at AT TIME ZONE 'Asia/Seoul')::date, p_minimum)
    WHERE obstacle IS NULL AND merchant_id <> ALL (p_left_out);
    IF v_merchants IS NULL THEN
        PERFORM ledger.refuse('nothing_to_pay_out');
    ELSIF v_taken IS NOT NULL THEN
        PERFORM payouts.take(p_municipality, p_currency, v_taken, v_amounts, 'settlement', p_at);
    END IF;
    WITH row AS (
        SELECT payout.id, row_number() OVER (ORDER BY shop.code, payout.id) AS line, shop.account_bank,
               shop.account_number, shop.account_number_index, shop.account_holder
        FROM merchants_payout payout
        JOIN merchants_merchant shop ON shop.municipality_id = p_municipality AND shop.id = payout.merchant_id
        WHERE payout.municipality_id = p_municipality AND payout.currency_id = p_currency AND payout.state = 'queued'
          AND payout.merchant_id = ANY (v_merchants)
    )
    UPDATE merchants_payout payout
    SET batch_id = v_batch, state = 'listed', line = row.line, bank = row.account_bank,
        account_number = row.account_number, account_number_index = row.account_number_index, holder = row.account_holder
    FROM row WHERE payout.municipality_id = p_municipality AND payout.id = row.id;
    SELECT count(*) AS payouts, sum(amount)::bigint AS amount INTO v_sum
    FROM merchants_payout WHERE municipality_id = p_municipality AND batch_id = v_batch;
    INSERT INTO merchants_payoutbatch (municipality_id, id, currency_id, year, number, state, through, pay_on, payouts,
                                       amount, digest, made_by_id, made_at)
    SELECT p_municipality, v_batch, p_currency, v_year, coalesce(max(number), 0) + 1, 'made', p_through, p_pay_on,
           v_sum.payouts, v_sum.amount, payouts.digest(p_municipality, v_batch), p_official, p_at
    FROM merchants_payoutbatch WHERE municipality_id = p_municipality AND year = v_year;
    RETURN v_batch;
END $$;

CREATE FUNCTION payouts.in_state(p_municipality varchar, p_batch uuid, p_states text[]) RETURNS merchants_payoutbatch
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- The batch, held until the transaction ends, when it stands in one of these states and its rows are those it was made of.
DECLARE
    v_batch merchants_payoutbatch;
BEGIN
    PERFORM payouts.hold(p_municipality);
    SELECT * INTO v_batch FROM merchants_payoutbatch
    WHERE municipality_id = p_municipality AND id = p_batch FOR NO KEY UPDATE;
    IF (v_batch.state = ANY (p_states)) IS NOT TRUE THEN
        PERFORM ledger.refuse('payout_batch_moved_on');
    ELSIF payouts.digest(p_municipality, p_batch) <> v_batch.digest THEN
        PERFORM ledger.refuse('payout_digest_differs');
    END IF;
    RETURN v_batch;
END $$;

CREATE FUNCTION payouts.approve(p_municipality varchar, p_batch uuid, p_digest bytea, p_official uuid, p_at timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- p_digest: of what the approver has seen.
DECLARE
    v_batch merchants_payoutbatch := payouts.in_state(p_municipality, p_batch, '{made}');
BEGIN
    IF v_batch.digest IS DISTINCT FROM p_digest THEN
        PERFORM ledger.refuse('payout_digest_differs');
    END IF;
    UPDATE merchants_payoutbatch SET state = 'approved', approved_by_id = p_official, approved_at = p_at
    WHERE municipality_id = p_municipality AND id = p_batch;
END $$;

CREATE FUNCTION payouts.send(
    p_municipality varchar, p_batch uuid, p_as text, p_with text, p_digest bytea, p_official uuid, p_at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The one decision that the file goes to the bank, in this form. Whatever is downloaded later is a copy.
BEGIN
    PERFORM payouts.in_state(p_municipality, p_batch, '{approved}');
    UPDATE merchants_payoutbatch
    SET state = 'sent', sent_by_id = p_official, sent_at = p_at, sent_as = p_as, sent_with = p_with, sent_digest = p_digest
    WHERE municipality_id = p_municipality AND id = p_batch;
END $$;

CREATE FUNCTION payouts.cancel(p_municipality varchar, p_batch uuid, p_reason text, p_official uuid, p_at timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
-- A batch that was not sent: its money is settled again, and the next batch takes it.
DECLARE
    v_batch   merchants_payoutbatch := payouts.in_state(p_municipality, p_batch, '{made,approved}');
    v_journal uuid := ledger.id_at(p_at);
    v_rows    record;
BEGIN
    SELECT array_agg(merchant_id ORDER BY line) AS merchants, array_agg(amount ORDER BY line) AS amounts INTO v_rows
    FROM merchants_payout WHERE municipality_id = p_municipality AND batch_id = p_batch;
    PERFORM ledger.payout_returned(p_municipality, v_journal, v_batch.currency_id, false, p_batch, v_rows.merchants,
                                   v_rows.amounts, p_at);
    UPDATE merchants_payout SET state = 'cancelled', returned_at = p_at, returned_journal_id = v_journal
    WHERE municipality_id = p_municipality AND batch_id = p_batch;
    UPDATE merchants_payoutbatch
    SET state = 'cancelled', cancelled_by_id = p_official, cancelled_at = p_at, cancel_reason = p_reason
    WHERE municipality_id = p_municipality AND id = p_batch;
END $$;

CREATE FUNCTION payouts.mended(p_municipality varchar, p_payout uuid, p_note text, p_official uuid, p_at timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- An officer says that the account takes money after all (the bank has reopened it): the next batch pays there again.
BEGIN
    PERFORM payouts.hold(p_municipality);
    UPDATE merchants_payout SET mended_by_id = p_official, mended_at = p_at, mended_note = p_note
    WHERE municipality_id = p_municipality AND id = p_payout AND needs_mending AND mended_at IS NULL;
    IF NOT FOUND THEN
        PERFORM ledger.refuse('payout_not_to_mend');
    END IF;
END $$;
