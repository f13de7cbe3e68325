"""What the register of shops refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict


class BenefitsOverlap(StateConflict):
    """A shop has one 혜택+ agreement on any day."""

    code = "merchant_benefits_overlap"
    message = _("이 가맹점에는 같은 기간의 혜택+ 협약이 이미 있습니다.")


class BenefitRateOutside(DomainError):
    """The rate of a new 혜택+ agreement is not one that the municipality's terms allow on its first day."""

    code = "merchant_benefit_rate_outside"
    message = _("할인율이 시작일의 결제 운영 기준에서 정한 범위를 벗어났습니다.")


register(merchant_benefit_rate_within_terms=BenefitRateOutside, merchant_benefit_once_a_day=BenefitsOverlap)
