-- What everything is drawn with. A row's number decides all that is drawn for it, so the same seed makes the same province,
-- and a key is known from a number without looking it up. The functions last as long as the connection.

CREATE FUNCTION pg_temp.draw(n bigint, what integer, below bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    -- A number from 0 to below − 1 for that row and purpose.
    SELECT (hashint8extended(n, %(seed)s::bigint * 1000 + what) & 9223372036854775807) %% below
$$;
CREATE FUNCTION pg_temp.key(at_ms bigint, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    -- A uuidv7 of that millisecond that no other number has.
    SELECT (lpad(to_hex(at_ms), 12, '0') || '7000a' || lpad(to_hex(n), 15, '0'))::uuid
$$;
CREATE FUNCTION pg_temp.ms(at timestamptz) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (extract(epoch FROM at) * 1000)::bigint
$$;
CREATE FUNCTION pg_temp.joined(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    -- When a citizen or a shop of that number came: in the two years before the first day.
    SELECT %(begin_ms)s::bigint - 1000 - pg_temp.draw(n, 1, 63072000000)
$$;
CREATE FUNCTION pg_temp.wallet(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT pg_temp.key(pg_temp.joined(n), n)
$$;
CREATE FUNCTION pg_temp.lot(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT pg_temp.key(pg_temp.joined(n) + 1, n)
$$;
CREATE FUNCTION pg_temp.shop(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT pg_temp.key(pg_temp.joined(n), n)
$$;
CREATE FUNCTION pg_temp.pending(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT pg_temp.key(pg_temp.joined(n) + 1, n)
$$;

-- The cities of this connection, how many payments each of their days has, and the sealed accounts of their shops.
CREATE TEMP TABLE city (
    code text, currency uuid, partner uuid, maker uuid, checker uuid, dongs uuid[],
    first_citizen bigint, citizens bigint, first_shop bigint, shops bigint
);
CREATE TEMP TABLE plan (code text, day date, first bigint, payments bigint, begins_ms bigint, lasts_ms bigint);
CREATE TEMP TABLE account (shop bigint, number bytea, index bytea);

CREATE FUNCTION pg_temp.paid(p_from date, p_until date) RETURNS TABLE (
    code text, currency uuid, partner uuid, n bigint, citizen bigint, shop bigint, day date, at_ms bigint, amount bigint, channel text
) LANGUAGE sql STABLE AS $$
    -- The payments of these days. Some citizens pay much more often than others, and one in five never; some shops sell
    -- much more than others, and those of the last numbers are not registered (any more). Most is bought at noon and in
    -- the evening, in small sums.
    SELECT city.code, city.currency, city.partner, n,
           city.first_citizen + floor(greatest(1, city.citizens * 4 / 5) * power(pg_temp.draw(n, 2, 1000000000) / 1e9, 1.5))::bigint,
           city.first_shop + floor(greatest(1, city.shops * 15 / 16) * power(pg_temp.draw(n, 3, 1000000000) / 1e9, 2))::bigint,
           plan.day,
           plan.begins_ms
               + ((('{8,8,9,10,11,11,12,12,12,12,13,13,14,15,16,17,17,18,18,18,18,19,19,19,20,20,21,22}'::int[])[1 + pg_temp.draw(n, 4, 28)]
                   * 3600000 + pg_temp.draw(n, 5, 3600000)) * (plan.lasts_ms / 86400000.0))::bigint,
           (1000 + floor(990 * power(pg_temp.draw(n, 6, 1000000) / 1e6, 3))::bigint * 100),
           ('{static_qr,static_qr,static_qr,static_qr,dynamic_qr,cpm,card,card}'::text[])[1 + pg_temp.draw(n, 7, 8)]
    FROM plan JOIN city USING (code), generate_series(plan.first, plan.first + plan.payments - 1) n
    WHERE plan.day BETWEEN p_from AND p_until
$$;
