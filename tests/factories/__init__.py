"""Factories: the smallest world in which a thing makes sense, built through the same services the product uses."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password

from allowances.approvals.models import ApprovalStep, StepDecision
from allowances.batches.models import Batch, BatchRow, BatchState, Entitlement
from allowances.budgets import services as budgets
from allowances.budgets.models import BudgetEntry, BudgetLine, EntryKind
from allowances.catalogue.models import AllowanceType
from allowances.disbursement.models import DisbursementChunk
from allowances.programmes.models import Cycle, Programme, ProgrammeTerms
from allowances.programmes.rules import simple_terms
from merchants.qr_kit.models import MerchantQR
from merchants.registry.models import ChangeKind, ChangeState, Merchant, MerchantChange, MerchantStatus
from vouchers.citizens.models import Citizen, Corporation
from vouchers.common.models import uuid7
from vouchers.common.scope import scope
from vouchers.currencies.models import Currency, CurrencyPolicy, PurchaseLimit
from vouchers.ledger import services as ledger
from vouchers.ledger.models import AccountKind
from vouchers.municipalities.models import Dong, Municipality
from vouchers.officials.models import Official, RoleAssignment
from vouchers.officials.rules import Role
from vouchers.partners.models import Partner
from vouchers.partners.rules import Scope
from vouchers.payments.models import PaymentTerms
from vouchers.privacy.rules import BusinessNumberInvalid, parse_business_number
from vouchers.wallets.models import Wallet

_numbers = itertools.count(1)


def next_number() -> int:
    """A number that no other thing of this run has."""
    return next(_numbers)


AT = datetime.now(UTC).replace(hour=3, minute=0, second=0, microsecond=0)
"""Noon in Seoul today: the moment of everything whose time does not matter."""


@dataclass
class City:
    """A municipality with one currency, a dong, and the bank account behind the currency."""

    municipality: Municipality
    currency: Currency
    dong: Dong
    clerks: list[Official] = field(default_factory=list)
    """Without a role: the first entered and the second approved what became of the shops that the tests take as given."""

    @property
    def code(self) -> str:
        """The 5-digit region code."""
        return self.municipality.code

    def scope(self) -> Any:
        """A scope that sees this city and no other."""
        return scope(municipalities=[self.code])


def make_city(*, code: str = "41280", name: str = "고양시", payment_limit: int = 1_000_000) -> City:
    """A city that can hold money."""
    with scope(municipalities=[code]):
        municipality = Municipality.objects.create(code=code, name=name, name_en=f"City {code}")
        dong = Dong.objects.create(municipality=municipality, code=f"{code}51000", name="주교동")
        currency = Currency.objects.create(municipality=municipality, name=f"{name}페이", name_en=f"Pay {code}")
        CurrencyPolicy.objects.create(
            municipality=municipality, currency=currency, valid_from=date(2020, 1, 1), payment_limit=payment_limit,
            legal_basis="조례 제8조",
        )  # fmt: skip
        PaymentTerms.objects.create(municipality=municipality, valid_from=date(2020, 1, 1), legal_basis="조례 제8조")
        ledger.open_account(municipality=code, currency=currency.pk, kind=AccountKind.BANK, owner=None)
    return City(municipality, currency, dong)


def make_purchase_limit(city: City, **fields: Any) -> PurchaseLimit:
    """What persons may buy since 2020: by default 500,000 won a month, and no other limit."""
    fields = {
        "valid_from": date(2020, 1, 1), "minimum": 1, "unit": 1, "per_month": 500_000, "legal_basis": "조례 제8조",
    } | fields  # fmt: skip
    return PurchaseLimit.objects.create(municipality=city.municipality, currency=city.currency, **fields)


@cache
def _hashed(password: str) -> str:
    """The hash that a login checks, made once: a real one takes as long as several tests."""
    return make_password(password)


def make_official(city: City, *roles: Role, name: str = "", **fields: Any) -> Official:
    """An official with roles at the city since 2020; the password is ``jangteo-demo-1``."""
    number = next(_numbers)
    official = Official.objects.create(
        username=fields.pop("username", f"official{number}"),
        password=_hashed(fields.pop("password", "jangteo-demo-1")),
        name=name or f"직원{number}",
        municipality=city.municipality,
        **fields,
    )
    for role in roles:
        RoleAssignment.objects.create(
            municipality=city.municipality, official=official, role=role, valid_from=date(2020, 1, 1), reason="시험"
        )
    return official


def make_citizen(city: City, *, wallet: bool = True, **fields: Any) -> Citizen:
    """A member, by default with a wallet in the city's currency."""
    number = next(_numbers)
    fields = {
        "name": f"시민{number}", "birth_date": date(1985, 1, 1), "phone": f"010{number:08d}", "dong": city.dong,
        "resident_since": date(2015, 1, 1),
    } | fields  # fmt: skip
    citizen = Citizen.objects.create(municipality=city.municipality, **fields)
    if wallet:
        ledger.open_wallets(municipality=city.code, currency=city.currency.pk, citizens=[citizen.pk])
    return citizen


