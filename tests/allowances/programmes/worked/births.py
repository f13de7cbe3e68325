"""출산·아동·가족."""

from __future__ import annotations

from tests.allowances.programmes.worked import Example, P

_CHILD = {"kind": "age", "of": "child"}

EXAMPLES = (
    Example(
        name="남양주 출산축하금", type="BIR-001", assumed="부 또는 모의 거주 기간은 따지지 않음",
        terms={
            "conditions": [[{"kind": "applied_within", "event": "child_birth_date", "length": 12, "unit": "months"}]],
            "amounts": [{"tiers": [{"won": 1_000_000}]}], "amount_max": 1_000_000, "validity_days": 1095,
        },
        people=(
            P(who="생후 12개월이 되는 날 신청", won=1_000_000, facts={"child_birth_date": "2025-10-20", "applied_on": "2026-10-20"}),
            P(who="하루 늦게 신청", codes=("applied_too_late",), facts={"child_birth_date": "2025-10-20", "applied_on": "2026-10-21"}),
            P(who="태어나기 전 신청", codes=("applied_too_early",), facts={"child_birth_date": "2026-10-20", "applied_on": "2026-10-19"}),
            P(who="신청일 빈칸", codes=("fact_missing",), facts={"child_birth_date": "2026-10-20"}),
            P(who="전출한 부모", codes=("moved_out",), status="moved_out", facts={"child_birth_date": "2026-10-20", "applied_on": "2026-10-21"}),
        ),
    ),
    Example(
        name="강원 육아기본수당", type="BIR-023",
        terms={
            "conditions": [[_CHILD | {"unit": "months", "min": 12, "max": 95}]],
            "amounts": [{"tiers": [
                {"when": [[_CHILD | {"unit": "months", "max": 47}]], "won": 500_000},
                {"when": [[_CHILD | {"unit": "months", "max": 71}]], "won": 300_000},
                {"won": 100_000},
            ]}], "amount_max": 500_000, "validity_days": 365,
        },
        people=(
            P(who="12개월", won=500_000, facts={"child_birth_date": "2025-11-01"}),
            P(who="47개월 마지막 날", won=500_000, facts={"child_birth_date": "2022-11-02"}),
            P(who="48개월", won=300_000, facts={"child_birth_date": "2022-11-01"}),
            P(who="72개월", won=100_000, facts={"child_birth_date": "2020-11-01"}),
            P(who="96개월", codes=("too_old",), facts={"child_birth_date": "2018-11-01"}),
            P(who="11개월", codes=("too_young",), facts={"child_birth_date": "2025-11-02"}),
            P(who="생년월일 빈칸", codes=("amount_undetermined", "birth_unknown")),
        ),
    ),
    Example(
        name="인천 천사(1040)지원금", type="BIR-008", assumed="생일은 아동의 생일, 회차 기준일에 1~7세",
        terms={
            "conditions": [
                [{"kind": "born", "of": "child", "since": "2023-01-01"}], [_CHILD | {"min": 1, "max": 7}],
                [{"kind": "applied_within", "event": "child_birthday", "length": 120, "unit": "days"}],
                [{"kind": "received", "scope": "own", "period": "lifetime", "times": 7}],
            ],
            "amounts": [{"tiers": [{"won": 1_200_000}]}], "amount_max": 1_200_000, "validity_days": 1825,
        },
        people=(
            P(who="생일 뒤 120일째 신청", won=1_200_000, facts={"child_birth_date": "2024-05-01", "applied_on": "2026-08-29"}),
            P(who="생일 뒤 121일째 신청", codes=("applied_too_late",), facts={"child_birth_date": "2024-05-01", "applied_on": "2026-08-30"}),
            P(who="2022년생", codes=("born_outside",), facts={"child_birth_date": "2022-12-31", "applied_on": "2026-01-15"}),
            P(who="첫돌 전", codes=("too_young",), facts={"child_birth_date": "2025-12-01", "applied_on": "2025-12-20"}),
            P(who="이미 7번 받음", codes=("received_before",), facts={"child_birth_date": "2024-05-01", "applied_on": "2026-08-29"},
              paid=tuple((f"20{year}-06-01", 1_200_000, None) for year in range(19, 26))),
        ),
    ),
    Example(
        name="장애인가정 출산지원금", type="BIR-029", assumed="장애 정도는 시민 정보의 자격으로 판단",
        terms={
            "conditions": [[{"kind": "category", "categories": ["disability", "severe_disability"]}]],
            "amounts": [{"tiers": [
                {"when": [[{"kind": "category", "categories": ["severe_disability"]}]], "won": 1_500_000}, {"won": 1_000_000},
            ]}], "amount_max": 1_500_000, "validity_days": 365,
        },
        people=(
            P(who="심한 장애", won=1_500_000, registered=("severe_disability",)),
            P(who="심하지 않은 장애", won=1_000_000, registered=("disability",)),
            P(who="명단에서 장애로 확인", won=1_000_000, facts={"has_disability": True}),
            P(who="등록 장애인이 아님", codes=("category_missing",)),
        ),
    ),
    Example(
        name="첫만남이용권", type="BIR-030",
        terms={
            "conditions": [[{"kind": "applied_within", "event": "child_birth_date", "length": 2, "unit": "years"}]],
            "amounts": [{"tiers": [
                {"when": [[{"kind": "fact", "fact": "birth_order", "is": ">=", "value": 2}]], "won": 3_000_000}, {"won": 2_000_000},
            ]}], "amount_max": 3_000_000, "validity_days": 730, "residents_only": False,
        },
        people=(
            P(who="첫째", won=2_000_000, facts={"birth_order": 1, "child_birth_date": "2026-01-01", "applied_on": "2026-02-01"}),
            P(who="둘째", won=3_000_000, facts={"birth_order": 2, "child_birth_date": "2024-11-01", "applied_on": "2026-11-01"}),
            P(who="2년이 지남", codes=("applied_too_late",), facts={"birth_order": 1, "child_birth_date": "2024-10-31", "applied_on": "2026-11-01"}),
            P(who="몇째인지 모름", codes=("amount_undetermined",), facts={"child_birth_date": "2026-01-01", "applied_on": "2026-02-01"}),
        ),
    ),
    Example(
        name="서울형 산후조리경비", type="BIR-007", assumed="출산일부터 180일 안에 신청",
        terms={
            "conditions": [[{"kind": "applied_within", "event": "child_birth_date", "length": 180, "unit": "days"}]],
            "amounts": [{"tiers": [
                {"when": [[{"kind": "fact", "fact": "birth_order", "is": "=", "value": 1}]], "won": 1_000_000},
                {"when": [[{"kind": "fact", "fact": "birth_order", "is": "=", "value": 2}]], "won": 1_200_000},
                {"when": [[{"kind": "fact", "fact": "birth_order", "is": ">=", "value": 3}]], "won": 1_500_000},
            ]}], "amount_max": 1_500_000, "validity_days": 365,
        },
        people=(*tuple(P(who=f"{order}째", won=won, facts={"birth_order": order, "child_birth_date": "2026-08-01", "applied_on": "2026-09-01"}) for order, won in ((1, 1000000), (2, 1200000), (3, 1500000), (5, 1500000))), P(who="0째", codes=("amount_undetermined",), facts={"birth_order": 0, "child_birth_date": "2026-08-01", "applied_on": "2026-09-01"})),
    ),
    Example(
        name="공주 출산장려금 2차", type="BIR-016", tranche=2, assumed="분할 간격 12개월, 둘째 200+150+150만의 2차",
        terms={
            "tranches": [
                {"label": "1차", "amounts": [{"tiers": [
                    {"when": [[{"kind": "fact", "fact": "birth_order", "is": "=", "value": 1}]], "won": 1_500_000},
                    {"when": [[{"kind": "fact", "fact": "birth_order", "is": "=", "value": 2}]], "won": 2_000_000}, {"won": 2_500_000}]}]},
                {"label": "2차", "months": 12, "amounts": [{"tiers": [
                    {"when": [[{"kind": "fact", "fact": "birth_order", "is": "<=", "value": 2}]], "won": 1_500_000}, {"won": 2_500_000}]}]},
            ],
            "amount_max": 2_500_000, "validity_days": 365,
        },
        people=(
            P(who="둘째, 1년 전 1차를 받음", won=1_500_000, facts={"birth_order": 2}, paid=(("2025-11-01", 2_000_000, 1),)),
            P(who="셋째, 1년 전 1차를 받음", won=2_500_000, facts={"birth_order": 3}, paid=(("2025-10-01", 2_500_000, 1),)),
            P(who="1차를 받은 지 11개월", codes=("tranche_too_early",), facts={"birth_order": 1}, paid=(("2025-12-01", 1_500_000, 1),)),
            P(who="1차를 받지 않음", codes=("tranche_too_early",), facts={"birth_order": 1}),
            P(who="2차를 이미 받음", codes=("tranche_paid_before",), facts={"birth_order": 1},
              paid=(("2024-11-01", 1_500_000, 1), ("2025-11-02", 1_500_000, 2))),
        ),
    ),
    Example(
        name="밀양 임신지원금", type="BIR-013",
        terms={
            "conditions": [
                [{"kind": "resident_for", "length": 180, "unit": "days", "before": "applied_on"}],
                [{"kind": "fact", "fact": "pregnancy_weeks", "is": ">=", "value": 20}],
            ],
            "amounts": [{"tiers": [{"won": 300_000}]}], "amount_max": 300_000, "validity_days": 365,
        },
        people=(
            P(who="20주, 180일 거주", won=300_000, since="2026-04-01", facts={"pregnancy_weeks": 20, "applied_on": "2026-09-28"}),
            P(who="19주", codes=("fact_differs",), facts={"pregnancy_weeks": 19, "applied_on": "2026-09-28"}),
            P(who="179일 거주", codes=("residence_too_short",), since="2026-04-02", facts={"pregnancy_weeks": 24, "applied_on": "2026-09-28"}),
            P(who="전입일을 모름", codes=("residence_unknown",), since=None, facts={"pregnancy_weeks": 24, "applied_on": "2026-09-28"}),
            P(who="전입일이 명단에 있음", won=300_000, since=None,
              facts={"pregnancy_weeks": 24, "applied_on": "2026-09-28", "moved_in_on": "2020-01-01"}),
        ),
    ),
    Example(
        name="하동형 육아수당", type="BIR-022",
        terms={
            "conditions": [[_CHILD | {"unit": "months", "min": 12, "max": 83}]],
            "amounts": [{"tiers": [{"won": 600_000}]}], "amount_max": 600_000, "validity_days": 365,
        },
        people=(
            P(who="83개월", won=600_000, facts={"child_birth_date": "2019-11-02"}),
            P(who="84개월", codes=("too_old",), facts={"child_birth_date": "2019-11-01"}),
            P(who="사망한 시민", codes=("deceased",), status="deceased", facts={"child_birth_date": "2024-11-01"}),
        ),
    ),
    Example(
        name="한부모가정 생활안정", type="FAM-003",
        terms={
            "conditions": [
                [{"kind": "category", "categories": ["single_parent"]}],
                [{"kind": "fact", "fact": "income_percent", "is": "<=", "value": 63}],
            ],
            "amounts": [{"tiers": [{"won": 100_000}]}], "amount_max": 100_000, "validity_days": 180,
        },
        people=(
            P(who="중위 63%", won=100_000, registered=("single_parent",), facts={"income_percent": 63}),
            P(who="중위 64%", codes=("fact_differs",), registered=("single_parent",), facts={"income_percent": 64}),
            P(who="한부모가 아님", codes=("category_missing",), facts={"income_percent": 30}),
        ),
    ),
    Example(
        name="다자녀 가정 생필품 바우처", type="FAM-005", assumed="만 18세 이하 자녀",
        terms={
            "conditions": [[{"kind": "children", "min": 2, "age_max": 18}], [{"kind": "head_of_household"}]],
            "amounts": [{"tiers": [{"won": 100_000}]}], "amount_max": 100_000, "validity_days": 180,
        },
        people=(
            P(who="두 자녀의 세대주", won=100_000, home=(("child", "2010-01-01"), ("child", "2012-01-01"))),
            P(who="한 자녀", codes=("children_differ",), home=(("child", "2010-01-01"), ("child", "2000-01-01"))),
            P(who="명단에 자녀 수와 세대주", won=100_000, facts={"child_count": 3, "head_of_household": True}),
            P(who="세대를 모름", codes=("household_unknown",)),
        ),
    ),
)  # fmt: skip
