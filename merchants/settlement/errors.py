"""What keeps a business day from being closed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import StateConflict


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


register(day_out_of_order=DayOutOfOrder)