def wallet_of(citizen: Citizen) -> Wallet:
    """The citizen's only wallet."""
    return Wallet.objects.get(citizen=citizen)


def make_corporation(city: City, **fields: Any) -> Corporation:
    """A firm that may buy."""
    first = f"{next(_numbers):09d}"
    last = next(digit for digit in "0123456789" if _is_business_number(first + digit))
    fields = {
        "name": "행복상사 주식회사", "business_number": first + last, "representative": "김대표", "phone": "0212345678",
    } | fields  # fmt: skip
    return Corporation.objects.create(municipality=city.municipality, **fields)


def _is_business_number(digits: str) -> bool:
    try:
        return parse_business_number(digits) == digits
    except BusinessNumberInvalid:
        return False


def corporate_wallet(city: City, partner: Partner | None = None, **fields: Any) -> UUID:
    """A new corporation's wallet, of the partner's app."""
    return ledger.open_corporate_wallet(
        municipality=city.code, currency=city.currency.pk, corporation=make_corporation(city, **fields).pk,
        partner=partner.pk if partner else None,
    )[0]  # fmt: skip


def make_merchant(city: City, *, terminal: str = "T001", **fields: Any) -> Merchant:
    """A shop with a QR code and its two accounts: one that was registered, unless the fields say another status."""
    number = next(_numbers)
    fields = {
        "code": f"M{number:09d}", "name": f"행복분식 {number}호점", "name_ascii": f"HAPPY BUNSIK {number}",
        "business_number": f"{number:010d}", "representative": "김장터", "category_id": "restaurant",
        "annual_sales": 100_000_000, "address": "경기도 고양시 덕양구 고양시청로 10", "dong": city.dong,
    } | fields  # fmt: skip
    status, registered_on = fields.pop("status", MerchantStatus.ACTIVE), fields.pop("registered_on", None)
    merchant = Merchant.objects.create(municipality=city.municipality, **fields)
    _become(city, merchant, status, registered_on or date(2024, 1, 1))
    MerchantQR.objects.create(municipality=city.municipality, merchant=merchant, terminal=terminal)
    for kind in (AccountKind.MERCHANT_PENDING, AccountKind.MERCHANT_SETTLED):
        ledger.open_account(municipality=city.code, currency=city.currency.pk, kind=kind, owner=merchant.pk)
    return merchant


_LIVES: dict[str, list[ChangeKind]] = {
    MerchantStatus.APPLIED: [], MerchantStatus.ACTIVE: [ChangeKind.REGISTER],
    MerchantStatus.SUSPENDED: [ChangeKind.REGISTER, ChangeKind.SUSPEND],
    MerchantStatus.CANCELLED: [ChangeKind.REGISTER, ChangeKind.CANCEL],
    MerchantStatus.CLOSED: [ChangeKind.REGISTER, ChangeKind.CLOSE],
}  # fmt: skip


def _become(city: City, merchant: Merchant, status: str, day: date) -> None:
    """Approved changes bring a shop where it stands: the database lets it come there in no other way."""
    if status != MerchantStatus.APPLIED and not city.clerks:
        city.clerks += Official.objects.bulk_create(
            Official(username=f"clerk{next(_numbers)}", name=name, municipality=city.municipality)
            for name in ("가맹담당", "가맹팀장")
        )
    for kind in _LIVES[status]:
        maker, checker = city.clerks
        change = MerchantChange.objects.create(
            municipality=city.municipality, merchant=merchant, kind=kind, effective_from=day, reason="시험", entered_by=maker,
            entered_at=AT,
        )  # fmt: skip
        change.state, change.decided_by, change.decided_at, change.applied_at = ChangeState.APPLIED, checker, AT, AT
        change.save(update_fields=["state", "decided_by", "decided_at", "applied_at"])
        merchant.status, merchant.registered_on = status, day


