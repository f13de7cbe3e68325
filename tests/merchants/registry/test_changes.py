"""The life of a shop: entered by one person, approved by another, in force from its day, and in no other way."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.db.utils import DatabaseError

from merchants.qr_kit.models import MerchantQR
from merchants.registry import selectors, services
from merchants.registry.errors import (
    ApprovedByOneself,
    BeginsAsApplication,
    ChangeDecided,
    ChangeDoesNotFit,
    ChangeWaitsAlready,
    NeedsApproval,
    NothingChanges,
    PaperUnreadable,
    RegistrationBarred,
    RegistrationRefused,
    WaitsForApproval,
)
from merchants.registry.files import paper_store
from merchants.registry.models import ChangeKind, ChangeState, Merchant, MerchantChange, MerchantStatus
from merchants.registry.rules import STATUS_AFTER, findings, months_after
from tests import factories
from tests.factories import AT, City
from tests.factories.shops import TODAY, acting, make_application, make_standard, request
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.common.models import uuid7
from vouchers.ledger.services import call
from vouchers.officials.models import Official
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def city():
    made = factories.make_city()
    with made.scope():
        yield made


@pytest.fixture
def officer(city: City) -> Official:
    return factories.make_official(city, Role.MERCHANT_OFFICER, Role.APPROVER)


@pytest.fixture
def approver(city: City) -> Official:
    return factories.make_official(city, Role.APPROVER)


def approved(change: MerchantChange, approver: Official) -> Merchant:
    services.approve(change=change, **acting(approver))
    return Merchant.objects.get(pk=change.merchant_id)


def test_an_application_becomes_a_shop_when_another_person_approves(city, officer, approver) -> None:
    shop = make_application(city, entered_by=officer)
    change = request(shop, ChangeKind.REGISTER, officer)
    assert Merchant.objects.get(pk=shop.pk).status == MerchantStatus.APPLIED
    registered = approved(change, approver)
    assert (registered.status, registered.registered_on) == (MerchantStatus.ACTIVE, TODAY)
    assert registered.history.latest("history_id").status == MerchantStatus.ACTIVE


def test_nobody_approves_what_they_entered(city, officer, approver) -> None:
    mine = make_application(city)
    with pytest.raises(ApprovedByOneself):
        services.approve(change=request(mine, ChangeKind.REGISTER, officer), **acting(officer))
    other = make_application(city, entered_by=officer)
    colleague = factories.make_official(city, Role.MERCHANT_OFFICER)
    with pytest.raises(ApprovedByOneself):
        services.approve(change=request(other, ChangeKind.REGISTER, colleague), **acting(officer))


@pytest.mark.parametrize("state", ["approved", "applied"])
def test_the_database_refuses_it_too(city, officer, state: str) -> None:
    shop = make_application(city, entered_by=officer)
    own = request(shop, ChangeKind.REGISTER, factories.make_official(city, Role.MERCHANT_OFFICER))
    suspension = request(factories.make_merchant(city), ChangeKind.SUSPEND, officer)
    for change in (own, suspension):
        with pytest.raises(ApprovedByOneself), transaction.atomic(), domain_errors():
            MerchantChange.objects.filter(pk=change.pk).update(
                state=state, decided_by=officer, decided_at=AT, applied_at=AT
            )


@pytest.mark.parametrize(
    "fields",
    [{"status": "cancelled"}, {"name": "다른 가게"}, {"representative": "김다른"}, {"account_bank": "004"},
     {"account_number_index": b"0" * 32}, {"registered_on": date(2020, 1, 1)}],
    ids=lambda fields: next(iter(fields)),
)  # fmt: skip
def test_no_statement_changes_a_registered_shop_without_approval(city, fields) -> None:
    shop = factories.make_merchant(city)
    with pytest.raises(NeedsApproval), transaction.atomic(), domain_errors():
        Merchant.objects.filter(pk=shop.pk).update(**fields)


@pytest.mark.parametrize(
    "fields",
    [*({"status": status} for status in ("active", "suspended", "cancelled", "closed")),
     {"status": "applied", "registered_on": TODAY}],
    ids=lambda fields: "-".join(map(str, fields.values())),
)  # fmt: skip
def test_no_statement_inserts_a_shop_that_nobody_registered(city, fields) -> None:
    like = factories.make_merchant(city)
    shop = Merchant.objects.get(pk=like.pk)
    shop.pk, shop.code, shop.business_number = uuid7(), "M000000009", "1248100998"
    shop.status, shop.registered_on = fields["status"], fields.get("registered_on")
    with pytest.raises(BeginsAsApplication), transaction.atomic(), domain_errors():
        shop.save(force_insert=True)
    shop.status, shop.registered_on = MerchantStatus.APPLIED, None
    shop.save(force_insert=True)


def test_saving_a_shop_anew_keeps_its_account_and_corrects_its_address(city) -> None:
    shop = factories.make_merchant(city, account_bank="088", account_number="110-123-456789")
    found = Merchant.objects.get(pk=shop.pk)
    found.address = "새 주소"
    found.save()
    again = Merchant.objects.get(pk=shop.pk)
    assert (again.address, again.account_number.reveal()) == ("새 주소", "110-123-456789")


def test_what_was_submitted_stays_until_it_is_withdrawn(city, officer) -> None:
    shop = make_application(city)
    change = request(shop, ChangeKind.REGISTER, officer)
    with pytest.raises(WaitsForApproval), transaction.atomic(), domain_errors():
        Merchant.objects.filter(pk=shop.pk).update(annual_sales=1)
    services.withdraw(change=change, authority=acting(officer)["authority"])
    assert Merchant.objects.filter(pk=shop.pk).update(annual_sales=1) == 1
    with pytest.raises(ChangeDecided):
        services.withdraw(change=change, authority=acting(officer)["authority"])


def test_what_was_decided_never_changes(city, officer, approver) -> None:
    change = request(factories.make_merchant(city), ChangeKind.SUSPEND, officer)
    services.give_back(change=change, note="근거 부족", **acting(approver))
    for fields in ({"reason": "다른 사유"}, {"state": "applied", "applied_at": AT}):
        with pytest.raises(ChangeDecided), transaction.atomic(), domain_errors():
            MerchantChange.objects.filter(pk=change.pk).update(**fields)
    with pytest.raises(DatabaseError), transaction.atomic():
        change.delete()


def test_one_change_waits_at_a_time(city, officer) -> None:
    shop = factories.make_merchant(city)
    request(shop, ChangeKind.SUSPEND, officer)
    with pytest.raises(ChangeWaitsAlready):
        request(shop, ChangeKind.CLOSE, officer)


def test_python_and_the_database_know_the_same_steps(city) -> None:
    for status in MerchantStatus.values:
        for kind in ChangeKind.values:
            after = call("public.merchant_status_after", kind, status)[0]
            assert after == STATUS_AFTER[kind].get(status), (kind, status)


def test_a_step_that_the_status_forbids_is_refused(city, officer) -> None:
    with pytest.raises(ChangeDoesNotFit):
        request(factories.make_merchant(city), ChangeKind.RESUME, officer)
    with pytest.raises(ChangeDoesNotFit):
        request(make_application(city), ChangeKind.SUSPEND, officer)


def test_only_who_may_asks_and_approves(city, officer, approver) -> None:
    shop = factories.make_merchant(city)
    with pytest.raises(NotPermitted):
        request(shop, ChangeKind.SUSPEND, approver)
    change = request(shop, ChangeKind.SUSPEND, officer)
    with pytest.raises(NotPermitted):
        services.approve(change=change, **acting(factories.make_official(city, Role.MERCHANT_OFFICER)))


def test_a_suspension_begins_and_ends_on_its_days(city, officer, approver) -> None:
    shop = factories.make_merchant(city)
    first, last = TODAY + 2 * DAY, TODAY + 5 * DAY
    change = request(shop, ChangeKind.SUSPEND, officer, day=first, effective_until=last)
    assert approved(change, approver).status == MerchantStatus.ACTIVE

    def status_on(day: date) -> str:
        services.apply_due(municipality=city.code, day=day, at=AT)
        return Merchant.objects.get(pk=shop.pk).status

    assert status_on(first - DAY) == MerchantStatus.ACTIVE
    assert status_on(first) == MerchantStatus.SUSPENDED
    assert status_on(last) == MerchantStatus.SUSPENDED
    assert status_on(last + DAY) == MerchantStatus.ACTIVE
    assert [row.status for row in shop.history.order_by("-history_id")[:2]] == [
        MerchantStatus.ACTIVE,
        MerchantStatus.SUSPENDED,
    ]


def test_a_planned_end_does_not_lift_a_later_suspension(city, officer, approver) -> None:
    shop = factories.make_merchant(city)
    approved(request(shop, ChangeKind.SUSPEND, officer, effective_until=TODAY + 9 * DAY), approver)
    approved(request(shop, ChangeKind.RESUME, officer), approver)
    approved(request(shop, ChangeKind.SUSPEND, officer), approver)
    assert services.apply_due(municipality=city.code, day=TODAY + 30 * DAY, at=AT) == 0
    assert Merchant.objects.get(pk=shop.pk).status == MerchantStatus.SUSPENDED


def test_changes_that_come_due_together_come_one_after_the_other(city, officer, approver) -> None:
    shop = factories.make_merchant(city)
    approved(request(shop, ChangeKind.SUSPEND, officer, effective_until=TODAY + 2 * DAY), approver)
    approved(request(shop, ChangeKind.CLOSE, officer, day=TODAY + 3 * DAY), approver)
    services.apply_due(municipality=city.code, day=TODAY + 3 * DAY, at=AT)
    assert Merchant.objects.get(pk=shop.pk).status == MerchantStatus.CLOSED
    assert not MerchantChange.objects.filter(state=ChangeState.APPROVED).exists()


def test_the_codes_of_a_shop_that_leaves_are_retired(city, officer, approver) -> None:
    shop = factories.make_merchant(city)
    approved(request(shop, ChangeKind.CLOSE, officer), approver)
    assert MerchantQR.objects.get(merchant=shop).retired_at == AT


def test_a_cancelled_shop_registers_again_when_the_bar_has_run_out(city, officer, approver) -> None:
    make_standard(city, bar_months=12)
    shop = factories.make_merchant(city, business_number="1248100998")
    change = request(shop, ChangeKind.CANCEL, officer)
    approved(change, approver)
    until = months_after(TODAY, 12)
    assert change.barred_until == until
    found = selectors.barred_until(municipality=city.code, business_number="1248100998", day=until)
    assert found == until
    again = make_application(city, business_number="1248100998", name=shop.name)
    with pytest.raises(RegistrationBarred):
        request(again, ChangeKind.REGISTER, officer, day=until)
    registered = request(again, ChangeKind.REGISTER, officer, day=until + DAY)
    services.approve(change=registered, **acting(approver))


def test_the_account_changes_when_another_person_approves(city, officer, approver) -> None:
    shop = factories.make_merchant(city, account_bank="088", account_number="110-123-456789", account_holder="김장터")
    same = {"account_bank": "088", "name": shop.name}
    with pytest.raises(NothingChanges):
        request(shop, ChangeKind.DETAILS, officer, details=same)
    new = same | {"account_number": "220-987-654321", "representative": "박새로", "status": "cancelled"}
    change = request(shop, ChangeKind.DETAILS, officer, details=new)
    changed = approved(change, approver)
    assert changed.account_number.reveal() == "220-987-654321"
    assert Merchant.objects.get(account_number_index="220-987-654321") == shop
    assert (changed.representative, changed.account_holder, changed.status) == ("박새로", "김장터", "active")
    lines = {
        str(line.label): (line.before, line.after)
        for line in selectors.compared(MerchantChange.objects.get(pk=change.pk))
    }
    assert lines == {"대표자": ("김*터", "박*로"), "정산 계좌": ("***-***-**6789", "***-***-**4321")}


def test_the_standard_refuses_at_submission_and_again_at_approval(city, officer, approver) -> None:
    make_standard(city)
    with pytest.raises(RegistrationRefused, match="91249"):
        request(make_application(city, annual_sales=1, ksic_code="91249"), ChangeKind.REGISTER, officer)
    shop = make_application(city, annual_sales=2_000_000_000)
    change = request(shop, ChangeKind.REGISTER, officer)
    make_standard(city, valid_from=TODAY - DAY, annual_sales_cap=1_000_000_000)
    with pytest.raises(RegistrationRefused):
        services.approve(change=change, **acting(approver))


def test_findings(city) -> None:
    standard = make_standard(city, chains="refuse")

    def said(ksic: str = "", sales: int = 0, chain: bool = False) -> list[tuple[str, bool]]:
        found = findings(standard=standard, ksic_code=ksic, annual_sales=sales, is_chain=chain)
        return [(one.field, one.refuses) for one in found]

    assert said("56111", 3_000_000_000) == []
    assert said("56211") == said("91241") == [("ksic_code", True)]
    assert said("47830") == [("ksic_code", False)]
    assert said("", 3_000_000_001, chain=True) == [("annual_sales", True), ("is_chain", True)]
    assert selectors.findings_of(
        municipality=city.code, ksic_code="56211", annual_sales=0, is_chain=False, day=date(2019, 12, 31)
    ) == []  # fmt: skip


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [(date(2026, 11, 22), 12, date(2027, 11, 22)), (date(2026, 8, 31), 6, date(2027, 2, 28)),
     (date(2026, 12, 1), 1, date(2027, 1, 1)), (date(2026, 1, 31), 0, date(2026, 1, 31))],
)  # fmt: skip
def test_months_after(day: date, months: int, expected: date) -> None:
    assert months_after(day, months) == expected


def test_a_paper_is_kept_sealed_and_read_again(city, officer) -> None:
    shop = make_application(city)
    paper = services.add_paper(
        merchant=shop, kind="business", file_name="등록증.pdf", content=[b"%PDF-1.7 ", b"secret"], store=paper_store(),
        **acting(officer),
    )  # fmt: skip
    with paper_store().open(paper.file_key) as stream:
        assert stream.read() == b"%PDF-1.7 secret"
    assert b"secret" not in (paper_store().directory / paper.file_key).read_bytes()
    assert selectors.missing_papers(shop) == ["통장사본"]
    with pytest.raises(PaperUnreadable):
        services.add_paper(
            merchant=shop,
            kind="business",
            file_name="a.pdf",
            content=[b"<html>"],
            store=paper_store(),
            **acting(officer),
        )


def test_the_timeline_shows_a_whole_life(city, officer, approver) -> None:
    shop = make_application(city)
    approved(request(shop, ChangeKind.REGISTER, officer), approver)
    approved(request(shop, ChangeKind.CLOSE, officer), approver)
    titles = [str(moment.title) for moment in selectors.timeline(shop)]
    assert {"등록 신청", "해지·폐업", "QR 발급", "QR 폐기"} == set(titles)


def test_numbers_of_shops_go_on(city) -> None:
    factories.make_merchant(city, code="M000000041")
    assert services.next_code(municipality=city.code) == "M000000042"
