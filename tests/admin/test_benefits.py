"""What officials see and decide about benefits: a trial before publishing, the month's standing, stop and resume."""

from __future__ import annotations

from django.urls import reverse

from tests.admin.conftest import Login
from tests.factories.benefits import make_draft, make_fund, make_policy
from tests.factories.everything import Everything
from vouchers.incentives import services
from vouchers.incentives.models import BenefitHalt, BenefitSimulation
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
