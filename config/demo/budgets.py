"""The demo cities' budgets: lines with every kind of share and change, so that 예산 집행 현황 has something to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from allowances.budgets import services as budgets
from allowances.budgets.models import BudgetLine, EntryKind
from allowances.catalogue.models import AllowanceType
from allowances.programmes import services as programmes
from vouchers.common.seoul import business_date

if TYPE_CHECKING:
    from config.demo.seed import City

EOK = 100_000_000
"""억: the unit in which budgets are spoken of."""


@dataclass(frozen=True)
class _Line:
    name: str
    department: str
    code: str
    field: str
    detail: str
    shares: tuple[int, int]
    entries: tuple[tuple[EntryKind, int, str], ...]


_LINES = (
    _Line("청년기본소득", "청년정책과", "301-01-01", "080 사회복지", "03 청년기본소득 지급", (0, 70), (
        (EntryKind.ORIGINAL, 18 * EOK, "본예산"), (EntryKind.INCREASE, 4 * EOK, "제1회 추가경정예산(대상자 증가)"),
    )),
    _Line("출산지원금", "여성가족과", "301-01-02", "080 사회복지", "01 출산 장려", (60, 20), (
        (EntryKind.ORIGINAL, 9 * EOK, "본예산"), (EntryKind.CARRIED_NAMED, 60_000_000, "전년도 미집행액 명시이월"),
    )),
    _Line("농민기본소득", "농업정책과", "301-01-03", "100 농림해양수산", "02 농민기본소득 지급", (0, 50), (
        (EntryKind.ORIGINAL, 6 * EOK, "본예산"),
    )),
    _Line("어르신 목욕·이미용비", "노인복지과", "301-01-04", "080 사회복지", "05 어르신 위생 지원", (0, 0), (
        (EntryKind.ORIGINAL, 3 * EOK, "본예산"),
    )),
    _Line("전입축하금", "인구정책과", "301-12-01", "010 일반공공행정", "01 인구 유입 지원", (0, 0), (
        (EntryKind.ORIGINAL, 150_000_000, "본예산"), (EntryKind.DECREASE, 30_000_000, "제1회 추가경정예산(신청 감소)"),
    )),
)  # fmt: skip
_ALLOTTED = (("어르신 목욕·이미용비", "ELD-001", 2 * EOK), ("전입축하금", "MOV-001", 1 * EOK))
"""(line, type, won) of programmes that have got their money and paid nothing yet."""


def make_budget(city: City, *, drafter: dict[str, Any], budget: dict[str, Any], at: datetime) -> dict[str, BudgetLine]:
    """The lines by name, with their entries, a transfer between two of them, and two programmes that wait for lists."""
    made = {line.name: _make_line(city, line, budget, at) for line in _LINES}
    giver, getter = made["농민기본소득"], made["어르신 목욕·이미용비"]
    budgets.record(
        line=giver, kind=EntryKind.TRANSFER_OUT, split=giver.shares.of(50_000_000), counterpart=getter,
        reason="어르신 위생 지원 대상 확대", document_number="예산법무과-1873", at=at, **budget,
    )  # fmt: skip
    for name, code, amount in _ALLOTTED:
        kind = AllowanceType.objects.get(code=code)
        programme = programmes.create_programme(
            municipality=city.municipality, type=kind, currency=city.currency, budget_line=made[name], name=name,
            fiscal_year=made[name].fiscal_year, department=made[name].department, is_not_wage=True, at=at,
            legal_basis=f"{city.municipality.name} {name} 지원 조례 제4조", **drafter,
        )  # fmt: skip
        programmes.allot_budget(programme=programme, amount=amount, at=at, reason="연간 집행 계획", **budget)
    return made


def _make_line(city: City, line: _Line, budget: dict[str, Any], at: datetime) -> BudgetLine:
    national, province = line.shares
    made = budgets.save_line(
        line=BudgetLine(
            municipality=city.municipality, currency=city.currency, fiscal_year=business_date(at).year,
            department=line.department, code=line.code, name=line.name, account="100 일반회계", field=line.field,
            detail=line.detail, item="301 일반보전금", statistic="01 사회보장적수혜금", national_percent=Decimal(national),
            province_percent=Decimal(province),
        ),
        **budget,
    )  # fmt: skip
    for kind, amount, reason in line.entries:
        budgets.record(
            line=made, kind=kind, split=made.shares.of(amount), reason=reason, document_number="예산법무과-118", at=at,
            **budget,
        )  # fmt: skip
    return made
