"""자격 사실: what further columns of a list can tell about a recipient, where a programme's rules ask for it.

A list is read for the facts its programme's rules name (``needed_by``), into ``BatchRow.facts``: a JSON object with the
fact's name as key and, by type, an ISO date, a number, ``true`` or ``false``, a text without blanks at its ends, or the
key of a choice. An empty cell has no key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from django.utils.translation import gettext_lazy as _


class FactType(StrEnum):
    """How a cell is read and how SQL reads the JSON."""

    DATE = "date"
    INTEGER = "integer"
    DECIMAL = "numeric"
    BOOLEAN = "boolean"
    TEXT = "text"
    CHOICE = "choice"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One fact. ``aliases`` are header names, compact (without blanks and punctuation), the best first.

    ``choices`` of a CHOICE: key -> what cells say for it, compact and in lower case. ``yes`` of a BOOLEAN: what cells say
    beside the usual 예, Y, O, 1, 해당 (see TRUE and FALSE).
    """

    name: str
    label: Any
    type: FactType
    aliases: tuple[str, ...]
    unit: Any = ""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    choice_labels: Mapping[str, Any] = field(default_factory=dict)
    yes: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """The fact of the row ``r``, typed; NULL where the list does not tell it."""
        text = f"(r.facts ->> '{self.name}')"
        return text if self.type in (FactType.TEXT, FactType.CHOICE) else f"{text}::{self.type}"


TRUE: Final = ("예", "여", "y", "yes", "o", "○", "◯", "●", "√", "v", "1", "true", "해당", "대상", "있음", "유", "맞음")
FALSE: Final = (
    "아니오",
    "아니요",
    "부",
    "n",
    "no",
    "x",
    "×",
    "0",
    "false",
    "미해당",
    "비해당",
    "해당없음",
    "비대상",
    "없음",
    "무",
)


def _date(name: str, label: Any, aliases: str) -> Fact:
    return Fact(name=name, label=label, type=FactType.DATE, aliases=tuple(aliases.split()))


def _count(name: str, label: Any, aliases: str, unit: Any) -> Fact:
    return Fact(name=name, label=label, type=FactType.INTEGER, aliases=tuple(aliases.split()), unit=unit)


def _quantity(name: str, label: Any, aliases: str, unit: Any) -> Fact:
    return Fact(name=name, label=label, type=FactType.DECIMAL, aliases=tuple(aliases.split()), unit=unit)


def _flag(name: str, label: Any, aliases: str, yes: str = "") -> Fact:
    return Fact(
        name=name, label=label, type=FactType.BOOLEAN, aliases=tuple(aliases.split()), yes=tuple(yes.split())
    )  # fmt: skip


def _text(name: str, label: Any, aliases: str) -> Fact:
    return Fact(name=name, label=label, type=FactType.TEXT, aliases=tuple(aliases.split()))