_OF_PROGRAMME = {field.name for field in Programme._meta.fields}


def make_budget_line(city: City, *, amount: int = 0, at: datetime = AT, **fields: Any) -> BudgetLine:
    """A line of the budget that holds ``amount`` won of the municipality's own money (본예산)."""
    number = next(_numbers)
    fields = {
        "fiscal_year": at.year, "department": "지역경제과", "code": f"301-{number}", "name": f"청년 지원 {number}",
        "detail": "03 청년 지원", "statistic": "01 사회보장적수혜금", "currency": city.currency,
    } | fields  # fmt: skip
    line = BudgetLine.objects.create(municipality=city.municipality, **fields)
    ledger.open_account(municipality=city.code, currency=city.currency.pk, kind=AccountKind.BUDGET, owner=line.pk)
    if amount:
        journal = ledger.call("ledger.id_at", at)[0]
        ledger.fund(
            id=journal, municipality=city.code, currency=city.currency.pk, line=line.pk, amount=amount, at=at
        )  # fmt: skip
        BudgetEntry.objects.create(
            municipality=city.municipality, line=line, kind=EntryKind.ORIGINAL, city=amount, reason="2026-1",
            official=_budget_official(city), at=at, journal_id=journal,
        )  # fmt: skip
    return line


def _budget_official(city: City) -> Official:
    """Whoever enters what the tests take as given; without a role."""
    official, _made = Official.objects.get_or_create(
        username=f"budget{city.code}", municipality=city.municipality, defaults={"name": "예산담당"}
    )
    return official


def make_programme(city: City, *, budget: int = 1_000_000_000, at: datetime = AT, **fields: Any) -> Programme:
    """An open programme with money in its budget, allotted from a line of its own that holds nothing more."""
    number = next(_numbers)
    if "budget_line" not in fields:
        fields["budget_line"] = make_budget_line(
            city, amount=budget, at=at, fiscal_year=fields.get("fiscal_year", at.year)
        )
    fields = {
        "name": f"청년 지원금 {number}", "fiscal_year": at.year, "department": "지역경제과", "legal_basis": "조례 제12조",
        "is_not_wage": True, "amount": 100_000, "amount_max": 100_000, "validity_days": 90, "residency_required": False,
        "type": AllowanceType.objects.order_by("code").first(), "currency": city.currency,
    } | fields  # fmt: skip
    own = {name: value for name, value in fields.items() if name in _OF_PROGRAMME}
    programme = Programme.objects.create(municipality=city.municipality, **own)
    make_terms(programme, **{name: value for name, value in fields.items() if name not in own})
    ledger.open_account(
        municipality=city.code, currency=city.currency.pk, kind=AccountKind.PROGRAMME, owner=programme.pk
    )
    if budget:
        budgets.allot(
            line=programme.budget_line, programme=programme.pk, amount=budget, official=_budget_official(city), at=at,
            id=ledger.call("ledger.id_at", at)[0],
        )  # fmt: skip
    return programme


def make_terms(programme: Programme, *, valid_from: date = date(2020, 1, 1), **fields: Any) -> ProgrammeTerms:
    """A version of a programme's terms, by default one amount of 100,000 won for everybody."""
    fields = {"amount": 100_000, "validity_days": 90, "residency_required": False} | fields
    fields.setdefault("amount_max", fields["amount"] or 1_000_000)
    return ProgrammeTerms.objects.create(
        municipality_id=programme.municipality_id, programme=programme, valid_from=valid_from, **simple_terms(**fields)
    )


def make_cycle(programme: Programme, **fields: Any) -> Cycle:
    """A payment round whose reference date is today."""
    fields = {"number": next(_numbers), "name": "11월분", "reference_date": AT.date()} | fields
    return Cycle.objects.create(municipality_id=programme.municipality_id, programme=programme, **fields)


