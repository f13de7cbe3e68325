"""What the kernel refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import NO_PARTITION, register
from vouchers.common.errors import DomainError, NotFound, StateConflict


class AmountNotPositive(DomainError):
    """Money moves in whole, positive won."""

    code = "amount_not_positive"
    message = _("금액은 1원 이상의 정수여야 합니다.")


class InsufficientFunds(DomainError):
    """The lots that this shop may take do not hold enough. ``available`` is what they hold, in won."""

    code = "insufficient_funds"
    message = _("잔액이 부족합니다. 이 가맹점에서 사용할 수 있는 금액은 %(available)s원입니다.")


class PaymentLimitExceeded(DomainError):
    """More than the currency's limit for one payment on that day. ``limit`` in won."""

    code = "payment_limit_exceeded"
    message = _("1회 결제 한도 %(limit)s원을 넘었습니다.")


class BudgetExceeded(DomainError):
    """The programme's budget does not cover the whole amount. ``available`` and ``needed`` in won."""

    code = "budget_exceeded"
    message = _("사업 예산이 부족합니다. 집행 가능액은 %(available)s원이고 필요한 금액은 %(needed)s원입니다.")


class BudgetLineExceeded(BudgetExceeded):
    """The budget line has less left than is wanted of it. ``available`` and ``needed`` in won."""

    code = "budget_line_exceeded"
    message = _("예산 과목의 잔액이 부족합니다. 남은 금액은 %(available)s원이고 필요한 금액은 %(needed)s원입니다.")


class RefundExceedsPayment(DomainError):
    """More than is left of the payment, which may be nothing. ``refundable`` in won."""

    code = "refund_exceeds_payment"
    message = _("취소할 수 있는 금액을 넘었습니다. 남은 취소 가능액은 %(refundable)s원입니다.")


class BenefitFundShort(DomainError):
    """A fund that bears a benefit has less left than it would add. ``available`` and ``needed`` in won."""

    code = "benefit_fund_short"
    message = _("혜택 재원이 부족합니다. 남은 금액은 %(available)s원이고 필요한 금액은 %(needed)s원입니다.")


class LotNotRefundable(DomainError):
    """The money is not there as it was bought: some of it was used, or it was never bought."""

    code = "lot_not_refundable"
    message = _("이미 사용했거나 환불할 수 없는 금액입니다.")


class RefundPayableShort(DomainError):
    """More would be paid by the bank than is owed to citizens. ``available`` and ``needed`` in won."""

    code = "refund_payable_short"
    message = _("지급을 기다리는 환불금은 %(available)s원이고 지급하려는 금액은 %(needed)s원입니다.")


class SettledShort(DomainError):
    """More would be paid out to a shop than it has settled. ``available`` and ``needed`` in won."""

    code = "settled_short"
    message = _("가맹점의 정산금은 %(available)s원이고 이체하려는 금액은 %(needed)s원입니다.")


class TransitShort(DomainError):
    """The bank would answer for more than is on its way to shops. ``available`` and ``needed`` in won."""

    code = "transit_short"
    message = _("이체 처리 중인 금액은 %(available)s원이고 반영하려는 금액은 %(needed)s원입니다.")


class DepositShort(DomainError):
    """More would be received at the bank than top-ups have reported. ``available`` and ``needed`` in won."""

    code = "deposit_short"
    message = _("입금 확인을 기다리는 충전금은 %(available)s원이고 확인하려는 금액은 %(needed)s원입니다.")


class RefundBelowDiscount(DomainError):
    """One won of the price that the shop's discount bears: there is no money to give back for it alone."""

    code = "refund_below_discount"
    message = _("가맹점 할인분만 취소할 수는 없습니다. 2원 이상을 취소하십시오.")


class WalletUnknown(NotFound):
    """No such wallet in this municipality and currency, or it belongs to another partner's app."""

    code = "wallet_unknown"
    message = _("지갑을 찾을 수 없습니다.")


