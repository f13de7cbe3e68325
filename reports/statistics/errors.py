"""Why a report is not issued or not opened."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.errors import DomainError, StateConflict


class PeriodNotClosed(StateConflict):
    """Money may still come to a day of the period. ``day`` is the first one that is open."""

    code = "period_not_closed"
    message = _(
        "%(day)s 영업일이 아직 마감되지 않아 발급할 수 없습니다. 끝 월을 지난달로 하거나 일 마감 뒤에 발급하십시오."
    )


class PeriodNotSummed(StateConflict):
    """A closed day of the period waits for its final sums, which a job makes within minutes."""

    code = "period_not_summed"
    message = _("마감한 날의 합계를 확정하는 중입니다. 몇 분 뒤에 다시 발급하십시오.")


class ReportNotReady(StateConflict):
    """It is still being made, or could not be."""

    code = "report_not_ready"
    message = _("보고서를 아직 만들고 있거나 만들지 못했습니다.")


class ReportDiffersFromLedger(StateConflict):
    """What the report says is not what the reconciliation of the day has. Never issued; somebody must look at the ledger."""

    code = "report_differs_from_ledger"
    message = _("보고서 합계와 원장 일계가 일치하지 않아 발급할 수 없습니다. 감사 담당자에게 알리십시오.")


class ReplacesAnother(DomainError):
    """A reissue is of the same report of the same period."""

    code = "report_replaces_another"
    message = _("같은 보고서, 같은 기간, 같은 조건의 문서만 재발급할 수 있습니다.")
