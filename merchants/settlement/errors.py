"""What keeps a business day from being closed, and a shop from being settled on demand."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, NotFound, NotPermitted, StateConflict
from vouchers.wallets.errors import CurrencyUnknown


class DayNotEnded(StateConflict):
    """The business day is not over in Seoul; ``day`` is the day that was asked for."""

    code = "day_not_ended"
    message = _("%(day)s 영업일이 아직 끝나지 않아 마감할 수 없습니다.")


class DayOutOfOrder(StateConflict):
    """Days close one after the other, because each carries in what the one before carried out. ``next`` is due."""

    code = "day_out_of_order"
    message = _("영업일은 순서대로 마감합니다. 다음에 마감할 날은 %(next)s입니다.")


class PaymentsStillRunning(StateConflict):
    """Transactions that may have counted money for the day have not ended; the day is fenced, so try again."""

    code = "payments_still_running"
    message = _("마감 전에 시작된 거래가 아직 처리 중입니다. 잠시 후 다시 마감하십시오.")


class ExchangeNotOffered(DomainError):
    """No table of limits of the currency is in force for this shop."""

    code = "exchange_not_offered"
    message = _("이 상품권은 수시 환전을 하지 않습니다. 환전 한도를 먼저 등록해야 합니다.")


class ExchangeExceedsPending(DomainError):
    """The shop has less of days not yet closed. ``available``: what it could exchange."""

    code = "exchange_exceeds_pending"
    message = _("환전할 수 있는 금액은 %(available)s원입니다.")


class ExchangeLimitExceeded(DomainError):
    """``available``: what the month's limit leaves."""

    code = "exchange_limit_exceeded"
    message = _("이번 달 환전 한도가 %(available)s원 남았습니다.")


class PayoutHeld(DomainError):
    """An officer holds back what the shop is owed."""

    code = "payout_held"
    message = _("지급보류 중인 가맹점입니다. 담당 공무원에게 문의하십시오.")


class AlreadyDecided(StateConflict):
    """Somebody has approved or rejected it."""

    code = "already_decided"
    message = _("이미 승인하거나 반려한 건입니다.")


class OwnRequest(NotPermitted):
    """Whoever asks for something does not approve it."""

    code = "own_request"
    message = _("요청한 사람은 승인하거나 반려할 수 없습니다. 다른 담당자가 처리해야 합니다.")


class ExchangeUnknown(NotFound):
    """No such exchange of this shop, or the shop belongs to another app."""

    code = "exchange_unknown"
    message = _("환전 내역을 찾을 수 없습니다.")


class HoldReleased(StateConflict):
    """Somebody has released it."""

    code = "hold_released"
    message = _("이미 해제한 지급보류입니다.")


class FeeTooEarly(DomainError):
    """What shops have sold keeps the fee under which it was sold: a table begins after the day on which it is approved."""

    code = "fee_too_early"
    message = _("수수료율표의 시행일은 오늘보다 늦어야 합니다. 이미 판매한 금액의 수수료는 바꿀 수 없습니다.")


class MonthNotOver(StateConflict):
    """The agent may still sell in that month."""

    code = "month_not_over"
    message = _("아직 끝나지 않은 달은 정산할 수 없습니다.")


class AgreementNotInForce(DomainError):
    """The agreement does not reach into that month."""

    code = "agreement_not_in_force"
    message = _("그 달에는 판매대행 협약이 없습니다. 판매대행점의 협약 기간을 확인하십시오.")


class AgentFeeUnknown(DomainError):
    """No fees of the agent are in force in that month."""

    code = "agent_fee_unknown"
    message = _("그 달에 적용할 판매대행 수수료가 없습니다. 판매대행점 화면에서 수수료를 먼저 등록하십시오.")


register(
    already_decided=AlreadyDecided,
    day_out_of_order=DayOutOfOrder,
    exchange_not_offered=ExchangeNotOffered,
    exchange_exceeds_pending=ExchangeExceedsPending,
    exchange_limit_exceeded=ExchangeLimitExceeded,
    payout_held=PayoutHeld,
    currency_unknown=CurrencyUnknown,
)
