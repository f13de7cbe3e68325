"""휴폐업: what the tax office says is shown, noticed, and decided by two people; nobody is closed by a list."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from merchants.closures import selectors, services
from merchants.closures.errors import CheckDecided, NobodyToNotify
from merchants.closures.models import ClosureCheck
from merchants.closures.rules import end_of, status_of
from merchants.dispositions import services as dispositions
from merchants.dispositions.errors import OpinionTimeTooShort
from merchants.dispositions.models import Disposition, DispositionState
from merchants.registry.models import ChangeKind, Merchant, MerchantStatus
from merchants.registry.selectors import timeline
from tests import factories
from tests.factories import AT, City
from tests.factories.shops import TODAY, acting, request
from vouchers.common.errors import NotPermitted
from vouchers.common.sheets import FileUnreadable
from vouchers.officials.rules import Role

DAY = timedelta(days=1)
LATER = AT + 15 * DAY
NUMBERS = [number for number in (f"{1248100000 + n}" for n in range(90)) if factories._is_business_number(number)]


@pytest.fixture
def city(db: None) -> Any:
    made = factories.make_city()
    with made.scope():
        yield made


def shops_of(city: City, count: int) -> list[Merchant]:
    return [factories.make_merchant(city, business_number=number) for number in NUMBERS[:count]]


def upload(city: City, text: str, officer: Any) -> ClosureCheck:
    return services.take_in(
        municipality=city.code, file=io.BytesIO(text.encode("utf-8-sig")), file_name="조회.csv", checked_on=TODAY,
        **acting(officer),
    )  # fmt: skip


def notify(check: ClosureCheck, officer: Any, days: int = 14) -> int:
    return services.notify(
        check=check,
        notice_on=TODAY,
        notice_document="지역경제과-7",
        opinion_until=TODAY + days * DAY,
        **acting(officer),
    )


def lines(*rows: str) -> str:
    return "\n".join(("b_no,b_stt,b_stt_cd,tax_type,end_dt", *rows))


def test_from_the_list_to_closed_shops(city: City) -> None:
    officer, approver = (factories.make_official(city, role) for role in (Role.MERCHANT_OFFICER, Role.APPROVER))
    closed, dormant, going_on, odd, answers = shops_of(city, 5)
    branch = factories.make_merchant(city, business_number=closed.business_number)
    numbers = [shop.business_number for shop in (closed, dormant, going_on, odd, answers)]
    assert selectors.numbers_to_check(municipality=city.code) == sorted(numbers)
    check = upload(city, lines(
        f"{numbers[0]},폐업자,03,부가가치세 일반과세자,20261001", f"{numbers[1]},휴업자,02,,", f"{numbers[2]},계속사업자,01,,",
        f"{numbers[3]},,,국세청에 등록되지 않은 사업자등록번호입니다.,", f"{numbers[4]},폐업자,03,,20261002",
        f"{NUMBERS[6]},폐업자,03,,", "123,폐업자,03,,", f"{NUMBERS[5]},무엇,09,,", f"{NUMBERS[5]},폐업자,03,,2026-13-01",
    ), officer)  # fmt: skip
    assert (check.rows_total, check.rows_open, check.rows_unknown) == (9, 1, 1)
    assert [problem["row"] for problem in check.problems] == [8, 9, 10]
    assert {(found.merchant, found.status, found.ended_on) for found in check.findings.all()} == {
        (closed, "closed", date(2026, 10, 1)), (branch, "closed", date(2026, 10, 1)), (dormant, "dormant", None),
        (odd, "unregistered", None), (answers, "closed", date(2026, 10, 2)),
    }  # fmt: skip
    assert not Disposition.objects.exists()

    assert notify(check, officer) == 4
    assert (Merchant.objects.get(pk=closed.pk).status, Disposition.history.count()) == (MerchantStatus.ACTIVE, 4)
    assert "2026. 10. 1." in Disposition.objects.get(merchant=closed).facts
    assert "처분 사전통지" in {str(entry.title) for entry in timeline(closed)}
    dispositions.hear(
        disposition=Disposition.objects.get(merchant=answers), opinion_on=TODAY, opinion="이전했습니다", hearing_on=None,
        authority=acting(officer)["authority"],
    )  # fmt: skip
    assert services.propose_unanswered(check=check, effective_from=TODAY, **acting(officer)) == 0

    at_end: dict[str, Any] = {"check": check, **acting(officer, LATER)}
    assert services.propose_unanswered(effective_from=TODAY + 15 * DAY, **at_end) == 3
    assert services.propose_unanswered(effective_from=TODAY + 15 * DAY, **at_end) == 0
    with pytest.raises(NotPermitted):
        services.decide_proposed(**at_end)
    assert services.decide_proposed(check=check, **acting(approver, LATER)) == 3
    assert dict(Merchant.objects.values_list("pk", "status")) == {
        closed.pk: "closed", branch.pk: "closed", dormant.pk: "suspended", going_on.pk: "active", odd.pk: "active",
        answers.pk: "active",
    }  # fmt: skip
    case = Disposition.objects.get(merchant=closed)
    assert (case.state, case.measure, case.step, case.decided_by) == (DispositionState.DECIDED, "close", 1, approver)
    assert case.change is not None
    assert (case.change.state, case.change.decided_by, case.change.entered_by) == ("applied", approver, officer)
    assert Merchant.history.filter(id=closed.pk, status="closed", history_user=approver).count() == 1
    assert Disposition.history.filter(id=case.pk).count() == 3


def test_who_proposed_does_not_decide_and_what_has_changed_is_left(city: City) -> None:
    both = factories.make_official(city, Role.MERCHANT_OFFICER, Role.APPROVER)
    approver = factories.make_official(city, Role.APPROVER)
    first, second = shops_of(city, 2)
    check = upload(city, lines(*(f"{shop.business_number},폐업자,03,," for shop in (first, second))), both)
    notify(check, both)
    services.propose_unanswered(check=check, effective_from=TODAY + 15 * DAY, **acting(both, LATER))
    assert services.decide_proposed(check=check, **acting(both, LATER)) == 0
    request(second, ChangeKind.SUSPEND, both)
    assert services.decide_proposed(check=check, **acting(approver, LATER)) == 1
    assert Disposition.objects.get(merchant=second).state == DispositionState.PROPOSED


def test_a_shop_with_a_case_is_not_noticed_again(city: City) -> None:
    officer = factories.make_official(city, Role.MERCHANT_OFFICER)
    (shop,) = shops_of(city, 1)
    text = lines(f"{shop.business_number},폐업자,03,,")
    first, second = upload(city, text, officer), upload(city, text, officer)
    with pytest.raises(OpinionTimeTooShort):
        notify(first, officer, days=9)
    assert notify(first, officer) == 1
    with pytest.raises(NobodyToNotify):
        notify(second, officer)
    with pytest.raises(CheckDecided):
        notify(first, officer)
    services.discard(check=second, **acting(officer))
    with pytest.raises(CheckDecided):
        services.discard(check=second, **acting(officer))


@pytest.mark.parametrize("text", ["", "b_no\n1", "b_no,b_stt_cd", "무엇,누구\n1,2"])
def test_what_is_no_such_list(city: City, text: str) -> None:
    with pytest.raises(FileUnreadable):
        upload(city, text, factories.make_official(city, Role.MERCHANT_OFFICER))


@pytest.mark.parametrize(
    ("code", "name", "status"),
    [("01", "계속사업자", "open"), ("2", "", "dormant"), ("03", "폐업자", "closed"), ("", "폐업자", "closed"),
     ("", "국세청에 등록되지 않은 사업자등록번호입니다", "unregistered"), ("", "", "unregistered"), ("9", "모름", None)],
)  # fmt: skip
def test_status(code: str, name: str, status: str | None) -> None:
    assert status_of(code=code, name=name) == status


def test_end() -> None:
    assert [end_of(text) for text in ("", "20261001", "2026-10-01", "2026. 10. 1.", "2026-10-01 00:00:00")] == [
        None, *[date(2026, 10, 1)] * 4,
    ]  # fmt: skip


def test_the_pages_in_their_order(city: City, client: Client) -> None:
    officer = factories.make_official(city, Role.MERCHANT_OFFICER)
    (shop,) = shops_of(city, 1)
    client.force_login(officer)
    asked = client.post("/admin/merchants/closurecheck/numbers/")
    assert asked.content.decode().split() == ["b_no", shop.business_number]
    file = io.BytesIO(lines(f"{shop.business_number},폐업자,03,,").encode())
    file.name = "조회.csv"
    shown = client.post("/admin/merchants/closurecheck/new/", {"checked_on": "2020-01-01", "file": file}, follow=True)
    check = ClosureCheck.objects.get()
    assert (shown.status_code, shop.name in shown.content.decode()) == (200, True)
    said = {"notice_on": "2020-01-02", "notice_document": "지역경제과-7", "opinion_until": "2020-01-05"}
    address = f"/admin/merchants/closurecheck/{check.pk}/show/"
    assert client.post(address, said).status_code == 422
    assert client.post(address, said | {"opinion_until": "2020-01-20"}, follow=True).status_code == 200
    assert "1곳 처분 결재 올리기" in client.get(address).content.decode()
    client.post(f"/admin/merchants/closurecheck/{check.pk}/propose/")
    assert Disposition.objects.get().state == DispositionState.PROPOSED