def make_partner(city: City, **fields: Any) -> Partner:
    """An organisation that may call the API."""
    return Partner.objects.create(
        municipality=city.municipality, **({"name": f"연계기관 {next(_numbers)}", "scopes": list(Scope)} | fields)
    )


def grant(
    city: City, amounts: dict[Citizen, int], *, programme: Programme | None = None, validity_days: int = 90,
    usage_rule: UUID | None = None, at: datetime = AT,
) -> Batch:  # fmt: skip
    """Pay citizens through a list that three officials have signed; returns the paid list.

    The shortest honest way to put money into wallets: the application role has no other.
    """
    batch = make_signed_batch(
        city, amounts, programme=programme, validity_days=validity_days, usage_rule=usage_rule, at=at
    )
    for number in DisbursementChunk.objects.filter(batch_id=batch.pk).values_list("number", flat=True):
        ledger.call("disbursement.post_chunk", city.code, batch.pk, number, at)
    Batch.objects.filter(pk=batch.pk).update(state=BatchState.PAID, paid_at=at)
    return batch


def make_signed_batch(
    city: City, amounts: dict[Citizen, int], *, programme: Programme | None = None, validity_days: int = 90,
    usage_rule: UUID | None = None, at: datetime = AT, chunk_size: int = 10_000,
) -> Batch:  # fmt: skip
    """A list in state ``paying``: staged, claimed, reserved, signed by drafter, approver and payer."""
    programme = programme or make_programme(city, at=at)
    cycle = make_cycle(programme)
    drafter, approver, payer = (make_official(city, role) for role in (Role.DRAFTER, Role.APPROVER, Role.PAYER))
    total = sum(amounts.values())
    batch = Batch.objects.create(
        municipality=city.municipality, cycle=cycle, uploaded_by=drafter, uploaded_at=at, file_name="명단.csv",
        file_key=f"test/{uuid7()}", file_size=1, file_sha256=uuid7().hex * 2, attempt=1,
    )  # fmt: skip
    _move(batch, BatchState.READING)
    wallets = {wallet.citizen_id: wallet.pk for wallet in Wallet.objects.filter(citizen__in=amounts)}
    rows = [
        BatchRow(
            municipality=city.municipality, batch_id=batch.pk, row_number=number, name=citizen.name,
            birth_date=citizen.birth_date, phone=citizen.phone, dong=city.dong.name, amount=amount,
            citizen_id=citizen.pk, wallet_id=wallets[citizen.pk],
        )
        for number, (citizen, amount) in enumerate(amounts.items(), start=2)
    ]  # fmt: skip
    BatchRow.objects.bulk_create(rows)
    for state in (BatchState.VALIDATING, BatchState.VALIDATED, BatchState.SUBMITTING):
        _move(batch, state)
    Entitlement.objects.bulk_create(
        Entitlement(
            id=uuid7(), municipality=city.municipality, cycle_id=cycle.pk, citizen_id=row.citizen_id,
            wallet_id=row.wallet_id, batch_id=batch.pk, row_number=row.row_number, amount=row.amount,
        )
        for row in rows
    )  # fmt: skip
    batch.terms = {
        "currency_id": str(city.currency.pk), "validity_days": validity_days,
        "usage_rule_id": str(usage_rule) if usage_rule else None, "chunk_rows": chunk_size,
    }  # fmt: skip
    batch.rows_total, batch.amount_total = len(rows), total
    batch.save()
    batch.digest = ledger.call("approvals.digest", city.code, batch.pk)[0]
    ledger.reserve(municipality=city.code, currency=city.currency.pk, programme=programme.pk, amount=total)
    for state in (BatchState.SUBMITTED, BatchState.APPROVED, BatchState.PAYING):
        _move(batch, state)
    signers = ((Role.DRAFTER, drafter), (Role.APPROVER, approver), (Role.PAYER, payer))
    for position, (role, official) in enumerate(signers):
        ApprovalStep.objects.create(
            municipality=city.municipality, batch=batch, attempt=1, position=position, role=role, title=role.label,
            decision=StepDecision.SIGNED, official=official, decided_at=at, digest=batch.digest,
        )  # fmt: skip
    ledger.call("disbursement.plan", city.code, batch.pk)
    return batch


def _move(batch: Batch, state: BatchState) -> None:
    batch.state = state
    batch.save()
