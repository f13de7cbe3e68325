"""What top-ups and refunds refuse. Whatever refuses a deposit, the bank gives its money back to the buyer."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, NotFound, StateConflict
from vouchers.ledger import errors as _ledger_errors  # noqa: F401  (registers the kernel's codes)
from vouchers.partners import errors as _partner_errors  # noqa: F401  (registers what every request may meet)


class PurchaseNotOpen(DomainError):
    """The currency has no purchase limits for this kind of buyer on that day, so nothing is sold."""

    code = "purchase_not_open"
    message = _("현재 이 상품권은 구매할 수 없습니다.")


class BelowMinimum(DomainError):
    """Less than the smallest purchase. ``limit`` in won."""

    code = "top_up_below_minimum"
    message = _("1회 최소 구매액은 %(limit)s원입니다.")


class NotInUnits(DomainError):
    """Not a multiple of the unit. ``limit`` is the unit, in won."""

    code = "top_up_not_in_units"
    message = _("%(limit)s원 단위로 구매할 수 있습니다.")


class DayLimit(DomainError):
    """More than may be bought in a day, open requests counted. ``limit`` and what is ``available`` of it in won."""

    code = "purchase_limit_day"
    message = _("1일 구매 한도 %(limit)s원을 넘습니다. 남은 한도는 %(available)s원입니다.")


class MonthLimit(DomainError):
    """More than may be bought in a calendar month (Seoul), open requests counted. ``limit`` and ``available`` in won."""

    code = "purchase_limit_month"
    message = _("월 구매 한도 %(limit)s원을 넘습니다. 남은 한도는 %(available)s원입니다.")


class YearLimit(DomainError):
    """More than may be bought in a calendar year (Seoul), open requests counted. ``limit`` and ``available`` in won."""

    code = "purchase_limit_year"
    message = _("연 구매 한도 %(limit)s원을 넘습니다. 남은 한도는 %(available)s원입니다.")


class HoldingLimit(DomainError):
    """The wallet would hold more than it may. ``limit`` and ``available`` in won."""

    code = "holding_limit"
    message = _("보유 한도 %(limit)s원을 넘습니다. 더 보유할 수 있는 금액은 %(available)s원입니다.")


class TopUpUnknown(NotFound):
    """No such top-up of this partner."""

    code = "top_up_unknown"
    message = _("충전을 찾을 수 없습니다.")


class TopUpExpired(StateConflict):
    """The deadline of the deposit has passed."""

    code = "top_up_expired"
    message = _("입금 기한이 지난 충전입니다. 입금액을 구매자에게 돌려주십시오.")


class TopUpCancelled(StateConflict):
    """It has been cancelled."""

    code = "top_up_cancelled"
    message = _("취소된 충전입니다.")


class TopUpCompleted(StateConflict):
    """Another deposit has completed it already."""

    code = "top_up_completed"
    message = _("다른 입금으로 이미 완료된 충전입니다. 입금액을 구매자에게 돌려주십시오.")


class TopUpUsed(StateConflict):
    """Some of it was spent or given away, so it cannot be taken back as a whole."""

    code = "top_up_used"
    message = _("이미 사용한 충전은 취소할 수 없습니다. 사용률을 채우면 잔액을 환불받을 수 있습니다.")


class WithdrawalPeriodOver(DomainError):
    """The withdrawal period of ``days`` has ended."""

    code = "withdrawal_period_over"
    message = _("청약철회 기간 %(days)s일이 지났습니다.")


class DepositDiffers(DomainError):
    """Another amount was deposited than was asked for. ``amount`` in won."""

    code = "deposit_differs"
    message = _("입금액이 결제할 금액 %(amount)s원과 다릅니다. 입금액을 구매자에게 돌려주십시오.")


class DepositUsed(StateConflict):
    """The bank's reference stands at another top-up."""

    code = "deposit_reference_used"
    message = _("다른 충전에 이미 사용한 은행 거래번호입니다.")


class RefundAccountMissing(DomainError):
    """Neither the request nor the member's data name an account for the refund."""

    code = "refund_account_missing"
    message = _("환불받을 계좌가 없습니다. 은행, 계좌번호, 예금주를 보내십시오.")


class RefundTooEarly(DomainError):
    """Nothing was used enough yet. After ``needed`` won more there is something to refund."""

    code = "refund_too_early"
    message = _("환불 기준 사용률에 이르지 않았습니다. %(needed)s원을 더 사용하면 잔액을 환불받을 수 있습니다.")


class NothingToRefund(DomainError):
    """The wallet holds no bought money that could be refunded. Granted money, benefits and gifts never are."""

    code = "nothing_to_refund"
    message = _("환불할 수 있는 구매금이 없습니다. 정책수당과 혜택, 선물받은 금액은 환불되지 않습니다.")


class RefundUnknown(NotFound):
    """No such refund of this partner."""

    code = "refund_unknown"
    message = _("환불을 찾을 수 없습니다.")


class NoRefundWaits(StateConflict):
    """Somebody else was faster, or nothing waits to be paid."""

    code = "no_refund_waits"
    message = _("지급을 기다리는 환불이 없습니다. 화면을 새로 고치십시오.")


class RefundNotInFile(StateConflict):
    """It stands in no bank file that is still open."""

    code = "refund_not_in_file"
    message = _("지급 확인을 기다리는 환불이 아닙니다.")


class AutoTopUpUnknown(NotFound):
    """The wallet has no automatic rule."""

    code = "auto_top_up_unknown"
    message = _("자동충전을 설정하지 않은 지갑입니다.")


class AutoTopUpChanged(StateConflict):
    """Another request has set the wallet's rule at the same moment."""

    code = "auto_top_up_changed"
    message = _("다른 요청이 자동충전을 먼저 설정했습니다. 현재 설정을 확인하십시오.")


class AutoTopUpStopped(StateConflict):
    """Somebody has ended the rule already."""

    code = "auto_top_up_stopped"
    message = _("이미 해지된 자동충전입니다.")


_ERRORS: tuple[type[DomainError], ...] = (
    PurchaseNotOpen, BelowMinimum, NotInUnits, DayLimit, MonthLimit, YearLimit, HoldingLimit, TopUpUnknown, TopUpExpired,
    TopUpCancelled, TopUpCompleted, TopUpUsed, WithdrawalPeriodOver, DepositDiffers, RefundAccountMissing, RefundTooEarly,
    NothingToRefund, NoRefundWaits, RefundNotInFile,
)  # fmt: skip
_NAMES: dict[str, Any] = {error.code: error for error in _ERRORS}
register(**_NAMES, topup_deposit_once=DepositUsed, auto_top_up_once_a_wallet=AutoTopUpChanged)