class PartnerUnknown(NotFound):
    """No such partner in this municipality."""

    code = "partner_unknown"
    message = _("연계기관을 찾을 수 없습니다.")


class WalletNotActive(DomainError):
    """The wallet is frozen or closed."""

    code = "wallet_not_active"
    message = _("사용이 정지되었거나 해지된 지갑입니다.")


class PaymentUnknown(NotFound):
    """No such payment of this partner."""

    code = "payment_unknown"
    message = _("결제를 찾을 수 없습니다.")


class MerchantNotActive(DomainError):
    """The shop is not, or not any more, registered for this currency."""

    code = "merchant_not_active"
    message = _("현재 이 상품권을 받을 수 없는 가맹점입니다.")


class AccountUnknown(NotFound):
    """The ledger account was never opened."""

    code = "account_unknown"
    message = _("원장 계정이 없습니다.")


class JournalConflict(StateConflict):
    """The same event id came with other parameters."""

    code = "journal_conflict"
    message = _("같은 전표번호로 다른 내용이 요청되었습니다.")


class OperatingShort(DomainError):
    """The operating account has less than an adjustment needs. ``available`` and ``needed`` in won."""

    code = "operating_short"
    message = _(
        "수수료·조정금 계정의 잔액이 %(available)s원이어서 %(needed)s원을 쓸 수 없습니다. 먼저 가맹점을 비운 조정으로 예산을 넣으십시오."
    )


class LedgerIsImmutable(StateConflict):
    """Something tried to change what has been posted."""

    code = "ledger_is_immutable"
    message = _("원장에 기록된 내용은 바꿀 수 없습니다.")


class OutOfScope(NotFound):
    """The municipality is not in the caller's scope."""

    code = "out_of_scope"


class DayNotFenced(StateConflict):
    """The day must be fenced before it is closed."""

    code = "day_not_fenced"
    message = _("아직 끝나지 않은 영업일은 마감할 수 없습니다.")


class TimeOutOfRange(DomainError):
    """The event's time lies more than a day before the first open business day, or its id does not fit its time."""

    code = "time_out_of_range"
    message = _("이미 마감된 영업일의 거래입니다. 거래 일시를 확인하십시오.")


class MonthNotPrepared(DomainError):
    """No partition exists for the event's month: it lies years away, or the periodic job has not run for a year."""

    code = "ledger_month_not_prepared"
    status = 503
    message = _("해당 월의 원장이 준비되지 않았습니다. 거래 일시를 확인하고, 계속되면 시스템 관리자에게 알리십시오.")


class LedgerDiffers(DomainError):
    """An invariant does not hold. ``invariants`` are their names: the files in ``sql/audit``."""

    code = "ledger_differs"
    status = 500
    message = _("%(municipality)s 원장에 차이가 있습니다: %(invariants)s")


class IsolationNotReadCommitted(DomainError):
    """The kernel was called under another isolation level, where the day close would not be exact."""

    code = "isolation_not_read_committed"
    status = 500


register(**{
    error.code: error
    for error in (
        AccountUnknown, AmountNotPositive, BenefitFundShort, BudgetExceeded, BudgetLineExceeded, DayNotFenced, DepositShort,
        InsufficientFunds, IsolationNotReadCommitted, JournalConflict, LedgerIsImmutable, LotNotRefundable, OperatingShort,
        MerchantNotActive, OutOfScope, PartnerUnknown, PaymentLimitExceeded, PaymentUnknown,
        RefundBelowDiscount, RefundExceedsPayment,
        RefundPayableShort, SettledShort, TimeOutOfRange, TransitShort, WalletNotActive, WalletUnknown,
    )
}, **{NO_PARTITION: MonthNotPrepared}, amount_positive=AmountNotPositive, vouchers_payment_pkey=JournalConflict,
    vouchers_transfer_pkey=JournalConflict)  # fmt: skip
