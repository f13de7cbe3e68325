"""Why a paper is not printed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.errors import DomainError, StateConflict


class StatementDiffersFromLedger(StateConflict):
    """The transfers behind a settlement line do not add up to it. Never printed; somebody must look at the ledger."""

    code = "statement_differs_from_ledger"
    message = _("정산내역과 원장 기록이 일치하지 않아 출력할 수 없습니다. 감사 담당자에게 알리십시오.")


class NoRegisterYet(StateConflict):
    """A register is of what was submitted: a draft, or a list that came back, has none."""

    code = "no_register_yet"
    message = _("상신한 명단만 지급 조서를 출력할 수 있습니다.")


class PaperNotReady(StateConflict):
    """It is still being made, or could not be."""

    code = "paper_not_ready"
    message = _("조서를 아직 만들고 있거나 만들지 못했습니다.")


class PlainNeedsReason(DomainError):
    """Names in full only for those who may see citizens and say why."""

    code = "plain_needs_reason"
    message = _("성명과 생년월일을 가리지 않고 출력하려면 사유를 5자 이상 입력하십시오.")


class DecisionTooLong(DomainError):
    """A decision on paper names so many people at most. ``limit``."""

    code = "decision_too_long"
    message = _("환수 결정 조서는 %(limit)s명까지 출력합니다. 더 많으면 명단 파일을 붙임으로 쓰십시오.")


class NoNotice(DomainError):
    """No case of these waits for an answer."""

    code = "no_notice"
    message = _("출력할 사전통지서가 없습니다.")


class TooManyNotices(DomainError):
    """One print holds so many letters at most. ``limit``."""

    code = "too_many_notices"
    message = _("사전통지서는 한 번에 %(limit)s장까지 출력합니다.")
