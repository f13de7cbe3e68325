"""전입·결혼."""

from __future__ import annotations

from typing import Any

from tests.allowances.programmes.worked import Example, P


def _elsewhere(length: int, unit: str = "years") -> list[dict[str, Any]]:
    return [{"kind": "lived_elsewhere", "length": length, "unit": unit}]


def _size(people: int, won: int) -> dict[str, Any]:
    return {"when": [[{"kind": "household_size", "max": people}]], "won": won}


_PYEONGCHANG = {
    "tranches": [
        {"label": "전입 익월", "amounts": [{"tiers": [{"won": 50_000}]}]},
        {
            "label": "6개월 체류 확인", "months": 6, "amounts": [{"tiers": [{"won": 250_000}]}],
            "conditions": [[{"kind": "still_resident", "length": 6, "unit": "months", "event": "moved_in_on"}]],
        },
    ],
    "amount_max": 250_000, "validity_days": 365,
}  # fmt: skip

EXAMPLES = (
    Example(
        name="하동 전입세대 지원금", type="MOV-025", assumed="4인 이상은 4인과 같음, 세대주에게 지급",
        terms={
            "conditions": [[{"kind": "head_of_household"}]],
            "amounts": [{"tiers": [_size(1, 100_000), _size(2, 300_000), _size(3, 500_000), {"won": 700_000}]}],
            "amount_max": 700_000, "validity_days": 365,
        },
        people=(
            P(who="1인 세대", won=100_000, home=(("head", ""),)),
            P(who="2인 세대", won=300_000, home=(("spouse", "1986-01-01"),)),
            P(who="3인 세대(명단)", won=500_000, facts={"household_size": 3, "head_of_household": True}),
            P(who="5인 세대(명단)", won=700_000, facts={"household_size": 5, "head_of_household": True}),
            P(who="세대주가 아님", codes=("not_head_of_household",), facts={"household_size": 2, "head_of_household": False}),
            P(who="세대를 모름", codes=("amount_undetermined", "household_unknown")),
        ),
    ),
    Example(
        name="평창 전입지원금 1차", type="MOV-013", tranche=1, terms=_PYEONGCHANG,
        people=(
            P(who="지난달 전입", won=50_000, since="2026-10-05"),
            P(who="기준일 뒤 전입", codes=("moved_in_later",), since="2026-11-02"),
            P(who="1차를 작년에 받음", codes=("tranche_paid_before",), since="2025-10-05", paid=(("2025-11-01", 50_000, 1),)),
        ),
    ),
    Example(
        name="평창 전입지원금 2차", type="MOV-014", tranche=2, terms=_PYEONGCHANG,
        people=(
            P(who="6개월 거주", won=250_000, since="2026-04-20", paid=(("2026-05-01", 50_000, 1),)),
            P(who="1차 뒤 6개월이 안 됨", codes=("tranche_too_early",), since="2026-04-20", paid=(("2026-06-01", 50_000, 1),)),
            P(who="나갔다가 다시 전입", codes=("not_still_resident",), since="2026-08-01", paid=(("2026-05-01", 50_000, 1),)),
            P(who="1차를 받지 않음", codes=("tranche_too_early",), since="2026-04-20"),
        ),
    ),
    Example(
        name="태안 전입자 지원금", type="MOV-015",
        terms={"conditions": [_elsewhere(5)], "amounts": [{"tiers": [{"won": 50_000}]}], "amount_max": 50_000, "validity_days": 1825},
        people=(
            P(who="처음 전입", won=50_000, since="2026-10-01"),
            P(who="5년 만에 재전입", won=50_000, since="2026-10-01", lived=(("2010-01-01", "2021-10-01"),)),
            P(who="4년 만에 재전입", codes=("lived_here_before",), since="2026-10-01", lived=(("2010-01-01", "2022-10-01"),)),
            P(who="명단의 전출일", codes=("lived_here_before",), since="2026-10-01", facts={"left_on": "2026-01-01"}),
        ),
    ),
    Example(
        name="동두천 전입장려금 2차", type="MOV-002", tranche=2,
        terms={
            "tranches": [
                {"label": "온누리", "conditions": [_elsewhere(1)], "amounts": [{"tiers": [{"won": 20_000}]}]},
                {"label": "동두천사랑카드", "months": 6, "amounts": [{"tiers": [{"won": 30_000}]}]},
            ],
            "amount_max": 30_000, "validity_days": 365,
        },
        people=(
            P(who="6개월 거주", won=30_000, since="2026-03-01", paid=(("2026-05-01", 20_000, 1),)),
            P(who="전출", codes=("moved_out",), since="2026-03-01", status="moved_out", paid=(("2026-05-01", 20_000, 1),)),
        ),
    ),
    Example(
        name="울산 전입세대 환영지원금", type="MOV-037",
        terms={
            "conditions": [
                [{"kind": "head_of_household"}],
                [{"kind": "applied_within", "event": "moved_in_on", "length": 1, "unit": "years"}],
                [{"kind": "received", "times": 1, "period": "lifetime", "scope": "own"}],
            ],
            "amounts": [{"tiers": [{"won": 50_000}]}], "amount_max": 50_000, "validity_days": 365,
        },
        people=(
            P(who="1년째 신청", won=50_000, since="2025-10-01", facts={"head_of_household": True, "applied_on": "2026-10-01"}),
            P(who="1년이 지나 신청", codes=("applied_too_late",), since="2025-09-30", facts={"head_of_household": True, "applied_on": "2026-10-01"}),
            P(who="몇 해 전 받음", codes=("received_before",), since="2026-05-01", facts={"head_of_household": True, "applied_on": "2026-10-01"},
              paid=(("2019-01-01", 50_000, None),)),
        ),
    ),
    Example(
        name="영덕 전입지원금", type="MOV-031",
        terms={
            "conditions": [[{"kind": "per_household", "by": "household_number", "times": 3}]],
            "amounts": [{"tiers": [{"won": 100_000}]}], "amount_max": 100_000, "validity_days": 365,
        },
        people=(
            *(P(who=f"같은 세대 {number}번째", won=100_000, facts={"household_number": "가-1"}) for number in (1, 2, 3)),
            P(who="같은 세대 4번째", codes=("household_full",), facts={"household_number": "가-1"}),
            P(who="다른 세대", won=100_000, facts={"household_number": "가-2"}),
        ),
    ),
    Example(
        name="강릉 전입 축하 지원금", type="MOV-012",
        terms={
            "amounts": [{"tiers": [{"when": [[{"kind": "household_size", "min": 2}]], "won": 30_000}, {"won": 10_000}]}],
            "amount_max": 30_000, "validity_days": 365,
        },
        people=(
            P(who="2인 세대", won=30_000, facts={"household_size": 2}), P(who="단독 세대", won=10_000, facts={"household_size": 1}),
            P(who="모름", codes=("amount_undetermined",)),
        ),
    ),
    Example(
        name="음성 대학생 전입지원 3차", type="MOV-039", tranche=3, assumed="재학은 명단으로 확인",
        terms={
            "conditions": [[{"kind": "fact", "fact": "enrolled", "is": "=", "value": True}]],
            "tranches": [{"label": f"{n}차", **({"months": 6} if n > 1 else {}), "amounts": [{"tiers": [{"won": 250_000}]}]} for n in (1, 2, 3, 4)],
            "amount_max": 250_000, "validity_days": 1825,
        },
        people=(
            P(who="2차 뒤 6개월, 재학", won=250_000, facts={"enrolled": True}, paid=(("2026-05-01", 250_000, 2),)),
            P(who="졸업", codes=("fact_differs",), facts={"enrolled": False}, paid=(("2026-05-01", 250_000, 2),)),
            P(who="2차를 건너뜀", codes=("tranche_too_early",), facts={"enrolled": True}, paid=(("2025-11-01", 250_000, 1),)),
        ),
    ),
    Example(
        name="화천 결혼지원금 2차", type="MAR-004", tranche=2, assumed="1차 50만, 1년 뒤 100만, 계속 거주",
        terms={
            "conditions": [[{"kind": "fact", "fact": "first_marriage", "is": "=", "value": True}]],
            "tranches": [
                {"label": "1차", "amounts": [{"tiers": [{"won": 500_000}]}]},
                {"label": "2차", "months": 12, "amounts": [{"tiers": [{"won": 1_000_000}]}],
                 "conditions": [[{"kind": "still_resident", "length": 1, "unit": "years", "event": "married_on"}]]},
            ],
            "amount_max": 1_000_000, "validity_days": 365,
        },
        people=(
            P(who="혼인 1년", won=1_000_000, facts={"first_marriage": True, "married_on": "2025-08-01"}, paid=(("2025-10-01", 500_000, 1),)),
            P(who="혼인 뒤 전입", codes=("not_still_resident",), since="2025-09-01", facts={"first_marriage": True, "married_on": "2025-08-01"},
              paid=(("2025-10-01", 500_000, 1),)),
            P(who="재혼", codes=("fact_differs",), facts={"first_marriage": False, "married_on": "2025-08-01"}, paid=(("2025-10-01", 500_000, 1),)),
        ),
    ),
    Example(
        name="함안 신혼부부 결혼장려금", type="MAR-001", assumed="혼인신고일에 6개월 이상 거주",
        terms={
            "conditions": [
                [{"kind": "age", "min": 19, "max": 49, "on": "married_on"}],
                [{"kind": "fact", "fact": "first_marriage", "is": "=", "value": True}],
                [{"kind": "resident_for", "length": 6, "unit": "months", "before": "married_on"}],
            ],
            "amounts": [{"tiers": [{"won": 2_000_000}]}], "amount_max": 2_000_000, "validity_days": 365,
        },
        people=(
            P(who="49세", won=2_000_000, birth="1976-06-02", facts={"first_marriage": True, "married_on": "2026-06-01"}),
            P(who="50세가 된 날 혼인", codes=("too_old",), birth="1976-06-01", facts={"first_marriage": True, "married_on": "2026-06-01"}),
            P(who="거주 5개월", codes=("residence_too_short",), since="2026-01-01", facts={"first_marriage": True, "married_on": "2026-06-01"}),
        ),
    ),
    Example(
        name="동해 군장병 전입장려금", type="MIL-002", assumed="입영일이 있는 사람",
        terms={
            "conditions": [
                [{"kind": "still_resident", "length": 6, "unit": "months", "event": "moved_in_on"}],
                [{"kind": "fact", "fact": "enlisted_on", "is": "<=", "value": "2026-11-01"}],
            ],
            "amounts": [{"tiers": [{"won": 200_000}]}], "amount_max": 200_000, "validity_days": 365,
        },
        people=(
            P(who="전입 6개월", won=200_000, since="2026-05-01", facts={"enlisted_on": "2026-02-01"}),
            P(who="전입 5개월", codes=("not_still_resident",), since="2026-05-02", facts={"enlisted_on": "2026-02-01"}),
            P(who="입영일 빈칸", codes=("fact_missing",), since="2026-05-01"),
        ),
    ),
)  # fmt: skip
