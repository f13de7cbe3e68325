-- Budgets: money between the bank, the budget's lines (예산 과목) and the programmes that spend it.
--
-- * A line and a programme hold money in accounts of their own, never below zero by the CHECK on balances.
-- * Both balances of a movement are locked first, in one order (by account, the bank last), so that movements that cross
--   each other wait and do not deadlock; a balance that does not suffice is told with its figures.

-- What a programme was allotted is summed up from these journals, few among the many that pay it out.
CREATE INDEX journal_by_allotment ON vouchers_journal (municipality_id, reference) WHERE kind = 'allot';

CREATE FUNCTION ledger.move_budget(
    p_municipality varchar, p_id uuid, p_currency uuid, p_kind text, p_reference uuid, p_from uuid, p_to uuid,
    p_amount bigint, p_at timestamptz
) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Moves p_amount won from one account to another, whole or not at all.
DECLARE
    v_date date := ledger.business_date(p_municipality, p_at);
    v_kind text;
    v_free bigint;
BEGIN
    IF (p_amount > 0) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, p_kind,
            sha256(convert_to(concat_ws('|', p_from, p_to, p_amount), 'UTF8')), p_at, v_date, p_reference) THEN
        RETURN;
    END IF;
    PERFORM 1 FROM vouchers_balance balance JOIN vouchers_account account
      ON account.municipality_id = balance.municipality_id AND account.id = balance.account_id
    WHERE balance.municipality_id = p_municipality AND balance.account_id IN (p_from, p_to)
    ORDER BY (account.kind = 'bank'), balance.account_id
    FOR NO KEY UPDATE OF balance;
    SELECT account.kind, balance.credits - balance.debits - balance.reserved INTO v_kind, v_free
    FROM vouchers_balance balance JOIN vouchers_account account
      ON account.municipality_id = balance.municipality_id AND account.id = balance.account_id
    WHERE balance.municipality_id = p_municipality AND balance.account_id = p_from;
    IF v_kind <> 'bank' AND p_amount > v_free THEN
        PERFORM ledger.refuse(CASE v_kind WHEN 'budget' THEN 'budget_line_exceeded' WHEN 'benefit' THEN 'benefit_fund_short'
                                          ELSE 'budget_exceeded' END,
                              jsonb_build_object('available', v_free, 'needed', p_amount));
    END IF;
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, amount, business_date)
    VALUES (p_municipality, p_id, 1, p_from, p_to, p_amount, v_date);
    UPDATE vouchers_balance
    SET debits = debits + CASE account_id WHEN p_from THEN p_amount ELSE 0 END,
        credits = credits + CASE account_id WHEN p_to THEN p_amount ELSE 0 END
    WHERE municipality_id = p_municipality AND account_id IN (p_from, p_to);
END $$;

CREATE FUNCTION ledger.fund(
    p_municipality varchar, p_id uuid, p_currency uuid, p_line uuid, p_amount bigint, p_at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Money reaches the operating bank account for a line of the budget (본예산, 증액, 이월 …); with a negative amount it
-- leaves again (감액, 불용 …), as far as neither a programme nor another line has got it.
DECLARE
    v_bank uuid;
    v_line uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    v_bank := ledger.account(p_municipality, p_currency, 'bank', NULL);
    v_line := ledger.account(p_municipality, p_currency, 'budget', p_line);
    PERFORM ledger.move_budget(
        p_municipality, p_id, p_currency, 'fund', p_line, CASE WHEN p_amount < 0 THEN v_line ELSE v_bank END,
        CASE WHEN p_amount < 0 THEN v_bank ELSE v_line END, abs(p_amount), p_at);
END $$;

CREATE FUNCTION ledger.divert(
    p_municipality varchar, p_id uuid, p_currency uuid, p_from_line uuid, p_to_line uuid, p_amount bigint,
    p_at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Money of one line becomes another's (전용, 변경사용, 다음 연도로 이월).
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM ledger.move_budget(
        p_municipality, p_id, p_currency, 'divert', p_from_line,
        ledger.account(p_municipality, p_currency, 'budget', p_from_line),
        ledger.account(p_municipality, p_currency, 'budget', p_to_line), p_amount, p_at);
END $$;

CREATE FUNCTION ledger.allot(
    p_municipality varchar, p_id uuid, p_currency uuid, p_line uuid, p_programme uuid, p_amount bigint, p_at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A line's money goes to a programme that spends it (재배정); with a negative amount what is neither paid nor reserved
-- for a list comes back.
DECLARE
    v_line      uuid;
    v_programme uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    v_line := ledger.account(p_municipality, p_currency, 'budget', p_line);
    v_programme := ledger.account(p_municipality, p_currency, 'programme', p_programme);
    PERFORM ledger.move_budget(
        p_municipality, p_id, p_currency, 'allot', p_programme, CASE WHEN p_amount < 0 THEN v_programme ELSE v_line END,
        CASE WHEN p_amount < 0 THEN v_line ELSE v_programme END, abs(p_amount), p_at);
END $$;
