"""Whatever the bank says, in whatever order and however often, each payout ends once, to the won."""

from __future__ import annotations

from datetime import timedelta

import pytest

from merchants.payouts import errors, rules, selectors, services
from merchants.payouts.models import BatchState, Payout, PayoutBatch, PayoutResultLine, PayoutState
from merchants.payouts.rules import Gap, Statement
from tests.factories import AT
from tests.factories.payouts import PayoutDesk, refused, status_report
from vouchers.common.errors import DomainError

HEAD = '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'


def statement(
    *entries: str, opening: int = 100_000, closing: int = 0, number: int = 1, day: str = "2026-11-20"
) -> bytes:
    """A camt.053 of one day."""
    return (
        f"{HEAD}<GrpHdr><MsgId>S{number}</MsgId></GrpHdr><Stmt><ElctrncSeqNb>{number}</ElctrncSeqNb>"
        f"<FrToDt><FrDtTm>{day}T00:00:00+09:00</FrDtTm><ToDtTm>{day}T23:59:59+09:00</ToDtTm></FrToDt>"
        "<Acct><Id><Othr><Id>110555000001</Id></Othr></Id></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', closing)}{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def balance(kind: str, amount: int) -> str:
    return f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="KRW">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>'


def entry(payout: str, amount: int, *, side: str = "DBIT", reason: str = "") -> str:
    why = f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else ""
    return (
        f'<Ntry><Amt Ccy="KRW">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><NtryDtls><TxDtls>'
        f"<Refs><EndToEndId>{payout}</EndToEndId></Refs>{why}</TxDtls></NtryDtls></Ntry>"
    )


def effects(result: object) -> list[tuple[str, str]]:
    rows = PayoutResultLine.objects.filter(result=result).order_by("line")
    return [(row.outcome, row.effect) for row in rows]


def test_paid_ones_leave_the_bank_and_the_batch_is_done(desk: PayoutDesk) -> None:
    batch, _file = desk.sent()
    bank = desk.left("bank")
    first, *rest = (row.pk.hex for row in desk.payouts(batch))
    desk.take_in(status_report(first, "ACSC"))
    assert (desk.left("payout_transit"), desk.left("bank") - bank) == (30_000, 30_000)
    assert PayoutBatch.objects.get(pk=batch.pk).state == BatchState.SENT
    for one in rest:
        desk.take_in(status_report(one, "ACCC"))
    assert (desk.left("payout_transit"), desk.left("bank") - bank) == (0, 60_000)
    assert PayoutBatch.objects.get(pk=batch.pk).state == BatchState.DONE


def test_what_is_only_accepted_moves_nothing(desk: PayoutDesk) -> None:
    batch, _file = desk.sent()
    result = desk.take_in(status_report(desk.payouts(batch)[0].pk.hex, "ACCP"))
    assert (result.noted, result.paid, desk.left("payout_transit")) == (1, 0, 60_000)


def test_a_closed_account_must_be_mended_before_it_is_paid_again(desk: PayoutDesk) -> None:
    batch, _file = desk.sent()
    first = desk.payouts(batch)[0]
    desk.take_in(status_report(first.pk.hex, "RJCT", "AC04"))
    assert (desk.left("merchant_settled", desk.shops[0]), desk.left("payout_transit")) == (30_000, 30_000)
    assert [row.pk for row in selectors.to_mend(Payout.objects.all())] == [first.pk]
    assert (
        selectors.preview(currency=desk.city.currency, day=AT.date(), minimum=1).kept[0].obstacle == "account_refused"
    )
    with refused(errors.NothingToPayOut):
        desk.make()
    desk.change(desk.shops[0], account_number="110-000-999999")
    assert not selectors.to_mend(Payout.objects.all()).exists()
    again = desk.make()
    assert (again.payouts, again.amount) == (1, 30_000)


def test_an_officer_may_confirm_the_account_instead(desk: PayoutDesk) -> None:
    batch, _file = desk.sent()
    first = desk.payouts(batch)[0]
    desk.take_in(status_report(first.pk.hex, "RJCT", "AC06"))
    services.mended(payout=first, note="은행이 지급정지를 풀었음", **desk.acting(desk.maker))
    with refused(errors.NotToMend):
        services.mended(payout=first, note="은행이 지급정지를 풀었음", **desk.acting(desk.maker))
    assert desk.make().amount == 30_000


def test_what_failed_for_no_fault_of_the_shop_goes_with_the_next_batch(desk: PayoutDesk) -> None:
    batch, _file = desk.sent()
    desk.take_in(status_report(desk.payouts(batch)[1].pk.hex, "RJCT", "AM04"))
    assert not selectors.to_mend(Payout.objects.all()).exists()
    assert [(row.merchant_id, row.amount) for row in desk.payouts(desk.make())] == [(desk.shops[1].pk, 20_000)]


def test_a_statement_pays_and_a_later_one_brings_back(desk: PayoutDesk) -> None:
    batch, _file = desk.sent()
    bank, rows = desk.left("bank"), desk.payouts(batch)
    result = desk.take_in(statement(*(entry(row.pk.hex, row.amount) for row in rows), closing=40_000))
    assert (result.paid, result.gap, desk.left("bank") - bank) == (3, None, 60_000)
    late = statement(
        entry(rows[2].pk.hex, 10_000, side="CRDT", reason="AC04"),
        opening=40_000,
        closing=50_000,
        number=2,
        day="2026-11-23",
    )
    result = desk.take_in(late)
    assert (result.returned, result.gap, desk.left("bank") - bank) == (1, None, 50_000)
    returned = Payout.objects.get(pk=rows[2].pk)
    assert (returned.state, returned.reason, returned.needs_mending) == (PayoutState.RETURNED, "AC04", True)
    assert desk.left("merchant_settled", desk.shops[2]) == 10_000


def test_a_return_without_its_payment_is_both(desk: PayoutDesk) -> None:
    batch, _file = desk.sent()
    bank, row = desk.left("bank"), desk.payouts(batch)[0]
    desk.take_in(statement(entry(row.pk.hex, 30_000, side="CRDT", reason="MD07"), opening=0, closing=30_000))
    assert (desk.left("bank"), desk.left("payout_transit")) == (bank, 30_000)
    result = desk.take_in(
        statement(entry(row.pk.hex, 30_000), opening=60_000, closing=30_000, day="2026-11-19", number=0)
    )
    assert effects(result) == [("paid", "repeated")]
    assert Payout.objects.get(pk=row.pk).paid_at is not None


def test_the_same_answers_change_nothing_a_second_time(desk: PayoutDesk) -> None:
    batch, _file = desk.sent()
    rows = desk.payouts(batch)
    said = status_report(rows[0].pk.hex, "RJCT", "AC04")
    desk.take_in(said)
    with refused(errors.ResultKnown):
        desk.take_in(said)
    assert effects(desk.take_in(said + b"\n")) == [("rejected", "repeated")]
    assert desk.left("merchant_settled", desk.shops[0]) == 30_000
    desk.take_in(status_report(rows[1].pk.hex, "ACSC"))
    assert effects(desk.take_in(status_report(rows[1].pk.hex, "ACCC"))) == [("paid", "repeated")]


def test_answers_that_cannot_both_be_true_move_nothing(desk: PayoutDesk) -> None:
    batch, _file = desk.sent()
    rows = desk.payouts(batch)
    desk.take_in(status_report(rows[0].pk.hex, "RJCT", "AM04"))
    assert effects(desk.take_in(statement(entry(rows[0].pk.hex, 30_000), closing=70_000))) == [("paid", "conflict")]
    desk.take_in(status_report(rows[1].pk.hex, "ACSC"))
    assert effects(desk.take_in(status_report(rows[1].pk.hex, "RJCT", "AC04"))) == [("rejected", "conflict")]
    other = statement(entry(rows[2].pk.hex, 9_999), closing=90_001, number=3)
    assert effects(desk.take_in(other)) == [("paid", "conflict")]
    assert (desk.left("payout_transit"), Payout.objects.get(pk=rows[2].pk).state) == (10_000, PayoutState.LISTED)


def test_what_was_never_sent_or_is_not_ours_is_unknown(desk: PayoutDesk) -> None:
    unsent = desk.approve(desk.make())
    assert effects(desk.take_in(status_report(desk.payouts(unsent)[0].pk.hex, "ACSC"))) == [("paid", "unknown")]
    for said in ("0" * 32, "REFUND-7", "", "z" * 32):
        assert effects(desk.take_in(status_report(said, "ACSC"))) == [("paid", "unknown")]
    assert desk.left("payout_transit") == 60_000


def test_a_duplicate_of_an_order_says_nothing_of_the_money(desk: PayoutDesk) -> None:
    batch, _file = desk.sent()
    for number, reason in enumerate(("DUPL", "AM05", "FF01")):
        said = (
            f'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
            f"<GrpHdr><MsgId>{number}</MsgId></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>{batch.pk.hex}</OrgnlMsgId>"
            f"<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf></OrgnlGrpInfAndSts>"
            "</CstmrPmtStsRpt></Document>"
        )
        desk.take_in(said.encode())
        assert desk.left("payout_transit") == (0 if reason == "FF01" else 60_000)
    assert set(Payout.objects.values_list("state", "reason", "needs_mending")) == {("returned", "FF01", False)}


def test_a_result_sheet_is_matched_by_number_or_by_account_and_sum(desk: PayoutDesk) -> None:
    batch, _file = desk.sent(form="kb")
    rows = desk.payouts(batch)
    sheet = (
        "대량이체 결과\r\n은행코드,계좌번호,이체금액,처리결과,불능사유,메모\r\n"
        f'088,110000123456,30000,정상,,\r\n088,110-001-123456,"20,000",불능,해지된 계좌,\r\n088,,10000,정상,,{rows[2].pk.hex}\r\n'
        "088,110777777777,5000,정상,,\r\n"
    )
    with refused(errors.ResultUnreadable):
        desk.take_in(sheet.encode("cp949"), name="결과.csv")
    sheet = sheet.replace("088,,10000", "088,110002123456,10000")
    result = desk.take_in(sheet.encode("cp949"), name="결과.csv")
    assert (result.paid, result.returned, result.unknown) == (2, 1, 1)
    assert Payout.objects.get(pk=rows[1].pk).reason == "AC04"


def test_two_of_one_account_and_sum_are_not_guessed(desk: PayoutDesk) -> None:
    batch, _file = desk.sent(form="kb")
    assert batch.payouts == 3
    twice = "계좌번호,이체금액,처리결과\r\n110001123456,20000,정상\r\n110001123456,20000,정상\r\n"
    result = desk.take_in(twice.encode("cp949"), name="결과.csv")
    assert (result.paid, result.unknown) == (0, 2)


@pytest.mark.parametrize("content", [
    b"", b"<?xml version='1.0'?><Document>", b"<?xml version='1.0'?><Document xmlns='urn:iso'><Other/></Document>",
    b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><Document>&b;</Document>",
    HEAD.encode() + b"<Stmt><Ntry><Amt>1.5</Amt></Ntry></Stmt></BkToCstmrStmt></Document>",
    HEAD.encode() + b"</BkToCstmrStmt></Document>",
])  # fmt: skip
def test_what_is_no_answer_is_refused(desk: PayoutDesk, content: bytes) -> None:
    with refused(DomainError):
        desk.take_in(content)


@pytest.mark.parametrize(("said", "before", "gap"), [
    (Statement("a", 2, None, None, 100, 40, -60), (1, 100), None),
    (Statement("a", 2, None, None, 100, 40, -50), (1, 100), Gap("entries", -10)),
    (Statement("a", 2, None, None, 100, 40, -60), (1, 90), Gap("balance", 10)),
    (Statement("a", 3, None, None, 100, 40, -60), (1, 100), Gap("sequence")),
    (Statement("a", 3, None, None, 100, 40, -60), (None, None), None),
    (Statement("a", None, None, None, None, None, -60), (1, 100), None),
])  # fmt: skip
def test_a_gap_is_found(said: Statement, before: tuple[int | None, int | None], gap: Gap | None) -> None:
    assert rules.gap_of(said, sequence=before[0], closing=before[1]) == gap


def test_a_day_that_is_missing_between_two_statements_is_told(desk: PayoutDesk) -> None:
    desk.sent()
    desk.take_in(statement(opening=100, closing=100, number=1, day="2026-11-20"))
    result = desk.take_in(statement(opening=70, closing=70, number=3, day="2026-11-24"), at=AT + timedelta(days=1))
    assert (result.gap, result.gap_amount) == ("balance", -30)


def test_a_gap_stands_until_what_is_missing_is_taken_in(desk: PayoutDesk) -> None:
    desk.sent()
    day = AT.date()

    def open_gaps() -> list[str]:
        found = selectors.open_gaps(municipalities=[desk.city.code], day=day)
        return [result.file_name for result in found]

    desk.take_in(statement(opening=100, closing=100, number=1, day="2026-11-16"), name="월")
    desk.take_in(statement(opening=70, closing=70, number=3, day="2026-11-18"), name="수")
    desk.take_in(statement(opening=70, closing=60, number=4, day="2026-11-19"), name="목")
    assert open_gaps() == ["목", "수"]
    desk.take_in(statement(entry("REFUND", 30), opening=100, closing=70, number=2, day="2026-11-17"), name="화")
    assert open_gaps() == ["목"]
    desk.take_in(statement(entry("FEE", 10), opening=70, closing=60, number=4, day="2026-11-19"), name="목 다시")
    assert open_gaps() == []
