-- Codes that live for minutes and are good for one payment: the shop's for one sale (MPM, dynamic), and the citizen's
-- (CPM). Each is spent in the transaction of its payment; a payment that fails leaves it unspent.

CREATE FUNCTION payments.terms(p_municipality varchar, p_at timestamptz) RETURNS vouchers_paymentterms
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
-- What holds in this municipality on that day.
DECLARE
    v_terms vouchers_paymentterms;
BEGIN
    SELECT * INTO v_terms FROM vouchers_paymentterms
    WHERE municipality_id = p_municipality AND valid_from <= (p_at AT TIME ZONE 'Asia/Seoul')::date
    ORDER BY valid_from DESC LIMIT 1;
    IF NOT FOUND THEN
        PERFORM ledger.refuse('payment_terms_missing');
    END IF;
    RETURN v_terms;
END $$;

CREATE FUNCTION payments.shop_of(p_municipality varchar, p_partner uuid, p_code text) RETURNS merchants_merchant
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
-- A shop that this partner's app may act for: one of its own, or one that belongs to no app. To others it is unknown. Also
-- one that is closed by now: its payments stay.
DECLARE
    v_shop merchants_merchant;
BEGIN
    SELECT * INTO v_shop FROM merchants_merchant
    WHERE municipality_id = p_municipality AND code = p_code AND (partner_id IS NULL OR partner_id = p_partner);
    IF NOT FOUND THEN
        PERFORM ledger.refuse('merchant_unknown');
    END IF;
    RETURN v_shop;
END $$;

CREATE FUNCTION payments.open_shop_of(p_municipality varchar, p_partner uuid, p_code text) RETURNS merchants_merchant
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
-- The same, if it may sell.
DECLARE
    v_shop merchants_merchant := payments.shop_of(p_municipality, p_partner, p_code);
BEGIN
    IF v_shop.status <> 'active' THEN
        PERFORM ledger.refuse('merchant_not_active');
    END IF;
    RETURN v_shop;
END $$;

-- The shop's code for one sale --------------------------------------------------------------------------------------

