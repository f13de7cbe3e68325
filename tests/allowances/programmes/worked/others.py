"""청년·노인·보훈·농어업·에너지·재난·교통."""

from __future__ import annotations

from typing import Any

from tests.allowances.programmes.worked import Example, P

_ONCE = [{"kind": "received", "scope": "own", "period": "lifetime", "times": 1}]


def _rated(of: str, rate: str, **more: Any) -> list[dict[str, Any]]:
    return [{"tiers": [{"rate": rate, "of": of, **more}]}]


EXAMPLES = (
    Example(
        name="경기도 청년기본소득", type="YTH-001",
        terms={
            "conditions": [
                [{"kind": "age", "min": 24, "max": 24}],
                [{"kind": "resident_for", "length": 3, "unit": "years"}, {"kind": "resided_in_total", "length": 10, "unit": "years"}],
            ],
            "amounts": [{"tiers": [{"won": 250_000}]}], "amount_max": 250_000, "validity_days": 1095,
        },
        people=(
            P(who="24세, 3년 계속 거주", won=250_000, birth="2002-01-01", since="2023-11-01"),
            P(who="24세, 합산 10년", won=250_000, birth="2002-01-01", since="2025-11-01", lived=(("2005-01-01", "2014-06-01"),)),
            P(who="24세, 모자람", codes=("no_alternative",), birth="2002-01-01", since="2025-11-01", lived=(("2005-01-01", "2010-01-01"),)),
            P(who="24세, 전입일을 모름", codes=("alternatives_unknown",), birth="2002-01-01", since=None),
            P(who="25세 생일", codes=("too_old",), birth="2001-11-01"),
            P(who="24세 생일 전날", codes=("too_young",), birth="2002-11-02"),
        ),
    ),
    Example(
        name="안동지역 대학생 학업장려금", type="EDU-010", assumed="재학은 명단으로 확인",
        terms={
            "conditions": [[{"kind": "fact", "fact": "enrolled", "is": "=", "value": True}]], "cash_choice": True,
            "amounts": [{"tiers": [{"won": 1_200_000, "won_in_cash": 1_000_000}]}], "amount_max": 1_200_000, "validity_days": 1825,
        },
        people=(
            P(who="상품권 선택", won=1_200_000, facts={"enrolled": True, "payment_method": "voucher"}),
            P(who="현금 선택", won=1_000_000, in_cash=True, facts={"enrolled": True, "payment_method": "cash"}),
            P(who="고르지 않음", won=1_200_000, facts={"enrolled": True}),
            P(who="휴학", codes=("fact_differs",), facts={"enrolled": False, "payment_method": "cash"}),
        ),
    ),
    Example(
        name="경기도 청년면접수당", type="YTH-003", assumed="만 19~39세",
        terms={
            "conditions": [
                [{"kind": "age", "min": 19, "max": 39}],
                [{"kind": "received_in_all", "scope": "own", "period": "fiscal_year", "won": 500_000}],
            ],
            "amounts": _rated("times", "50000"), "amount_max": 500_000, "validity_days": 1825,
        },
        people=(
            P(who="면접 3회", won=150_000, birth="2000-01-01", facts={"times": 3}),
            P(who="8회 받고 2회", won=100_000, birth="2000-01-01", facts={"times": 2}, paid=(("2026-05-01", 400_000, None),)),
            P(who="8회 받고 3회", codes=("received_too_much",), birth="2000-01-01", facts={"times": 3}, paid=(("2026-05-01", 400_000, None),)),
            P(who="횟수 빈칸", codes=("amount_undetermined",), birth="2000-01-01"),
        ),
    ),
    Example(
        name="서울 청년수당", type="YTH-016",
        terms={
            "conditions": [
                [{"kind": "age", "min": 19, "max": 34}], [{"kind": "fact", "fact": "employed", "is": "=", "value": False}],
                [{"kind": "received", "scope": "own", "period": "lifetime", "times": 6}],
            ],
            "amounts": [{"tiers": [{"won": 500_000}]}], "amount_max": 500_000, "validity_days": 90,
        },
        people=(
            P(who="6개월째", won=500_000, birth="2000-01-01", facts={"employed": False},
              paid=tuple((f"2026-0{month}-01", 500_000, None) for month in range(5, 10))),
            P(who="7개월째", codes=("received_before",), birth="2000-01-01", facts={"employed": False},
              paid=tuple((f"2026-0{month}-01", 500_000, None) for month in range(4, 10))),
            P(who="취업", codes=("fact_differs",), birth="2000-01-01", facts={"employed": True}),
        ),
    ),
    Example(
        name="소양에너지페이(태양광)", type="ENV-006", assumed="소수점 용량은 원 미만을 버림",
        terms={
            "conditions": [[{"kind": "received", "scope": "own", "period": "lifetime", "times": 5}]],
            "amounts": _rated("kilowatts", "20000"), "amount_max": 10_000_000, "validity_days": 730,
        },
        people=(
            P(who="3kW", won=60_000, facts={"kilowatts": "3"}), P(who="2.75kW", won=55_000, facts={"kilowatts": "2.75"}),
            P(who="2.33333kW", won=46_666, facts={"kilowatts": "2.33333"}),
            P(who="6년째", codes=("received_before",), facts={"kilowatts": "3"},
              paid=tuple((f"20{year}-03-01", 60_000, None) for year in range(21, 26))),
            P(who="용량 빈칸", codes=("amount_undetermined",)),
        ),
    ),
    Example(
        name="소양에너지페이(태양열)", type="ENV-007",
        terms={"amounts": _rated("square_metres", "4400"), "amount_max": 10_000_000, "validity_days": 730},
        people=(
            P(who="10㎡", won=44_000, facts={"square_metres": "10"}), P(who="0㎡", codes=("amount_undetermined",), facts={"square_metres": "0"}),
        ),
    ),
    Example(
        name="탄소지움 대중교통(성인)", type="ENV-001", assumed="한 주는 명단의 주차 열 하나, 원 미만 버림",
        terms={
            "conditions": [[{"kind": "age", "min": 19}]],
            "amounts": [{"tiers": [{"rate": "1", "weekly": True, "cap": 2_900}]}], "amount_max": 17_400, "validity_days": 1825,
        },
        people=(
            P(who="매주 한도까지", won=11_600, facts={f"week_{n}": "7250" for n in (1, 2, 3, 4)}),
            P(who="한 주만 많이", won=2_900 + 1_450, facts={"week_1": "14500", "week_3": "1450"}),
            P(who="14세", codes=("too_young",), birth="2012-01-01", facts={"week_1": "1450"}),
            P(who="이용 없음", codes=("amount_undetermined",)),
        ),
    ),
    Example(
        name="탄소지움 대중교통(청소년)", type="ENV-002",
        terms={
            "conditions": [[{"kind": "age", "min": 14, "max": 18}]],
            "amounts": [{"tiers": [{"rate": "1", "weekly": True, "cap": 2_020}]}], "amount_max": 12_120, "validity_days": 1825,
        },
        people=(
            P(who="다섯 주 한도", won=10_100, birth="2010-01-01", facts={f"week_{n}": "5050" for n in (1, 2, 3, 4, 5)}),
            P(who="19세", codes=("too_old",), birth="2007-01-01", facts={"week_1": "1010"}),
        ),
    ),
    Example(
        name="탄소지움 로컬푸드 적립", type="ENV-003",
        terms={"amounts": _rated("spent", "0.003"), "amount_max": 100_000, "validity_days": 1825},
        people=(
            P(who="10만 원", won=300, facts={"spent": "100000"}), P(who="99,999원", won=299, facts={"spent": "99999"}),
            P(who="333원", codes=("amount_undetermined",), facts={"spent": "333"}),
        ),
    ),
    Example(
        name="화천 농어촌기본소득", type="BAS-001", assumed="읍 90일·면 180일의 사용 기간은 읍면동별 유효기간으로",
        terms={
            "conditions": [[{"kind": "resident_for", "length": 30, "unit": "days"}]],
            "amounts": [{"tiers": [{"won": 150_000}]}], "amount_max": 150_000, "validity_days": 180, "validity_by_dong": {"화천읍": 90},
        },
        people=(
            P(who="30일 거주", won=150_000, since="2026-10-02"), P(who="29일 거주", codes=("residence_too_short",), since="2026-10-03"),
        ),
    ),
    Example(
        name="민생회복 소비쿠폰(1차)", type="DST-003", assumed="비수도권 가산은 명단의 열로",
        terms={
            "amounts": [
                {"label": "기본", "tiers": [
                    {"when": [[{"kind": "category", "categories": ["basic_recipient"]}]], "won": 400_000},
                    {"when": [[{"kind": "category", "categories": ["near_poor", "single_parent"]}]], "won": 300_000}, {"won": 150_000},
                ]},
                {"label": "비수도권", "add_on": True, "tiers": [
                    {"when": [[{"kind": "fact", "fact": "depopulated_area", "is": "=", "value": True}]], "won": 30_000},
                ]},
            ],
            "amount_max": 430_000, "valid_until": "2026-11-30", "validity_days": None,
        },
        people=(
            P(who="일반", won=150_000, facts={"depopulated_area": False}), P(who="일반, 비수도권", won=180_000, facts={"depopulated_area": True}),
            P(who="차상위", won=300_000, registered=("near_poor",), facts={"depopulated_area": False}),
            P(who="한부모이며 수급자, 비수도권", won=430_000, registered=("single_parent", "basic_recipient"), facts={"depopulated_area": True}),
            P(who="지역을 모름", codes=("amount_undetermined",)),
        ),
    ),
    Example(
        name="울진군 민생안정지원금", type="DST-023",
        terms={
            "amounts": [
                {"tiers": [{"won": 300_000}]},
                {"add_on": True, "tiers": [
                    {"when": [[{"kind": "category", "categories": ["basic_recipient"]}]], "won": 100_000},
                    {"when": [[{"kind": "category", "categories": ["near_poor"]}]], "won": 50_000},
                ]},
            ],
            "amount_max": 400_000, "validity_days": 120,
        },
        people=(
            P(who="일반", won=300_000), P(who="차상위", won=350_000, registered=("near_poor",)),
            P(who="수급", won=400_000, facts={"is_basic_recipient": True}),
        ),
    ),
    Example(
        name="긴급재난지원금(2020)", type="DST-001", assumed="2인 60만, 3인 80만은 기억",
        terms={
            "conditions": [[{"kind": "head_of_household"}]],
            "amounts": [{"tiers": [
                *({"when": [[{"kind": "household_size", "max": size}]], "won": won} for size, won in ((1, 400_000), (2, 600_000), (3, 800_000))),
                {"won": 1_000_000},
            ]}],
            "amount_max": 1_000_000, "validity_days": 110,
        },
        people=(*tuple(P(who=f"{size}인 세대", won=won, facts={"household_size": size, "head_of_household": True}) for size, won in ((1, 400000), (2, 600000), (3, 800000), (4, 1000000), (7, 1000000))), P(who="세대원", codes=("not_head_of_household",), facts={"household_size": 4, "head_of_household": False})),
    ),
    Example(
        name="의성 민생지원금(세대형)", type="DST-016",
        terms={
            "conditions": [[{"kind": "per_household", "by": "household_number", "times": 1}]],
            "amounts": [{"tiers": [{"when": [[{"kind": "household_size", "max": 1}]], "won": 300_000}, {"won": 600_000}]}],
            "amount_max": 600_000, "validity_days": 120,
        },
        people=(
            P(who="1인 세대", won=300_000, facts={"household_size": 1, "household_number": "1"}),
            P(who="3인 세대", won=600_000, facts={"household_size": 3, "household_number": "2"}),
            P(who="같은 세대의 둘째 사람", codes=("household_full",), facts={"household_size": 3, "household_number": "2"}),
        ),
    ),
    Example(
        name="농어업인수당(강원)", type="AGR-001", assumed="경영체 등록 2년은 등록일로",
        terms={
            "conditions": [
                [{"kind": "resident_for", "length": 2, "unit": "years"}], [{"kind": "category", "categories": ["farmer"]}],
                [{"kind": "fact", "fact": "registered_on", "is": "<=", "value": "2024-11-01"}],
                [{"kind": "per_household", "by": "farm_number", "times": 1}],
            ],
            "amounts": [{"tiers": [{"won": 700_000}]}], "amount_max": 700_000, "validity_days": 365,
        },
        people=(
            P(who="경영주", won=700_000, registered=("farmer",), facts={"farm_number": "1001", "registered_on": "2020-01-01"}),
            P(who="같은 농가의 배우자", codes=("household_full",), registered=("farmer",), facts={"farm_number": "1001", "registered_on": "2020-01-01"}),
            P(who="등록 1년", codes=("fact_differs",), registered=("farmer",), facts={"farm_number": "1002", "registered_on": "2025-01-01"}),
            P(who="거주 1년", codes=("residence_too_short",), since="2025-01-01", registered=("farmer",), facts={"farm_number": "1003", "registered_on": "2020-01-01"}),
            P(who="등록번호 없음", codes=("household_unknown",), registered=("farmer",), facts={"registered_on": "2020-01-01"}),
        ),
    ),
    Example(
        name="농어민수당(충남)", type="AGR-002",
        terms={
            "conditions": [[{"kind": "category", "categories": ["farmer"]}]],
            "amounts": [{"tiers": [
                {"when": [[{"kind": "fact", "fact": "farmers", "is": "=", "value": 1}]], "won": 800_000},
                {"when": [[{"kind": "fact", "fact": "farmers", "is": ">=", "value": 2}]], "won": 450_000},
            ]}], "amount_max": 800_000, "validity_days": 365,
        },
        people=(
            P(who="1인 농가", won=800_000, facts={"is_farmer": True, "farmers": 1}), P(who="2인 농가", won=450_000, facts={"is_farmer": True, "farmers": 2}),
            P(who="농업인이 아님", codes=("category_missing",), facts={"is_farmer": False, "farmers": 1}),
            P(who="인원 빈칸", codes=("amount_undetermined",), facts={"is_farmer": True}),
        ),
    ),
    Example(
        name="참전명예수당(대덕구)", type="VET-001",
        terms={
            "conditions": [[{"kind": "category", "categories": ["war_veteran"]}]],
            "amounts": [{"tiers": [{"won": 120_000}]}], "amount_max": 120_000, "validity_days": 365,
        },
        people=(
            P(who="참전유공자", won=120_000, birth="1948-01-01", registered=("war_veteran",)),
            P(who="다른 보훈대상자", codes=("category_missing",), registered=("veteran",)),
            P(who="사망", codes=("deceased",), status="deceased", registered=("war_veteran",)),
        ),
    ),
    Example(
        name="장수축하금(100세)", type="ELD-008",
        terms={
            "conditions": [[{"kind": "age", "min": 100}], _ONCE], "amounts": [{"tiers": [{"won": 1_000_000}]}],
            "amount_max": 1_000_000, "validity_days": 365,
        },
        people=(
            P(who="100세 생일", won=1_000_000, birth="1926-11-01"), P(who="하루 모자람", codes=("too_young",), birth="1926-11-02"),
            P(who="이미 받음", codes=("received_before",), birth="1925-11-01", paid=(("2025-11-30", 1_000_000, None),)),
        ),
    ),
    Example(
        name="칠순·팔순 생신축하금", type="ELD-016",
        terms={
            "conditions": [[{"kind": "age", "min": 70, "max": 70}, {"kind": "age", "min": 80, "max": 80}]],
            "amounts": [{"tiers": [{"won": 100_000}]}], "amount_max": 100_000, "validity_days": 180,
        },
        people=(
            P(who="70세", won=100_000, birth="1956-05-01"), P(who="80세", won=100_000, birth="1946-05-01"),
            P(who="75세", codes=("no_alternative",), birth="1951-05-01"),
        ),
    ),
    Example(
        name="효도수당", type="ELD-009", assumed="세대원 나이로 판단, 3대는 명단 담당자가 확인",
        terms={
            "conditions": [[{"kind": "household_member", "age_min": 85, "at_least": 1}], [{"kind": "age", "max": 84}]],
            "amounts": [{"tiers": [{"won": 50_000}]}], "amount_max": 50_000, "validity_days": 365,
        },
        people=(
            P(who="85세 부모와 삶", won=50_000, home=(("parent", "1941-01-01"), ("child", "2015-01-01"))),
            P(who="84세 부모와 삶", codes=("household_member_missing",), home=(("parent", "1942-01-01"),)),
            P(who="세대를 모름", codes=("household_unknown",)),
        ),
    ),
    Example(
        name="고령운전자 면허 자진반납(파주)", type="TRN-005", assumed="65세 10만, 75세 20만, 85세 30만 구간",
        terms={
            "conditions": [[{"kind": "age", "min": 65, "on": "licence_returned_on"}], _ONCE],
            "amounts": [{"tiers": [
                {"when": [[{"kind": "age", "min": 85, "on": "licence_returned_on"}]], "won": 300_000},
                {"when": [[{"kind": "age", "min": 75, "on": "licence_returned_on"}]], "won": 200_000}, {"won": 100_000},
            ]}], "amount_max": 300_000, "validity_days": 1825,
        },
        people=(
            P(who="65세", won=100_000, birth="1961-01-01", facts={"licence_returned_on": "2026-10-01"}),
            P(who="75세", won=200_000, birth="1951-10-01", facts={"licence_returned_on": "2026-10-01"}),
            P(who="90세", won=300_000, birth="1936-01-01", facts={"licence_returned_on": "2026-10-01"}),
            P(who="64세에 반납", codes=("too_young",), birth="1961-10-02", facts={"licence_returned_on": "2026-10-01"}),
        ),
    ),
    Example(
        name="동백패스", type="TRN-008",
        terms={
            "conditions": [[{"kind": "age", "min": 18}]], "amounts": _rated("spent", "1", above=45_000, cap=45_000),
            "amount_max": 45_000, "validity_days": 1825,
        },
        people=(
            P(who="6만 원 이용", won=15_000, facts={"spent": "60000"}), P(who="12만 원 이용", won=45_000, facts={"spent": "120000"}),
            P(who="4.5만 원 이용", codes=("amount_undetermined",), facts={"spent": "45000"}),
        ),
    ),
    Example(
        name="서해5도 정주생활지원금", type="BAS-012", assumed="6개월 이상 거주, 대상 지역은 읍면동으로",
        terms={
            "conditions": [[{"kind": "dong", "dongs": ["백령면"]}], [{"kind": "resident_for", "length": 6, "unit": "months"}]],
            "amounts": [{"tiers": [{"when": [[{"kind": "resident_for", "length": 10, "unit": "years"}]], "won": 200_000}, {"won": 120_000}]}],
            "amount_max": 200_000, "validity_days": 365,
        },
        people=(
            P(who="10년 거주", won=200_000, since="2016-11-01", dong="백령면"), P(who="9년 거주", won=120_000, since="2017-01-01", dong="백령면"),
            P(who="다른 곳", codes=("dong_outside",), since="2016-11-01"),
        ),
    ),
    Example(
        name="강진 누구나 반값여행", type="CUL-003", assumed="1인 최대 10만, 2인 이상 최대 20만, 관외 거주자",
        terms={
            "residents_only": False,
            "amounts": [{"tiers": [
                {"when": [[{"kind": "household_size", "min": 2}]], "rate": "0.5", "of": "spent", "cap": 200_000},
                {"rate": "0.5", "of": "spent", "cap": 100_000},
            ]}], "amount_max": 200_000, "validity_days": 1825,
        },
        people=(
            P(who="2인 30만 원", won=150_000, since=None, facts={"spent": "300000", "household_size": 2}),
            P(who="2인 50만 원", won=200_000, since=None, status="moved_out", facts={"spent": "500000", "household_size": 2}),
            P(who="1인 30만 원", won=100_000, since=None, facts={"spent": "300000", "household_size": 1}),
            P(who="사용액 빈칸", codes=("amount_undetermined",), facts={"household_size": 1}),
        ),
    ),
    Example(
        name="제주 자원봉사 마일리지", type="VOL-003",
        terms={
            "conditions": [[{"kind": "fact", "fact": "hours", "is": ">=", "value": "300"}]], "amounts": _rated("hours", "400"),
            "amount_max": 1_000_000, "validity_days": 365,
        },
        people=(P(who="300시간", won=120_000, facts={"hours": "300"}), P(who="299.5시간", codes=("fact_differs",), facts={"hours": "299.5"})),
    ),
    Example(
        name="서대문 자원봉사 마일리지", type="VOL-002",
        terms={
            "conditions": [[{"kind": "age", "min": 19}], [{"kind": "received_in_all", "period": "fiscal_year", "won": 100_000, "scope": "own"}]],
            "amounts": _rated("hours", "1000", cap=100_000), "amount_max": 100_000, "validity_days": 1825,
        },
        people=(
            P(who="30시간", won=30_000, facts={"hours": "30"}), P(who="120시간", won=100_000, facts={"hours": "120"}),
            P(who="8만 받고 30시간", codes=("received_too_much",), facts={"hours": "30"}, paid=(("2026-03-31", 80_000, None),)),
        ),
    ),
    Example(
        name="광주사랑카드 걷기 챌린지", type="VOL-005", assumed="정원을 3명으로 줄여 시험",
        terms={
            "residents_only": False, "quota": 3, "conditions": [[{"kind": "fact", "fact": "quantity", "is": ">=", "value": "200000"}]],
            "amounts": [{"tiers": [{"won": 5_000}]}], "amount_max": 5_000, "validity_days": 1825,
        },
        people=(
            P(who="넷째로 신청", codes=("quota_reached",), facts={"applied_on": "2026-10-04", "quantity": "210000"}),
            P(who="둘째로 신청", won=5_000, facts={"applied_on": "2026-10-02", "quantity": "210000"}),
            P(who="첫째로 신청했으나 걸음 모자람", codes=("fact_differs",), facts={"applied_on": "2026-10-01", "quantity": "199999"}),
            P(who="셋째로 신청", won=5_000, facts={"applied_on": "2026-10-03", "quantity": "210000"}),
            P(who="같은 날 먼저 적힘", won=5_000, facts={"applied_on": "2026-10-03", "quantity": "210000"}),
        ),
    ),
    Example(
        name="충북 다태아축하금", type="BIR-025",
        terms={
            "amounts": [{"tiers": [
                {"when": [[{"kind": "fact", "fact": "births", "is": "=", "value": 2}]], "won": 2_000_000},
                {"when": [[{"kind": "fact", "fact": "births", "is": ">=", "value": 3}]], "won": 3_000_000},
            ]}], "amount_max": 3_000_000, "validity_days": 365,
        },
        people=(
            P(who="쌍생아", won=2_000_000, facts={"births": 2}), P(who="삼생아", won=3_000_000, facts={"births": 3}),
            P(who="한 명", codes=("amount_undetermined",), facts={"births": 1}),
        ),
    ),
    Example(
        name="섬주민 여객선 운임 지원", type="TRN-009", assumed="실비, 1인 5만 원까지",
        terms={"amounts": [{"tiers": [{"own": True}]}], "amount_max": 50_000, "validity_days": 60},
        people=(
            P(who="5천 원", won=5_000, amount=5_000), P(who="5만 원", won=50_000, amount=50_000),
            P(who="5만 원 초과", codes=("amount_over_limit",), amount=50_001),
        ),
    ),
)  # fmt: skip
