-- What the app of a wallet's holder may know of it. VOLATILE, as everything that an answer tells (payments.payment).

CREATE SCHEMA wallets;

CREATE FUNCTION wallets.require(p_municipality varchar, p_partner uuid, p_wallet uuid) RETURNS vouchers_wallet
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- The wallet, when it belongs to this partner's app or to none; to every other partner it is unknown.
DECLARE
    v_wallet vouchers_wallet;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT * INTO v_wallet FROM vouchers_wallet WHERE municipality_id = p_municipality AND id = p_wallet;
    IF v_wallet.id IS NULL OR v_wallet.partner_id <> p_partner THEN
        PERFORM ledger.refuse('wallet_unknown');
    END IF;
    RETURN v_wallet;
END $$;

CREATE FUNCTION wallets.wallet(p_municipality varchar, p_partner uuid, p_wallet uuid, p_at timestamptz)
RETURNS TABLE (id uuid, status varchar, currency_id uuid, currency_name varchar, opened_at timestamptz, balance bigint,
               allowances bigint, purchased bigint, incentives bigint, points bigint, purchase_cap bigint,
               next_expiry timestamptz, next_expiring bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- A wallet and what may be spent of it at p_at, by kind. `balance` also counts what has expired and is not yet taken back.
-- Refuses wallet_unknown.
DECLARE
    v_wallet vouchers_wallet := wallets.require(p_municipality, p_partner, p_wallet);
BEGIN
    RETURN QUERY
    WITH lot AS MATERIALIZED (
        SELECT l.kind, l.remaining, l.expires_at,
               CASE WHEN l.expires_at <= p_at THEN 0 ELSE l.remaining - l.held END AS free
        FROM vouchers_lot l
        WHERE l.municipality_id = p_municipality AND l.wallet_id = p_wallet AND l.remaining > 0
    ), sums AS (
        SELECT coalesce(sum(remaining), 0)::bigint AS balance,
               coalesce(sum(free) FILTER (WHERE kind = 'grant'), 0)::bigint AS allowances,
               coalesce(sum(free) FILTER (WHERE kind = 'purchase'), 0)::bigint AS purchased,
               coalesce(sum(free) FILTER (WHERE kind = 'incentive'), 0)::bigint AS incentives,
               coalesce(sum(free) FILTER (WHERE kind = 'point'), 0)::bigint AS points,
               min(lot.expires_at) FILTER (WHERE free > 0) AS next_expiry
        FROM lot
    )
    SELECT v_wallet.id, v_wallet.status, v_wallet.currency_id, currency.name, v_wallet.created_at, sums.balance,
           sums.allowances, sums.purchased, sums.incentives, sums.points,
           (SELECT policy.purchase_sales_cap FROM vouchers_currencypolicy policy
            WHERE policy.currency_id = v_wallet.currency_id
              AND policy.valid_from <= (p_at AT TIME ZONE 'Asia/Seoul')::date
            ORDER BY policy.valid_from DESC LIMIT 1),
           sums.next_expiry,
           (SELECT sum(lot.free)::bigint FROM lot WHERE lot.expires_at = sums.next_expiry)
    FROM sums JOIN vouchers_currency currency ON currency.id = v_wallet.currency_id;
END $$;

CREATE FUNCTION wallets.lots(p_municipality varchar, p_partner uuid, p_wallet uuid, p_at timestamptz, p_limit integer)
RETURNS TABLE (id uuid, kind text, source text, gifted boolean, remaining bigint, held bigint, expires_at timestamptz,
               expired boolean, allowed text[], allowed_en text[], denied text[], denied_en text[], dongs text[],
               sales_cap bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The money in a wallet as ledger.pay would draw it, what has expired last; at most p_limit lots. `source` names the
-- programme; `gifted` money came from another wallet's lot.
DECLARE
    v_wallet vouchers_wallet := wallets.require(p_municipality, p_partner, p_wallet);
BEGIN
    RETURN QUERY
    SELECT lot.id, lot.kind::text, programme.name::text,
           EXISTS (SELECT FROM vouchers_lot origin
                   WHERE origin.municipality_id = p_municipality AND origin.id = lot.source_id),
           lot.remaining, lot.held, lot.expires_at, coalesce(lot.expires_at <= p_at, false),
           wallets.categories(usage.allowed_categories, false), wallets.categories(usage.allowed_categories, true),
           wallets.categories(usage.denied_categories, false), wallets.categories(usage.denied_categories, true),
           coalesce(usage.allowed_dongs::text[], '{}'), usage.annual_sales_cap
    FROM vouchers_lot lot
    LEFT JOIN vouchers_usagerule usage ON usage.id = lot.usage_rule_id
    LEFT JOIN allowances_programme programme ON programme.id = lot.programme_id
    WHERE lot.municipality_id = p_municipality AND lot.wallet_id = p_wallet AND lot.remaining > 0
    ORDER BY coalesce(lot.expires_at <= p_at, false), (lot.kind = 'purchase'), lot.expires_at, lot.id
    LIMIT p_limit;
END $$;

CREATE FUNCTION wallets.categories(p_codes varchar[], p_english boolean) RETURNS text[]
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    -- What shops are called whose categories a usage rule names.
    SELECT coalesce(array_agg(CASE WHEN p_english THEN name_en ELSE name END ORDER BY code)::text[], '{}')
    FROM merchants_merchantcategory WHERE code = ANY (p_codes)
$$;

CREATE FUNCTION wallets.movements(
    p_municipality varchar, p_partner uuid, p_wallet uuid, p_before uuid, p_limit integer
) RETURNS TABLE (id uuid, kind text, amount bigint, business_date date, at timestamptz, shop text, programme text,
                 person text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
-- Everything that moved this wallet, newest first, below the id p_before (NULL: from the newest), at most p_limit. `amount`
-- is what came in less what went out, so all of them together are the balance. Payments are found by vouchers_payment,
-- the rest by the two indexes that payments do not stand in; each of the three is read no further than it must be.
DECLARE
    v_wallet vouchers_wallet := wallets.require(p_municipality, p_partner, p_wallet);
    v_before uuid := coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
BEGIN
    RETURN QUERY
    WITH side AS (
        (SELECT p.id AS event_id, -p.amount::bigint AS won, NULL::uuid AS other
         FROM vouchers_payment p
         WHERE p.municipality_id = p_municipality AND p.wallet_id = p_wallet AND p.id < v_before
         ORDER BY p.id DESC LIMIT p_limit)
        UNION ALL
        (SELECT t.journal_id, sum(t.amount)::bigint, (array_agg(t.debit_account_id))[1]
         FROM vouchers_transfer t
         WHERE t.municipality_id = p_municipality AND t.credit_account_id = p_wallet AND t.credit_lot_id IS NOT NULL
           AND t.journal_id < v_before
         GROUP BY t.journal_id ORDER BY t.journal_id DESC LIMIT p_limit)
        UNION ALL
        (SELECT t.journal_id, -sum(t.amount)::bigint, (array_agg(t.credit_account_id))[1]
         FROM vouchers_transfer t
         WHERE t.municipality_id = p_municipality AND t.debit_account_id = p_wallet AND t.debit_lot_id IS NOT NULL
           AND t.spent IS NULL AND t.journal_id < v_before
         GROUP BY t.journal_id ORDER BY t.journal_id DESC LIMIT p_limit)
    ), event AS MATERIALIZED (
        SELECT side.event_id, sum(side.won)::bigint AS won, (array_agg(side.other))[1] AS other
        FROM side GROUP BY side.event_id ORDER BY side.event_id DESC LIMIT p_limit
    )
    SELECT event.event_id, coalesce(journal.kind::text, 'pay'), event.won,
           coalesce(journal.business_date, paid.business_date), coalesce(journal.at, paid.at), merchant.name::text,
           scheme.name::text, citizen.name::text
    FROM event
    LEFT JOIN vouchers_journal journal ON journal.municipality_id = p_municipality AND journal.id = event.event_id
    LEFT JOIN vouchers_payment paid ON paid.municipality_id = p_municipality
     AND paid.id = CASE WHEN journal.kind IS NULL THEN event.event_id
                        WHEN journal.kind = 'refund' THEN journal.reference END
    LEFT JOIN merchants_merchant merchant ON merchant.id = paid.merchant_id
    LEFT JOIN allowances_programme scheme
      ON journal.kind IN ('disburse', 'claim', 'claw_back', 'expire') AND scheme.id = journal.reference
    LEFT JOIN vouchers_wallet partner ON journal.kind = 'gift' AND partner.id = event.other
    LEFT JOIN vouchers_citizen citizen ON citizen.id = partner.citizen_id
    ORDER BY event.event_id DESC;
END $$;
