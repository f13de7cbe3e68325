-- Automatic top-ups (자동충전): requests that a member's rule asks for. The member pays each like any other.

CREATE FUNCTION top_ups.day_of_month(p_month date, p_day integer) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    -- That day of the month, or its last one where the month is shorter.
    SELECT least(date_trunc('month', p_month)::date + p_day - 1,
                 (date_trunc('month', p_month) + interval '1 month - 1 day')::date)
$$;

CREATE FUNCTION top_ups.run_rules(p_municipality varchar, p_at timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Looks at up to p_limit rules whose time has come, and returns at how many. A rule never has two open requests. A request
-- that was not paid, and one that was refused, is a failure; the third in a row pauses the rule with the last reason.
DECLARE
    v_rule   vouchers_autotopup;
    v_last   vouchers_topup;
    v_held   bigint;
    v_id     uuid;
    v_seen   integer := 0;
BEGIN
    PERFORM ledger.enter(p_municipality);
    FOR v_rule IN
        SELECT * FROM vouchers_autotopup
        WHERE municipality_id = p_municipality AND state = 'active' AND due_at <= p_at
        ORDER BY wallet_id LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        v_seen := v_seen + 1;
        PERFORM 1 FROM vouchers_wallet
        WHERE municipality_id = p_municipality AND id = v_rule.wallet_id FOR NO KEY UPDATE;
        SELECT * INTO v_last FROM vouchers_topup
        WHERE municipality_id = p_municipality AND rule_id = v_rule.id ORDER BY id DESC LIMIT 1;
        IF v_last.state = 'requested' AND v_last.deadline > p_at THEN
            UPDATE vouchers_autotopup SET due_at = v_last.deadline + interval '1 second' WHERE id = v_rule.id;
            CONTINUE;
        END IF;
        IF v_last.id IS NOT NULL AND v_last.id IS DISTINCT FROM v_rule.counted_id THEN
            v_rule.counted_id := v_last.id;
            IF v_last.completed_at IS NOT NULL THEN
                v_rule.failures := 0;
                v_rule.reason := '';
                IF v_rule.kind = 'monthly' THEN
                    v_rule.next_on := top_ups.day_of_month((date_trunc('month', v_rule.next_on) + interval '1 month')::date,
                                                           v_rule.day_of_month);
                END IF;
            ELSE
                v_rule.failures := v_rule.failures + 1;
                v_rule.reason := 'deposit_missed';
            END IF;
        END IF;
        v_rule.due_at := p_at + interval '10 minutes';
        IF v_rule.failures < 3 THEN
            SELECT coalesce(sum(lot.remaining - lot.held), 0) INTO v_held FROM vouchers_lot lot
            WHERE lot.municipality_id = p_municipality AND lot.wallet_id = v_rule.wallet_id
              AND (lot.expires_at IS NULL OR lot.expires_at > p_at);
            IF v_rule.kind = 'monthly' AND v_rule.next_on > (p_at AT TIME ZONE 'Asia/Seoul')::date THEN
                v_rule.due_at := v_rule.next_on::timestamp AT TIME ZONE 'Asia/Seoul';
            ELSIF v_rule.kind = 'monthly' OR v_held < v_rule.threshold THEN
                v_id := ledger.id_at(p_at);
                BEGIN
                    PERFORM top_ups.open(p_municipality, v_id, v_rule.partner_id, v_rule.wallet_id, v_rule.amount,
                                         'AUTO-' || v_id, v_rule.id, p_at);
                    SELECT deadline + interval '1 second' INTO v_rule.due_at FROM vouchers_topup
                    WHERE municipality_id = p_municipality AND id = v_id;
                EXCEPTION WHEN SQLSTATE 'JT000' THEN
                    v_rule.failures := v_rule.failures + 1;
                    v_rule.reason := SQLERRM;
                    v_rule.due_at := p_at + interval '1 day';
                END;
            END IF;
        END IF;
        UPDATE vouchers_autotopup
        SET failures = v_rule.failures, reason = v_rule.reason, counted_id = v_rule.counted_id, due_at = v_rule.due_at,
            next_on = v_rule.next_on, state = CASE WHEN v_rule.failures >= 3 THEN 'paused' ELSE 'active' END
        WHERE id = v_rule.id;
    END LOOP;
    RETURN v_seen;
END $$;
