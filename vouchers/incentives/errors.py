"""What the rules of benefits refuse."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict


class FundNameTaken(DomainError):
    """The currency has a fund of that name."""

    code = "benefit_fund_name_taken"
    message = _("같은 상품권에 이름이 같은 혜택 재원이 있습니다.")


class FundEntryRepeated(StateConflict):
    """That entry has been made before with other values."""

    code = "fund_entry_repeated"
    message = _("같은 화면에서 이미 처리한 건입니다. 혜택 재원의 변동 내역을 확인하십시오.")


class FundEntryEmpty(DomainError):
    """An entry moves money and says why."""

    code = "fund_entry_empty"
    message = _("0원이 아닌 금액과 사유를 입력하십시오.")


class FundEntryNotPosted(StateConflict):
    """The database found no movement of money behind the entry."""

    code = "fund_entry_not_posted"
    message = _("원장에 기록되지 않은 재원 변동입니다. 처리하지 않았습니다.")


class PolicyNameTaken(DomainError):
    """The currency has a policy of that name."""

    code = "benefit_policy_name_taken"
    message = _("같은 상품권에 이름이 같은 혜택 정책이 있습니다.")


class TermsPublished(StateConflict):
    """What has been published is never changed."""

    code = "benefit_terms_published"
    message = _("공포한 정책 내용은 바꿀 수 없습니다. 새 내용을 작성해 공포하면 시행일부터 바뀝니다.")


class TermsOfThatDayExist(StateConflict):
    """Two published versions cannot begin on one day."""

    code = "benefit_terms_once_a_day"
    message = _("같은 시행일에 공포한 내용이 이미 있습니다. 시행일을 바꾸십시오.")


class PublisherIsAuthor(DomainError):
    """Whoever wrote the terms does not publish them."""

    code = "benefit_terms_published_by_another"
    message = _("작성한 사람은 공포할 수 없습니다. 다른 결재권자가 공포해야 합니다.")


class TermsTooLate(DomainError):
    """Terms begin today or later: payments of the past have been reckoned already."""

    code = "benefit_terms_too_late"
    message = _("시행일이 지났습니다. 시행일을 오늘 이후로 바꾼 뒤 공포하십시오.")


class TermsUnsound(DomainError):
    """Amounts, bands, thresholds or funds of the terms contradict each other; the form says which."""

    code = "benefit_terms_unsound"
    message = _("정책 내용을 확인하십시오. 금액은 1원 이상이고 구간의 위쪽 끝은 아래쪽 끝보다 커야 합니다.")


class TermsWithoutTier(DomainError):
    """Terms without any tier would give nothing; whoever wants that stops the policy."""

    code = "benefit_terms_without_tier"
    message = _("혜택 구간이 하나도 없습니다. 구간을 추가한 뒤 공포하십시오.")


class FundElsewhere(DomainError):
    """A policy is paid from funds of its own currency."""

    code = "benefit_fund_elsewhere"
    message = _("이 상품권의 재원만 고를 수 있습니다.")


class PolicyHalted(StateConflict):
    """The policy is stopped already."""

    code = "benefit_policy_halted"
    message = _("이미 중지한 정책입니다.")


class PolicyRuns(StateConflict):
    """Nothing is stopped that could be restarted."""

    code = "benefit_policy_runs"
    message = _("중지되어 있지 않은 정책입니다.")


class BudgetUsedUp(StateConflict):
    """A restart needs budget that is left."""

    code = "benefit_budget_used_up"
    message = _("남은 예산이 없어 재개할 수 없습니다. 예산을 늘린 정책 내용을 먼저 공포하십시오.")


class ReasonMissing(DomainError):
    """Whoever stops or restarts a policy says why."""

    code = "benefit_reason_missing"
    message = _("사유를 입력하십시오.")


class TrialOfPaymentsOnly(DomainError):
    """Only what payments earn can be replayed."""

    code = "benefit_trial_of_payments_only"
    message = _("모의 적용은 결제에 주는 캐시백 정책에만 할 수 있습니다.")


register(
    benefit_fund_name_once=FundNameTaken,
    fund_entry_posted_once=FundEntryRepeated,
    fund_entry_moves_money=FundEntryEmpty,
    fund_entry_not_posted=FundEntryNotPosted,
    benefit_policy_name_once=PolicyNameTaken,
    benefit_terms_published=TermsPublished,
    benefit_terms_once_a_day=TermsOfThatDayExist,
    benefit_terms_published_by_another=PublisherIsAuthor,
    benefit_terms_spend_cap_positive=TermsUnsound,
    benefit_terms_cap_positive=TermsUnsound,
    benefit_terms_budget_positive=TermsUnsound,
    benefit_tier_rate_sound=TermsUnsound,
    benefit_tier_band_sound=TermsUnsound,
    benefit_tier_sales_sound=TermsUnsound,
    benefit_halted_once=PolicyHalted,
    benefit_trial_of_payments_only=TrialOfPaymentsOnly,
    benefit_policy_runs=PolicyRuns,
    benefit_budget_used_up=BudgetUsedUp,
)
