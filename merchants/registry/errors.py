"""What the register of shops refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import StateConflict


class BenefitsOverlap(StateConflict):
    """A shop has one 혜택+ agreement on any day."""

    code = "merchant_benefits_overlap"
    message = _("이 가맹점에는 같은 기간의 혜택+ 협약이 이미 있습니다.")


register(merchant_benefit_once_a_day=BenefitsOverlap)
