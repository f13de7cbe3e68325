"""Why a person cannot become, or be recognised as, a member."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict


class CitizenDeceased(DomainError):
    """The record says that the person has died."""

    code = "citizen_deceased"
    message = _("사망 처리된 시민입니다. 사실과 다르면 지방자치단체에 문의하십시오.")


class CitizenMovedOut(DomainError):
    """The record says that the person has moved away; a wallet from before stays theirs, a new one is not opened."""

    code = "citizen_moved_out"
    message = _("전출 처리된 시민은 새로 가입할 수 없습니다. 다시 전입했으면 지방자치단체에 문의하십시오.")


class IdentityConflict(StateConflict):
    """CI, name, birth date and phone point to different records, or CI and birth date contradict each other."""

    code = "identity_conflict"
    message = _("이미 등록된 정보와 본인인증 결과가 다릅니다. 지방자치단체에 확인을 요청하십시오.")


class CitizenBusy(StateConflict):
    """Somebody else has registered the same person at this very moment."""

    code = "citizen_busy"
    message = _("같은 시민의 등록이 진행되고 있습니다. 잠시 뒤에 같은 요청을 다시 보내십시오.")


register(citizen_identity_once=CitizenBusy, citizen_ci_once=CitizenBusy)
