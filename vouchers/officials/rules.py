"""Which role may do what. Roles are dated assignments at a municipality; this table is their only meaning."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What an official does at a municipality."""

    DRAFTER = "drafter", _("기안자")
    REVIEWER = "reviewer", _("검토자")
    BUDGET = "budget", _("예산 협조자")
    APPROVER = "approver", _("결재권자")
    PAYER = "payer", _("지급 담당자")
    MERCHANT_OFFICER = "merchant_officer", _("가맹점 담당자")
    SETTLEMENT_OFFICER = "settlement_officer", _("정산 담당자")
    AUDITOR = "auditor", _("감사 담당자")
    ADMINISTRATOR = "administrator", _("기관 관리자")


_READ_ALLOWANCES = frozenset({"allowances.view"})
_READ_CITIZENS = frozenset({"citizens.view"})
_READ_SHOPS = frozenset({"merchants.view"})
_READ_MONEY = frozenset({"payments.view", "settlement.view", "benefits.view"})
_READ_REPORTS = frozenset({"reports.view"})

PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    Role.DRAFTER: _READ_ALLOWANCES
    | _READ_CITIZENS
    | _READ_REPORTS
    | {
        "programmes.edit",
        "batches.edit",
        "benefits.view",
        "benefits.edit",
        "points.edit",
        "reports.issue",
        "calendar.edit",
    },
    Role.REVIEWER: _READ_ALLOWANCES | _READ_CITIZENS | _READ_REPORTS,
    Role.BUDGET: _READ_ALLOWANCES
    | _READ_MONEY
    | _READ_REPORTS
    | {"budgets.edit", "programmes.fund", "benefits.fund", "reports.issue"},
    Role.APPROVER: _READ_ALLOWANCES
    | _READ_CITIZENS
    | _READ_SHOPS
    | _READ_MONEY
    | _READ_REPORTS
    | {"benefits.publish", "merchants.approve", "settlement.approve"},
    Role.PAYER: _READ_ALLOWANCES
    | _READ_CITIZENS
    | _READ_MONEY
    | _READ_REPORTS
    | {"batches.pay", "receivables.edit", "topups.refund", "points.pay", "payouts.approve"},
    Role.MERCHANT_OFFICER: _READ_SHOPS | _READ_REPORTS | {"merchants.edit", "reports.issue"},
    Role.SETTLEMENT_OFFICER: _READ_SHOPS
    | _READ_MONEY
    | _READ_REPORTS
    | {
        "settlement.close",
        "settlement.edit",
        "calendar.edit",
        "settlement.exchange",
        "reconciliation.edit",
        "payouts.make",
        "reports.issue",
    },
    Role.AUDITOR: _READ_ALLOWANCES | _READ_CITIZENS | _READ_SHOPS | _READ_MONEY | _READ_REPORTS | {"audit.view"},
    Role.ADMINISTRATOR: _READ_ALLOWANCES
    | _READ_CITIZENS
    | _READ_SHOPS
    | _READ_MONEY
    | _READ_REPORTS
    | {"audit.view", "officials.edit", "settings.edit", "citizens.edit", "partners.edit", "calendar.edit"},
}
"""Role → what it may do: ``<subject>.<verb>``. Signing a step needs the role itself, not a permission."""


def is_active_on(*, valid_from: date, valid_until: date | None, day: date) -> bool:
    """Whether a dated assignment holds on ``day``; both ends are included."""
    return valid_from <= day and (valid_until is None or day <= valid_until)


ACTED_ROLES: Final = frozenset({Role.REVIEWER, Role.BUDGET, Role.APPROVER, Role.PAYER})
"""Roles in which a deputy signs for an absent official (대결). Drafting and setting up are nobody else's."""

ACTING_PERMISSIONS: Final = frozenset({"allowances.view"})
"""What a deputy may do with the roles they act for, beside signing: see what is to be signed."""


INCOMPATIBLE: Final[dict[tuple[str, str], str]] = {
    (Role.DRAFTER, Role.APPROVER): "기안한 사람이 결재할 수 없음",
    (Role.DRAFTER, Role.PAYER): "기안한 사람이 지급할 수 없음",
    (Role.APPROVER, Role.PAYER): "결재한 사람이 지급할 수 없음",
    (Role.ADMINISTRATOR, Role.APPROVER): "권한을 부여하는 사람이 결재할 수 없음",
    (Role.ADMINISTRATOR, Role.PAYER): "권한을 부여하는 사람이 지급할 수 없음",
    (Role.AUDITOR, Role.DRAFTER): "감사 대상 업무를 겸할 수 없음",
    (Role.AUDITOR, Role.APPROVER): "감사 대상 업무를 겸할 수 없음",
    (Role.AUDITOR, Role.PAYER): "감사 대상 업무를 겸할 수 없음",
}
"""The pairs that set-up loads; a municipality's officials read them in the admin."""