_ALL: Final = (
    # days
    _date("applied_on", _("신청일"), "신청일 신청일자 신청날짜 접수일 접수일자 신청접수일"),
    _date("event_date", _("사유 발생일"), "사유발생일 발생일 사유발생일자 사유일 지급사유발생일 기준사유일 자격취득일 자격발생일"),
    _date("child_birth_date", _("자녀 생년월일"),
          "자녀생년월일 아동생년월일 출생아생년월일 출생아출생일 자녀출생일 아동출생일 신생아생년월일 대상아동생년월일 출산일 분만일"),
    _date("moved_in_on", _("전입일"), "전입일 전입일자 전입신고일 전입날짜 주민등록일 거주시작일"),
    _date("left_on", _("직전 전출일"), "직전전출일 전출일 전출일자 이전전출일 최종전출일"),
    _date("married_on", _("혼인일"), "혼인일 혼인신고일 혼인일자 결혼일 혼인신고일자"),
    _date("adopted_on", _("입양일"), "입양일 입양일자 입양신고일"),
    _date("due_on", _("출산 예정일"), "출산예정일 분만예정일"),
    _date("employed_since", _("입사일"), "입사일 입사일자 취업일 취업일자 고용일 고용보험가입일 근무시작일 재직시작일"),
    _date("enrolled_since", _("입학일"), "입학일 입학일자 재학시작일 편입일"),
    _date("enlisted_on", _("입영일"), "입영일 입영일자 입대일 입대일자"),
    _date("discharged_on", _("전역일"), "전역일 전역일자 제대일"),
    _date("naturalised_on", _("국적 취득일"), "국적취득일 국적취득일자 귀화일 귀화허가일"),
    _date("registered_on", _("등록일"), "등록일 등록일자 경영체등록일 장애등록일 농업경영체등록일 사업자등록일"),
    _date("licence_returned_on", _("면허 반납일"), "면허반납일 운전면허반납일 반납일 반납일자 면허취소일"),
    _date("died_on", _("사망일"), "사망일 사망일자"),
    _date("ended_on", _("종료일"), "종료일 종료일자 보호종료일 폐업일 퇴소일 이수일 졸업일"),
    # counts
    _count("birth_order", _("출생 순위"), "출생순위 출생순서 출산순위 자녀순위 출생아순위 몇째 순위", _("째")),
    _count("births", _("출생아 수"), "출생아수 다태아수 신생아수 출산아수", _("명")),
    _count("household_size", _("세대원 수"), "세대원수 가구원수 세대인원 가구인원 세대원 가구원 인원수 세대수", _("명")),
    _count("child_count", _("자녀 수"), "자녀수 자녀 미성년자녀수 다자녀수 자녀인원", _("명")),
    _count("farmers", _("농가의 농어업인 수"), "농업인수 농어업인수 농가원수 농가인원 경영체농업인수", _("명")),
    _count("income_percent", _("기준 중위소득 비율"), "중위소득 중위소득비율 기준중위소득 기준중위소득비율 소득비율 소득구간", "%"),
    _count("pregnancy_weeks", _("임신 주수"), "임신주수 임신주 임신기간 주수", _("주")),
    _count("employed_months", _("재직 기간"), "재직개월 재직개월수 재직기간 근속개월 근속개월수 근무개월", _("개월")),
    _count("enrolled_semester", _("학기"), "학기 재학학기 이수학기 신청학기", _("학기")),
    _count("age_of_service", _("거주 기간(년)"), "거주년수 거주기간 거주기간년", _("년")),
    _count("times", _("횟수"), "횟수 참여횟수 이용횟수 면접횟수 응시횟수 활동횟수 건수 회수", _("회")),
    _count("weekly_count", _("주 수"), "주수합계 인정주수", _("주")),
    _count("reduction_percent", _("감축률"), "감축률 절감률 감축율 절감율", "%"),
    # quantities
    _quantity("kilowatts", _("설치 용량"), "설치용량 용량 설비용량 태양광용량 지열용량 kw 발전용량", "kW"),
    _quantity("square_metres", _("면적"), "면적 설치면적 집열면적 태양열면적 재배면적 경작면적 ㎡ m2", "㎡"),
    _quantity("hours", _("시간"), "시간 활동시간 봉사시간 교육시간 이수시간 근무시간 참여시간 돌봄시간", _("시간")),
    _quantity("kilograms", _("무게"), "무게 중량 kg 수거량 배출량", "kg"),
    _quantity("devices", _("대수"), "대수 차량대수 설치대수 보유대수", _("대")),
    _quantity("quantity", _("수량"), "수량 개수 물량 단위수 걸음수 매수", ""),
    _quantity("spent", _("사용액"), "사용액 사용금액 이용금액 이용액 결제금액 결제액 구입금액 구매금액 교통비 소비액 실비 영수증금액",
              _("원")),
    _quantity("week_1", _("1주차"), "1주차 1주 1주이용액 1주차이용액", _("원")),
    _quantity("week_2", _("2주차"), "2주차 2주 2주이용액 2주차이용액", _("원")),
    _quantity("week_3", _("3주차"), "3주차 3주 3주이용액 3주차이용액", _("원")),
    _quantity("week_4", _("4주차"), "4주차 4주 4주이용액 4주차이용액", _("원")),
    _quantity("week_5", _("5주차"), "5주차 5주 5주이용액 5주차이용액", _("원")),
    _quantity("week_6", _("6주차"), "6주차 6주 6주이용액 6주차이용액", _("원")),
    # yes or no
    _flag("head_of_household", _("세대주 여부"), "세대주여부 세대주구분", "세대주 본인"),
    _flag("first_marriage", _("초혼 여부"), "초혼여부 초혼", "초혼"),
    _flag("multiple_birth", _("다태아 여부"), "다태아여부 다태아 쌍둥이여부", "다태아 쌍둥이 쌍생아 삼생아"),
    _flag("employed", _("재직 여부"), "재직여부 취업여부 재직", "재직 재직중 취업"),
    _flag("enrolled", _("재학 여부"), "재학여부 재학", "재학 재학중"),
    _flag("home_owner", _("주택 소유 여부"), "주택소유여부 주택보유여부 유주택여부", "유주택 소유"),
    _flag("depopulated_area", _("비수도권·인구감소지역 여부"), "비수도권여부 인구감소지역여부 비수도권 인구감소지역"),
    _flag("has_disability", _("장애 여부"), "장애여부 장애인여부 등록장애인여부", "장애 장애인 심한장애 심하지않은장애"),
    _flag("is_veteran", _("보훈대상 여부"), "보훈대상여부 보훈여부 국가유공자여부 참전여부", "보훈 국가유공자 참전유공자"),
    _flag("is_single_parent", _("한부모 여부"), "한부모여부 한부모가족여부 한부모가정여부", "한부모"),
    _flag("is_multi_child", _("다자녀 여부"), "다자녀여부 다자녀가정여부 다자녀", "다자녀"),
    _flag("is_farmer", _("농어업 경영체 여부"), "경영체여부 경영체등록여부 농업인여부", "등록 농업인 어업인 임업인"),
    _flag("is_basic_recipient", _("기초생활수급 여부"), "기초수급여부 수급자여부 기초생활수급여부", "수급 수급자 기초수급"),
    _flag("is_near_poor", _("차상위 여부"), "차상위여부 차상위계층여부", "차상위"),
    _flag("is_basic_pensioner", _("기초연금 수급 여부"), "기초연금여부 기초연금수급여부", "수급"),
    _flag("is_artist", _("예술활동증명 여부"), "예술활동증명여부 예술인여부", "예술인 증명"),
    # words
    _text("sex", _("성별"), "성별"),
    _text("grade", _("등급·구분"), "등급 구분 유형 대상구분 지급구분 대상유형 장애정도 장애등급 신청구분 지원구분"),
    _text("school", _("학교급"), "학교급 학교구분 학교급별"),
    _text("farm_number", _("경영체 등록번호"), "경영체등록번호 농업경영체등록번호 농어업경영체등록번호 경영체번호"),
    _text("household_number", _("세대 번호"), "세대번호 가구번호 세대관리번호 농가번호"),
    _text("veteran_number", _("보훈번호"), "보훈번호 유공자번호"),
    Fact(
        name="payment_method", label=_("지급 방법"), type=FactType.CHOICE,
        aliases=("지급방법", "지급방식", "지급수단", "수령방법", "지급형태", "희망지급방법"),
        choices={
            "voucher": ("상품권", "지역상품권", "지역사랑상품권", "지역화폐", "모바일", "모바일상품권", "카드", "포인트"),
            "cash": ("현금", "계좌", "계좌입금", "계좌이체", "통장", "이체", "현금지급"),
        },
        choice_labels={"voucher": _("상품권"), "cash": _("현금")},
    ),
)  # fmt: skip

