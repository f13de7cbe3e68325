"""The ledger's invariants: one readable SQL file each (``sql/audit/``), run by tests, command and hourly job alike.

Each file returns a figure, which tells that there was something to check, and a difference, which must be 0. All are
set-based and read-only; what they see follows from the connection: an open scope, or as the owner everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.db import connections, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_FOLDER: Final = Path(__file__).parent / "sql" / "audit"
_WON: Final = _("원")
_EVENTS: Final = _("건")


@dataclass(frozen=True)
class Invariant:
    """What must hold. ``name`` is the file's, ``figure`` says in words what it adds up, in ``unit``."""

    name: str
    title: str | Promise
    figure: str | Promise
    unit: str | Promise = _WON

    @property
    def sql(self) -> str:
        """The query, without its leading comment's claim to be read alone."""
        return (_FOLDER / f"{self.name}.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Finding:
    """What an invariant's query found."""

    invariant: Invariant
    figure: int
    difference: int


INVARIANTS: Final = (
    Invariant("balances_sum_to_zero", _("모든 계정 잔액의 합은 0"), _("이동한 금액")),
    Invariant(
        "bank_covers_all",
        _(
            "예치금 + 입금 대기금 = 지갑 + 미정산금 + 정산금 + 이체 처리 중 + 수수료·조정금 + 예산 과목 + 사업 예산 + 보관금"
            " + 현금·환불 지급 대기금 + 혜택 재원"
        ),
        _("운영 예치금"),
    ),
    Invariant("lots_follow_transfers", _("지갑 잔액 = 들어온 금액 − 나간 금액"), _("지갑 잔액")),
    Invariant("balances_follow_transfers", _("계정 잔액 = 원장 이동의 합"), _("대변 합계")),
    Invariant("payments_follow_transfers", _("결제금액 = 지갑에서 가맹점으로 이동한 금액"), _("결제금액")),
    Invariant("refunds_follow_transfers", _("취소금액 = 지갑으로 되돌아간 금액"), _("취소금액")),
    Invariant("discounts_split_exactly", _("가맹점 할인액 = 남은 정가의 몫(원 미만 버림)"), _("가맹점 할인액")),
    Invariant("nothing_spent_after_expiry", _("유효기간이 지난 금액은 사용되지 않음"), _("유효기간 내 사용액")),
    Invariant("expired_money_returned", _("유효기간이 지난 잔액은 사업으로 돌아감"), _("유효기간 경과 회수액")),
    Invariant("gifts_keep_their_terms", _("선물한 금액의 종류·유효기한·사용처는 그대로"), _("선물한 금액")),
    Invariant("gifts_follow_transfers", _("선물 내역 = 지갑 사이에 이동한 금액"), _("선물한 금액")),
    Invariant("returned_is_counted", _("사업의 환수·반납액 = 되돌아온 금액"), _("환수·반납액")),
    Invariant("clawbacks_within_paid", _("환수액 = 지갑에서 되돌아온 금액, 지급액 이내"), _("지갑에서 환수한 금액")),
    Invariant("receivables_add_up", _("반환금 채권 = 결정액 − 거둔 금액 − 납부·상계·결손"), _("반환금 채권 발생액")),
    Invariant("bought_money_was_reported", _("충전금 = 입금이 확인된 금액"), _("충전금")),
    Invariant("benefits_stay_benefits", _("혜택과 수당은 현금으로 환불되지 않음"), _("시민에게 환불하기로 한 금액")),
    Invariant("funds_follow_benefits", _("재원 잔액 = 수납액 − 지급액 + 회수액"), _("재원에서 지갑으로 간 금액")),
    Invariant("journals_have_transfers", _("모든 전표에 같은 영업일의 이동이 있음"), _("전표"), _EVENTS),
    Invariant("settlement_follows_transfers", _("일 마감 내역 = 그날 이동한 금액"), _("마감한 결제금액")),
    Invariant("settlement_carries_over", _("전일 이월액 = 익일 이월액"), _("이월 잔액")),
    Invariant("settlement_is_posted", _("정산금액 = 정산 계정으로 이동한 금액"), _("정산금액")),
    Invariant("exchanges_follow_transfers", _("수시 환전액 = 미정산금에서 정산금으로 이동한 금액"), _("수시 환전액")),
    Invariant("fees_follow_rates", _("가맹점 수수료 = 결제마다 그날의 수수료율(원 미만 버림)"), _("부과한 수수료")),
    Invariant("adjustments_follow_transfers", _("정산 조정 = 두 사람이 승인한 금액의 이동"), _("조정한 금액")),
    Invariant("budgets_follow_entries", _("예산 과목의 이동 = 예산 변동 내역과 재배정 내역"), _("예산 과목 잔액")),
    Invariant("reserved_for_open_lists", _("예산 예약액 = 지급이 남은 명단의 금액"), _("예약 금액")),
    Invariant("entitlements_paid_once", _("지급 건마다 정확히 한 번 지급"), _("지급액")),
    Invariant("top_ups_follow_transfers", _("충전·환불 내역 = 원장 이동, 지급할 환불금"), _("충전한 금액")),
    Invariant("day_sums_follow_ledger", _("현황 화면의 일별 합계 = 원장"), _("합계에 든 결제금액")),
    Invariant("daily_sums_follow_transfers", _("일별 계정 합계 = 그날까지 이동의 합"), _("합계에 든 이동 금액")),
    Invariant("unclaimed_follows_lists", _("보관금·현금 이동 = 명단의 미지급·현금 건"), _("보관액")),
    Invariant("funds_follow_entries", _("혜택 재원의 이동 = 재원 변동 내역"), _("재원 수납액")),
    Invariant("cashback_adds_up", _("결제별 캐시백 = 회원의 월 혜택 = 정책의 월 집행액"), _("캐시백")),
    Invariant(
        "cashback_is_credited",
        _("캐시백 = 재원에서 지갑으로 이동한 금액 + 지급 대기 − 상계할 금액"),
        _("지급한 캐시백"),
    ),
    Invariant("cashback_within_caps", _("혜택은 회원의 월 한도와 월·연 예산 이내"), _("한도 있는 혜택")),
    Invariant("points_paid_once", _("포인트 지급 건마다 정확히 한 번 지급"), _("지급한 포인트")),
    Invariant(
        "points_follow_activities", _("포인트 지급액 = 실적의 적립액 − 정정액, 실적마다 한 번"), _("적립한 포인트")
    ),
    Invariant("point_runs_follow_transfers", _("포인트 회차의 인원과 금액 = 재원에서 이동한 금액"), _("지급한 포인트")),
    Invariant("payouts_follow_transfers", _("가맹점 이체 내역 = 원장 이동, 이체 처리 중 금액"), _("이체에 담은 금액")),
    Invariant(
        "payout_batches_stay_frozen", _("이체 묶음 = 승인한 건수·합계·내용, 두 사람이 처리"), _("이체 묶음 금액")
    ),
    Invariant("reserved_for_open_runs", _("혜택 재원 예약액 = 확정한 포인트 지급의 남은 금액"), _("예약 금액")),
)


def audit(*, using: str = "default") -> list[Finding]:
    """Check every invariant on a connection; each query sees one moment.

    Nothing is looked up row by row: an invariant is about whole tables, and where the server has not counted the newest rows
    yet, as after a large load, it would compare all with all.
    """
    findings = []
    for invariant in INVARIANTS:
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            cursor.execute("SET LOCAL enable_nestloop = off")
            cursor.execute(invariant.sql)
            figure, difference = cursor.fetchone()
            findings.append(Finding(invariant, figure, difference))
    return findings
