"""What officials type, see and decide about benefits: terms and their sentences, a trial, the month's standing, stops."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from tests.admin.conftest import Login
from tests.factories.benefits import make_draft, make_fund, make_policy
from tests.factories.everything import Everything
from vouchers.currencies.models import Currency
from vouchers.incentives import services
from vouchers.incentives.models import BenefitFund, BenefitHalt, BenefitPolicy, BenefitSimulation
from vouchers.municipalities.models import Dong
from vouchers.officials.rules import Role


def test_a_trial_is_shown_before_publishing(world: Everything, login: Login) -> None:
    with world.city.scope():
        terms = make_draft(world.city, make_fund(world.city))
    client, address = login(Role.APPROVER), reverse("admin:vouchers_benefitterms_change", args=[terms.pk])
    assert "모의 적용한 결과가 없습니다" in client.get(address).text
    client.post(reverse("admin:benefit_trial", args=[terms.pk]))
    with world.city.scope():
        trial = BenefitSimulation.objects.get(terms=terms)
        services.run_trial(municipality=world.city.code, simulation_id=trial.pk)
        trial.refresh_from_db()
        assert trial.state == "done"
    page = client.get(address).text
    assert "예상 혜택" in page
    assert "모의 적용한 결과가 없습니다" not in page


def test_an_approver_stops_and_resumes_a_policy_with_reasons(world: Everything, login: Login) -> None:
    with world.city.scope():
        policy = make_policy(world.city, make_fund(world.city), budget_month=1_000_000).policy
    client, address = login(Role.APPROVER), reverse("admin:vouchers_benefitpolicy_change", args=[policy.pk])
    assert "이달 사용액" in client.get(address).text
    stop, resume = (reverse(f"admin:benefit_{verb}", args=[policy.pk]) for verb in ("halt", "resume"))
    client.post(stop, {"reason": " "})
    with world.city.scope():
        assert not BenefitHalt.objects.filter(policy=policy, ended_at=None).exists()
    assert "부정 결제 점검" in client.post(stop, {"reason": "부정 결제 점검"}, follow=True).text
    with world.city.scope():
        assert BenefitHalt.objects.get(policy=policy, ended_at=None).official == world.officials[Role.APPROVER]
    client.post(resume, {"reason": "점검 완료"})
    with world.city.scope():
        assert BenefitHalt.objects.filter(policy=policy, end_reason="점검 완료").count() == 1


def test_a_drafter_sees_the_month_and_cannot_stop_it(world: Everything, login: Login) -> None:
    with world.city.scope():
        policy = make_policy(world.city, make_fund(world.city), budget_month=1_000_000).policy
    page = login(Role.DRAFTER).get(reverse("admin:vouchers_benefitpolicy_change", args=[policy.pk])).text
    assert "남은 월 예산" in page
    assert reverse("admin:benefit_halt", args=[policy.pk]) not in page


def filled(page: Any, **changes: Any) -> dict[str, Any]:
    """What a browser would send of the form on the page, with some fields filled in otherwise."""
    form = page.context["adminform"].form
    sets = [inline.formset for inline in page.context["inline_admin_formsets"]]
    bound = [field for part in [form, *(f for s in sets for f in [s.management_form, *s.forms])] for field in part]
    sent: dict[str, Any] = {}
    for field in bound:
        value, name = field.value(), field.html_name
        if field.name == "steps":
            sent |= {f"{name}_{n}": part for n, part in enumerate(value) if part is not None}
        elif value is not None and value is not False and value != "":
            sent[name] = value
    return sent | changes


def test_rates_steps_and_shops_are_typed_as_officials_say_them(world: Everything, login: Login) -> None:
    with world.city.scope():
        terms = make_draft(world.city, make_fund(world.city), rate=30, budget_month=1_000_000, base_kinds=["purchase"])
        tier, dong = terms.tiers.get(), Dong.objects.first()
        assert dong is not None
    client, address = login(Role.DRAFTER), reverse("admin:vouchers_benefitterms_change", args=[terms.pk])
    page = client.get(address)
    form = page.context["adminform"].form
    assert form["base_kinds"].value() == ["purchase"]
    row = page.context["inline_admin_formsets"][0].formset.forms[0]
    assert row["rate"].value() == "0.3"
    sent = filled(page, **{
        "tiers-0-rate": "12.34", "tiers-0-dongs": [dong.name], "tiers-0-categories": ["cafe"], "tiers-0-spend_up_to": "300000",
        "base_kinds": ["purchase", "grant"], "for_corporations": "on", "steps_0": "90", "steps_1": "12.5", "steps_2": "80",
        "steps_3": "50",
    })  # fmt: skip
    assert client.post(address, sent).status_code == 302
    with world.city.scope():
        terms.refresh_from_db()
        tier.refresh_from_db()
    assert (tier.rate, tier.dongs, tier.categories, tier.spend_up_to) == (1_234, [dong.name], ["cafe"], 300_000)
    assert (terms.step_percents, terms.step_factors) == ([80, 90], [5_000, 1_250])
    assert (terms.base_kinds, terms.for_corporations) == (["purchase", "grant"], True)
    again = client.get(address)
    shown = again.text
    assert again.context["adminform"].form["steps"].value() == [80, "50", 90, "12.5", None, None]
    assert client.post(address, filled(again)).status_code == 302
    with world.city.scope():
        terms.refresh_from_db()
    assert (terms.step_percents, terms.step_factors) == ([80, 90], [5_000, 1_250])
    assert f"{dong.name}, 카페·제과 업종 가맹점 · 월 사용액 30만 원까지: 12.34%" in shown
    assert "1/10000" not in shown


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tiers-0-rate": "0.001"}, "유효자리"),
        ({"tiers-0-rate": "101"}, "100"),
        ({"tiers-0-dongs": ["없는동"]}, "없는 항목입니다: 없는동"),
        ({"tiers-0-categories": ["casino"]}, "없는 항목입니다: casino"),
        ({"tiers-0-spend_above": "5", "tiers-0-spend_up_to": "5"}, "보다 커야 합니다"),
        ({"steps_0": "80"}, "소진율과 지급률을 함께"),
        ({"steps_0": "80", "steps_1": "50", "steps_2": "80", "steps_3": "40"}, "소진율이 같은 단계"),
        ({"steps_0": "80", "steps_1": "50", "steps_2": "90", "steps_3": "60"}, "더 낮아야 합니다"),
        ({"steps_0": "80", "steps_1": "50", "budget_month": ""}, "예산을 함께 입력"),
        ({"base_kinds": []}, "필수"),
    ],
)
def test_what_is_wrong_is_refused_at_its_field(
    world: Everything, login: Login, changes: dict[str, Any], message: str
) -> None:
    with world.city.scope():
        terms = make_draft(world.city, make_fund(world.city), budget_month=1_000_000)
    client, address = login(Role.DRAFTER), reverse("admin:vouchers_benefitterms_change", args=[terms.pk])
    answer = client.post(address, filled(client.get(address), **changes))
    assert answer.status_code == 200
    wrong = [answer.context["adminform"].form, *answer.context["inline_admin_formsets"][0].formset.forms]
    errors = [str(text) for form in wrong for name, texts in form.errors.items() if name != "__all__" for text in texts]
    assert any(message in text for text in errors), errors


def test_a_fund_of_another_currency_and_shops_and_budget_of_a_top_up_are_refused(
    world: Everything, login: Login
) -> None:
    with world.city.scope():
        fund = make_fund(world.city)
        policy = BenefitPolicy.objects.create(
            municipality=world.city.municipality, currency=world.city.currency, kind="top_up", name="충전 인센티브"
        )
        terms = make_draft(world.city, fund, policy=policy)
        other = Currency.objects.create(municipality=world.city.municipality, name="다른 상품권", name_en="Other")
        foreign = BenefitFund.objects.create(
            municipality=world.city.municipality, currency=other, name="다른 재원", payer="city"
        )
    client, address = login(Role.DRAFTER), reverse("admin:vouchers_benefitterms_change", args=[terms.pk])
    changes = {"own_fund": str(foreign.pk), "tiers-0-fund": str(foreign.pk), "tiers-0-categories": ["cafe"]}
    changes |= {"budget_month": "1000000", "steps_0": "80", "steps_1": "50"}
    answer = client.post(address, filled(client.get(address), **changes))
    assert sorted(answer.context["adminform"].form.errors) == ["budget_month", "own_fund", "steps"]
    assert sorted(answer.context["inline_admin_formsets"][0].formset.forms[0].errors) == ["categories", "fund"]


def test_the_page_of_a_top_up_benefit_leads_to_its_versions_and_stops_it(world: Everything, login: Login) -> None:
    with world.city.scope():
        policy = BenefitPolicy.objects.create(
            municipality=world.city.municipality, currency=world.city.currency, kind="top_up", name="충전 인센티브"
        )
        terms = make_policy(world.city, make_fund(world.city), policy=policy)
    page = reverse("admin:vouchers_benefitpolicy_change", args=[policy.pk])
    seen = login(Role.APPROVER).get(page).text
    assert reverse("admin:vouchers_benefitterms_change", args=[terms.pk]) in seen
    assert reverse("admin:benefit_halt", args=[policy.pk]) in seen
    assert "이달 사용액" not in seen  # what top-ups add is not summed by month
    new = f"{reverse('admin:vouchers_benefitterms_add')}?policy={policy.pk}"
    assert new not in seen
    assert new in login(Role.DRAFTER).get(page).text


def test_published_terms_are_read_in_words(world: Everything, login: Login) -> None:
    with world.city.scope():
        terms = make_policy(
            world.city,
            make_fund(world.city),
            rate=700,
            budget_month=20_000_000,
            step_percents=[80],
            step_factors=[5_000],
        )
    page = login(Role.AUDITOR).get(reverse("admin:vouchers_benefitterms_change", args=[terms.pk])).text
    for told in (
        "월 사용액 전부: 7%",
        "정책수당, 구매금",
        "월 예산 2,000만 원",
        "위 지급률의 50%만",
        "소진율 80% 부터 지급률 50%",
        "모든 업종",
    ):
        assert told in page
    assert "5,000" not in page


def test_a_trial_shows_how_far_it_is_and_then_what_each_tier_cost(world: Everything, login: Login) -> None:
    with world.city.scope():
        terms = make_draft(world.city, make_fund(world.city))
        trial = BenefitSimulation.objects.create(
            municipality=world.city.municipality, terms=terms, month=date(2026, 2, 1), state="running", payments=400,
            done_payments=100, official=world.officials[Role.DRAFTER],
        )  # fmt: skip
    client = login(Role.DRAFTER)
    address = reverse("admin:vouchers_benefitterms_change", args=[terms.pk])
    progress = reverse("admin:benefit_trial_progress", args=[terms.pk])
    assert f'data-progress="{progress}"' in client.get(address).text
    now = client.get(progress).json()
    assert (now["working"], now["percent"], now["text"]) == (True, 25, "결제 400건 가운데 100건 계산(25%)")
    with world.city.scope():
        tier = terms.tiers.get()
        trial.state, trial.result = "done", {
            "cost": 50_000, "payments": 3, "members": 2, "capped": 0, "budget": None, "ended": None, "days": [],
            "funds": {str(tier.fund_id): 50_000}, "tiers": {str(tier.pk): {"won": 50_000, "payments": 2}},
        }  # fmt: skip
        trial.save()
    assert client.get(progress).json()["working"] is False
    page = client.get(address).text
    assert "data-progress" not in page
    assert "66.6%" in page


def test_a_draft_shows_what_it_would_change(world: Everything, login: Login) -> None:
    with world.city.scope():
        fund = make_fund(world.city)
        old = make_policy(world.city, fund, rate=700, budget_month=20_000_000)
        draft = make_draft(
            world.city, fund, policy=old.policy, rate=500, budget_month=20_000_000, valid_from=date(2030, 1, 1)
        )
    client = login(Role.APPROVER)
    found = client.get(reverse("admin:vouchers_benefitterms_change", args=[draft.pk]))
    changes = found.context["changes"]
    assert (changes.since, changes.ends, changes.begins) == (
        old.valid_from, ["월 사용액 전부: 7% (시·군비)"], ["월 사용액 전부: 5% (시·군비)"],
    )  # fmt: skip
    assert "<del>월 사용액 전부: 7% (시·군비)</del>" in found.text
    assert client.get(reverse("admin:vouchers_benefitterms_change", args=[old.pk])).context["changes"] is None
