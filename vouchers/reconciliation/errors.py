"""What the reconciliation refuses."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict


class StatementUnreadable(DomainError):
    """A row that is no line of a statement. ``row`` as Excel counts, ``reason`` in words."""

    code = "statement_unreadable"
    message = _("%(row)s행: %(reason)s 은행에서 받은 파일을 고치지 말고 그대로 올리십시오.")


class NoStatementTable(DomainError):
    """No row names the columns of a statement. ``columns`` that were missing."""

    code = "statement_header_missing"
    message = _(
        "거래내역 표를 찾지 못했습니다. 없는 열: %(columns)s. 은행 거래내역 조회 화면에서 내려받은 파일(엑셀 또는 CSV)을 "
        "그대로 올리십시오."
    )


OTHER_DAY: Final = _("거래가 이 날의 것이 아닙니다.")


class StatementEmpty(DomainError):
    """Columns, and nothing below them."""

    code = "statement_empty"
    message = _("거래가 한 건도 없습니다. 거래가 있는 기간으로 조회하여 내려받으십시오.")


class BalanceBroken(DomainError):
    """A balance does not follow from the one before: a line is missing, or somebody changed the file. ``row``."""

    code = "statement_balance_broken"
    message = _(
        "%(row)s행의 잔액이 앞 거래의 잔액과 이어지지 않습니다. 빠지거나 고친 거래가 없는지 확인하고 은행에서 다시 내려받으십시오."
    )


class StatementAhead(DomainError):
    """Lines of days that have not come."""

    code = "statement_ahead"
    message = _("아직 오지 않은 날의 거래가 있습니다. 파일의 거래일을 확인하십시오.")


class StatementAlreadyUploaded(StateConflict):
    """The very same statement is there already."""

    code = "bank_statement_already_uploaded"
    message = _("이미 올린 거래내역입니다.")


class CurrencyNotNamed(DomainError):
    """Which currency is meant is not clear, or there is no such currency."""

    code = "currency_not_named"
    message = _("어느 상품권의 계좌인지 알 수 없습니다. currency_id를 이 지자체의 상품권으로 보내십시오.")


class MatchSumDiffers(DomainError):
    """The movements that were chosen do not add up to the line. ``line`` and ``chosen`` in won."""

    code = "match_sum_differs"
    message = _("고른 원장 이동의 합계 %(chosen)s원이 은행 거래 %(line)s원과 다릅니다.")


class MatchConflict(StateConflict):
    """One of both sides is matched already."""

    code = "match_conflict"
    message = _("이미 연결된 거래입니다. 화면을 다시 열어 확인하십시오.")


class LineNotCovered(DomainError):
    """The line is more than what the chosen top-ups and the rest of earlier ones come to. ``line``, ``covered`` in won."""

    code = "line_not_covered"
    message = _(
        "은행 거래 %(line)s원 가운데 충전 입금으로 설명되는 금액은 %(covered)s원입니다. 충전을 더 고르거나, 다른 거래인지 확인하십시오."
    )

    def __str__(self) -> str:
        return str(self.message) % {name: f"{value:,}" for name, value in self.params.items()}


class ReceivingChanged(StateConflict):
    """The top-ups that a line was to be are no longer those that were shown."""

    code = "receiving_changed"
    message = _("그사이 다른 은행 거래가 같은 충전의 입금으로 반영되었습니다. 다시 고르고 확인하십시오.")


class LineReceived(StateConflict):
    """The line was posted as the deposit of top-ups, which nothing takes back."""

    code = "bank_line_received"
    message = _(
        "충전 입금으로 확인하여 원장에 반영한 거래는 연결을 해제할 수 없습니다. 잘못되었으면 그날의 차이에 설명을 남기십시오."
    )


class NothingToExplain(StateConflict):
    """A day that has no statement or no difference."""

    code = "nothing_to_explain"
    message = _("설명할 차이가 없습니다.")


class ExplanationMissing(DomainError):
    """A signature without words."""

    code = "explanation_missing"
    message = _("차이가 난 이유와 조치할 내용을 적어야 합니다.")


class DifferenceChanged(StateConflict):
    """The difference is not the one that was shown when somebody signed."""

    code = "difference_changed"
    message = _("그사이 차이 금액이 바뀌었습니다. 다시 확인하고 서명하십시오.")


class TransactionsStillRunning(DomainError):
    """Postings from before the fence have not ended; the job tries again."""

    code = "transactions_still_running"
    message = _("마감 전에 시작한 처리가 아직 끝나지 않았습니다. 잠시 뒤 자동으로 다시 합니다.")
    status = 503


register(
    bank_statement_once=StatementAlreadyUploaded, bank_match_once=MatchConflict, match_conflict=MatchConflict,
    line_not_covered=LineNotCovered,
)  # fmt: skip
