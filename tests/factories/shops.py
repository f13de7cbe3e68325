"""Shops in every stage of their life, through the services that officials use."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from merchants.dispositions import follow_ups
from merchants.dispositions import services as dispositions
from merchants.dispositions.models import Disposition, Measure, Referral, Restitution, Violation
from merchants.registry import services
from merchants.registry.models import (
    ChangeKind,
    Merchant,
    MerchantChange,
    MerchantPaper,
    MerchantStatus,
    PaperKind,
    RegistrationStandard,
)
from tests import factories
from tests.factories import AT, City
from vouchers.common.seoul import business_date
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of

TODAY = business_date(AT)


def acting(official: Official, at: Any = AT) -> dict[str, Any]:
    """An official as services ask for them."""
    return {"official": official, "authority": authority_of(official_id=official.pk, day=business_date(at)), "at": at}


def make_standard(city: City, **fields: Any) -> RegistrationStandard:
    """What the city asks of shops since 2020."""
    fields = {
        "valid_from": date(2020, 1, 1), "refused_ksic": ["56211", "9124"], "warned_ksic": ["47830"],
        "annual_sales_cap": 3_000_000_000, "legal_basis": "조례 제8조",
    } | fields  # fmt: skip
    return RegistrationStandard.objects.create(municipality=city.municipality, **fields)


def make_application(city: City, **fields: Any) -> Merchant:
    """A shop that applied and that nobody has reviewed yet."""
    return factories.make_merchant(city, **({"status": MerchantStatus.APPLIED} | fields))


def request(
    merchant: Merchant, kind: ChangeKind, officer: Official, *, day: date = TODAY, **fields: Any
) -> MerchantChange:
    """A change of the shop that waits for approval."""
    said = (
        {"merchant": merchant, "kind": kind, "effective_from": day, "reason": "대표자 신청"} | acting(officer) | fields
    )
    return services.request_change(**said)


def ask_for_a_change(city: City, merchant: Merchant) -> None:
    """A standard, a paper and a change that waits."""
    officer = factories.make_official(city, Role.MERCHANT_OFFICER)
    make_standard(city)
    MerchantPaper.objects.create(
        municipality=city.municipality, merchant=merchant, kind=PaperKind.BUSINESS, file_name="사업자등록증.pdf",
        file_key="0" * 32, sha256="0" * 64, size=1, added_by=officer, added_at=AT,
    )  # fmt: skip
    request(merchant, ChangeKind.SUSPEND, officer)


def make_case(merchant: Merchant, officer: Official, *, code: str = "illegal_exchange", **fields: Any) -> Disposition:
    """A notice of a month ago, so that the shop has had its time to answer."""
    first = TODAY - timedelta(days=30)
    said = {
        "merchant": merchant, "violation": Violation.objects.get(code=code), "found_on": first, "facts": "현장점검에서 확인",
        "notice_on": first, "notice_document": "지역경제과-100", "opinion_until": TODAY - timedelta(days=10),
        "hearing_on": TODAY - timedelta(days=1),
    }  # fmt: skip
    return dispositions.notify(**(said | acting(officer) | fields))


def make_decided_case(merchant: Merchant, officer: Official, approver: Official, **fields: Any) -> Disposition:
    """A case that another person decided today: a fine."""
    case = make_case(merchant, officer, **fields)
    dispositions.propose(
        disposition=case, measure=Measure.FINE, effective_from=TODAY, reason="위반 확인", **acting(officer)
    )
    return dispositions.decide(disposition=case, **acting(approver))


def make_claim(case: Disposition, officer: Official, **fields: Any) -> Restitution:
    """A claim of 1,500,000 won of ten days ago, which was due yesterday."""
    said = {
        "amount": 1_500_000, "legal_basis": "조례 제15조", "claimed_on": TODAY - timedelta(days=10),
        "document": "지역경제과-200", "due_on": TODAY - timedelta(days=1),
    }  # fmt: skip
    return follow_ups.claim(disposition=case, **(said | acting(officer) | fields))


def make_referral(case: Disposition, officer: Official, **fields: Any) -> Referral:
    """A referral of today."""
    said = {"station": "고양경찰서 수사과", "referred_on": TODAY, "document": "지역경제과-201"}
    return follow_ups.refer(disposition=case, **(said | acting(officer) | fields))