FACTS: Final[Mapping[str, Fact]] = {fact.name: fact for fact in _ALL}

WEEKS: Final = tuple(name for name in FACTS if name.startswith("week_"))
"""The columns of a weekly accrual that is paid monthly: what was used in each week of the month."""


_FACT_KEYS: Final = frozenset({"fact", "event", "on", "before", "of", "by"})
"""Where a condition or an amount names facts."""

_IMPLIED: Final[Mapping[str, tuple[str, ...]]] = {
    "applied_within": ("applied_on",),
    "children": ("child_count",),
    "head_of_household": ("head_of_household",),
    "household_size": ("household_size",),
    "lived_elsewhere": ("moved_in_on", "left_on"),
    "per_household": ("household_number",),
    "resident_for": ("moved_in_on",),
    "resided_in_total": ("moved_in_on",),
    "resident_since": ("moved_in_on",),
    "still_resident": ("moved_in_on",),
    "disability": ("has_disability",),
    "veteran": ("is_veteran",),
    "single_parent": ("is_single_parent",),
    "multi_child": ("is_multi_child",),
    "farmer": ("is_farmer",),
    "basic_recipient": ("is_basic_recipient",),
    "near_poor": ("is_near_poor",),
    "basic_pension": ("is_basic_pensioner",),
    "artist": ("is_artist",),
    "child": ("child_birth_date",),
    "child_birthday": ("child_birth_date",),
    "weekly": WEEKS,
    "cash": ("payment_method",),
}
"""The facts that a condition, a category or a way to reckon amounts looks at without naming them."""


def needed_by(rules: Any) -> frozenset[str]:
    """The facts that a programme's rules look at, as a list should be read for them; ``rules`` is their JSON."""
    found: set[str] = set()
    _collect(rules, found)
    return frozenset(found)


def _collect(value: Any, found: set[str]) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in _FACT_KEYS and isinstance(item, str) and item in FACTS:
                found.add(item)
            if item is True:
                found.update(_IMPLIED.get(key, ()))
            if key == "quota" and item:
                found.add("applied_on")
            _collect(item, found)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _collect(item, found)
    elif isinstance(value, str):
        found.update(_IMPLIED.get(value, ()))
