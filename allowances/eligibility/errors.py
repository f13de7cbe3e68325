"""What can be wrong with the rules of a programme."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.errors import DomainError


class RulesInvalid(DomainError):
    """A condition or an amount is not one that can be judged. ``where`` says which, ``why`` what is wrong with it."""

    code = "rules_invalid"
    message = _("지급 기준을 확인하십시오. %(where)s: %(why)s")
