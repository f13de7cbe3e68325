"""Why statements are not printed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.errors import DomainError, StateConflict


class MonthNotClosed(StateConflict):
    """Money may still come to the month."""

    code = "month_not_closed"
    message = _("아직 마감하지 않은 달입니다. 말일의 일 마감이 끝난 뒤에 만드십시오.")


class NoStatementsThere(DomainError):
    """No shop of the 읍면동, or of all, was settled in that month."""

    code = "no_statements_there"
    message = _("그 달에 정산한 가맹점이 없습니다.")


class StatementNotThere(StateConflict):
    """Not made yet, or it could not be."""

    code = "statement_not_there"
    message = _("그 정산내역서는 아직 없습니다.")


class StatementNotMade(DomainError):
    """A shop's statement could not be laid out."""

    code = "statement_not_made"
    message = _("정산내역서를 만들지 못했습니다. 상호와 계좌를 확인한 뒤 다시 만드십시오.")