CREATE TABLE vouchers_saleqr (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,
    merchant_id     uuid NOT NULL,
    partner_id      uuid NOT NULL,
    order_id        text NOT NULL,               -- the shop's own number of the sale
    amount          ledger.won NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    retired_at      timestamptz,                 -- a newer code for the same sale took its place
    used_at         timestamptz,
    payment_id      uuid,
    CONSTRAINT saleqr_pkey PRIMARY KEY (municipality_id, id)
);
CREATE INDEX saleqr_by_sale ON vouchers_saleqr (municipality_id, merchant_id, order_id);
CREATE UNIQUE INDEX saleqr_by_payment ON vouchers_saleqr (municipality_id, payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX saleqr_unspent ON vouchers_saleqr (municipality_id, expires_at) WHERE payment_id IS NULL;

CREATE FUNCTION payments.new_sale_qr(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_shop text, p_amount bigint, p_order text,
    p_at timestamptz, OUT sale_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A code for one sale of p_amount won. Unspent codes for the same sale are retired, so that no sale is paid twice.
DECLARE
    v_id   uuid := ledger.id_at(p_at);
    v_seen record := partners.remember(p_municipality, p_partner, p_key, p_fingerprint, v_id, p_at);
    v_shop merchants_merchant;
BEGIN
    sale_id := v_seen.result_id;
    replayed := v_seen.replayed;
    IF replayed THEN
        RETURN;
    END IF;
    v_shop := payments.open_shop_of(p_municipality, p_partner, p_shop);
    UPDATE vouchers_saleqr SET retired_at = p_at
    WHERE municipality_id = p_municipality AND merchant_id = v_shop.id AND order_id = p_order
      AND used_at IS NULL AND retired_at IS NULL;
    INSERT INTO vouchers_saleqr (municipality_id, id, merchant_id, partner_id, order_id, amount, created_at, expires_at)
    VALUES (p_municipality, v_id, v_shop.id, p_partner, p_order, p_amount, p_at,
            p_at + (payments.terms(p_municipality, p_at)).qr_seconds * interval '1 second');
END $$;

CREATE FUNCTION payments.sale_qr(p_municipality varchar, p_partner uuid, p_sale uuid)
RETURNS TABLE (id uuid, merchant_code varchar, merchant_name varchar, name_ascii varchar, city varchar, mcc varchar,
               order_id text, amount bigint, created_at timestamptz, expires_at timestamptz, retired_at timestamptz,
               used_at timestamptz, payment_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- A code that this partner made, as it stands now, with what has to stand in it.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT sale.id, shop.code, shop.name, shop.name_ascii, city.name_en, category.mcc, sale.order_id, sale.amount::bigint,
           sale.created_at, sale.expires_at, sale.retired_at, sale.used_at, sale.payment_id
    FROM vouchers_saleqr sale
    JOIN merchants_merchant shop ON shop.id = sale.merchant_id
    JOIN merchants_merchantcategory category ON category.code = shop.category_id
    JOIN vouchers_municipality city ON city.code = sale.municipality_id
    WHERE sale.municipality_id = p_municipality AND sale.id = p_sale AND sale.partner_id = p_partner;
END $$;

CREATE FUNCTION payments.spend_sale_qr(p_municipality varchar, p_sale uuid, p_payment uuid, p_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
-- Spends a code for this payment. Whoever scans it at the same moment waits here, and then finds it spent.
DECLARE
    v_sale vouchers_saleqr;
BEGIN
    UPDATE vouchers_saleqr SET used_at = p_at, payment_id = p_payment
    WHERE municipality_id = p_municipality AND id = p_sale
      AND used_at IS NULL AND retired_at IS NULL AND expires_at > p_at;
    IF NOT FOUND THEN
        SELECT * INTO v_sale FROM vouchers_saleqr WHERE municipality_id = p_municipality AND id = p_sale;
        PERFORM ledger.refuse(CASE WHEN v_sale.used_at IS NOT NULL THEN 'qr_used'
                                   WHEN v_sale.retired_at IS NOT NULL THEN 'qr_retired' ELSE 'qr_expired' END);
    END IF;
END $$;

-- The citizen's code ----------------------------------------------------------------------------------------------

-- One live token for each wallet: a new one takes the place of the one before. Only a keyed hash of it is kept.
CREATE TABLE vouchers_paymenttoken (
    municipality_id varchar(5) NOT NULL,
    wallet_id       uuid NOT NULL,
    id              uuid NOT NULL,
    hash            bytea NOT NULL,
    issued_at       timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    used_at         timestamptz,
    payment_id      uuid,
    CONSTRAINT paymenttoken_pkey PRIMARY KEY (municipality_id, wallet_id),
    CONSTRAINT paymenttoken_hash_once UNIQUE (municipality_id, hash)
) WITH (fillfactor = 50);

CREATE FUNCTION payments.new_token(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_wallet uuid, p_id uuid, p_hash bytea,
    p_at timestamptz, OUT token_id uuid, OUT replayed boolean, OUT issued_at timestamptz, OUT refresh_at timestamptz,
    OUT expires_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Records the token of this hash for a wallet. The answer to a repeated request is the same, though the token may have
-- been spent or replaced since.
DECLARE
    v_seen   record := partners.remember(p_municipality, p_partner, p_key, p_fingerprint, p_id, p_at);
    v_terms  vouchers_paymentterms;
    v_status text;
BEGIN
    token_id := v_seen.result_id;
    replayed := v_seen.replayed;
    SELECT record.created_at INTO issued_at FROM vouchers_idempotencyrecord record
    WHERE record.municipality_id = p_municipality AND record.partner_id = p_partner AND record.key = p_key;
    v_terms := payments.terms(p_municipality, issued_at);
    refresh_at := issued_at + v_terms.token_refresh_seconds * interval '1 second';
    expires_at := issued_at + v_terms.token_seconds * interval '1 second';
    IF replayed THEN
        RETURN;
    END IF;
    SELECT status INTO v_status FROM vouchers_wallet wallet
    WHERE wallet.municipality_id = p_municipality AND wallet.id = p_wallet
      AND (wallet.partner_id IS NULL OR wallet.partner_id = p_partner);
    IF v_status IS NULL THEN
        PERFORM ledger.refuse('wallet_unknown');
    ELSIF v_status <> 'active' THEN
        PERFORM ledger.refuse('wallet_not_active');
    END IF;
    INSERT INTO vouchers_paymenttoken AS token (municipality_id, wallet_id, id, hash, issued_at, expires_at)
    VALUES (p_municipality, p_wallet, p_id, p_hash, p_at, new_token.expires_at)
    ON CONFLICT (municipality_id, wallet_id) DO UPDATE
    SET id = excluded.id, hash = excluded.hash, issued_at = excluded.issued_at, expires_at = excluded.expires_at,
        used_at = NULL, payment_id = NULL;
END $$;

CREATE FUNCTION payments.pay_by_token(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_hash bytea, p_shop text, p_amount bigint,
    p_order text, p_at timestamptz, OUT payment_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The shop's app has scanned a citizen's code. Of two that scan it at once, one waits and then finds it spent.
DECLARE
    v_id     uuid := ledger.id_at(p_at);
    v_seen   record := partners.remember(p_municipality, p_partner, p_key, p_fingerprint, v_id, p_at);
    v_wallet uuid;
    v_token  vouchers_paymenttoken;
BEGIN
    payment_id := v_seen.result_id;
    replayed := v_seen.replayed;
    IF replayed THEN
        RETURN;
    END IF;
    PERFORM payments.open_shop_of(p_municipality, p_partner, p_shop);
    UPDATE vouchers_paymenttoken token SET used_at = p_at, payment_id = v_id
    WHERE token.municipality_id = p_municipality AND token.hash = p_hash
      AND token.used_at IS NULL AND token.expires_at > p_at
    RETURNING token.wallet_id INTO v_wallet;
    IF v_wallet IS NULL THEN
        SELECT * INTO v_token FROM vouchers_paymenttoken token
        WHERE token.municipality_id = p_municipality AND token.hash = p_hash;
        PERFORM ledger.refuse(CASE WHEN v_token.wallet_id IS NULL THEN 'token_unknown'
                                   WHEN v_token.used_at IS NOT NULL THEN 'token_used' ELSE 'token_expired' END);
    END IF;
    PERFORM payments.take(p_municipality, v_id, v_wallet, p_shop, NULL, p_amount, 'cpm', p_partner, p_order, p_at);
END $$;
