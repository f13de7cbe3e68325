"""Why a wallet is not opened, or not linked to an app."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.errors import DomainError, NotFound, StateConflict
from vouchers.ledger import errors as _ledger_errors  # noqa: F401  (registers the kernel's codes)
from vouchers.partners import errors as _partner_errors  # noqa: F401  (registers what every request may meet)


class CurrencyUnknown(NotFound):
    """No such currency here, or it is not in operation on that day."""

    code = "currency_unknown"
    message = _("운영 중인 상품권이 아닙니다.")


class CurrencyRequired(DomainError):
    """The municipality has several currencies; the request must name one."""

    code = "currency_required"
    message = _("상품권이 여럿이므로 currency_id를 보내야 합니다.")


class DongUnknown(DomainError):
    """No such 행정동 in this municipality."""

    code = "dong_unknown"
    message = _("이 지방자치단체의 행정동 코드가 아닙니다.")


class GuardianConsentMissing(DomainError):
    """Below the age from which a person joins alone. ``age`` in full years."""

    code = "guardian_consent_missing"
    message = _("만 %(age)s세 미만은 법정대리인의 동의가 있어야 가입할 수 있습니다.")


class WalletOfAnotherApp(StateConflict):
    """The wallet belongs to another app and the CI does not prove that its holder is asking."""

    code = "wallet_of_another_app"
    message = _("다른 앱에서 사용 중인 지갑입니다. 본인인증으로 받은 연계정보(CI)가 같아야 이 앱으로 옮길 수 있습니다.")
