"""What officials do at forms and pages, and what they are told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from allowances.batches import services
from allowances.batches.files import list_store
from allowances.batches.models import Batch
from allowances.programmes.models import Cycle
from tests.admin.conftest import Login
from tests.factories import AT
from tests.factories.everything import Everything
from tests.factories.lists import authority, read_list
from vouchers.common.models import uuid7
from vouchers.officials.models import Official, RoleAssignment
from vouchers.officials.rules import Role
from vouchers.partners.models import Partner, PartnerKey
from vouchers.privacy.models import AccessAction, AccessRecord


def role_form(official: Official, *roles: tuple[str, str]) -> dict[str, str]:
    """What the browser sends for an official whose new roles are these: role, last day."""
    fields = {"name": official.name, "username": official.username, "department": "", "position": "", "email": ""}
    held = list(official.assignments.all())
    count = {"assignments-TOTAL_FORMS": str(len(held) + len(roles)), "assignments-INITIAL_FORMS": str(len(held))}
    rows: dict[str, str] = {}
    kept = [(str(old.pk), old.role, old.valid_from.isoformat(), "") for old in held]
    for number, (key, role, begins, ends) in enumerate(
        [*kept, *(("", role, "2026-01-01", end) for role, end in roles)]
    ):
        start = f"assignments-{number}"
        rows |= {f"{start}-id": key, f"{start}-official": str(official.pk), f"{start}-role": role}
        rows |= {f"{start}-valid_from": begins, f"{start}-valid_until": ends, f"{start}-reason": "인사발령"}
    return fields | {"is_active": "on"} | count | rows


def test_roles_that_exclude_each_other_are_told_at_the_form(world: Everything, login: Login) -> None:
    client, drafter = login(Role.ADMINISTRATOR), world.officials[Role.DRAFTER]
    with world.city.scope():
        sent = role_form(drafter, (Role.PAYER, ""))
    answer = client.post(reverse("admin:vouchers_official_change", args=[drafter.pk]), sent)
    assert answer.status_code == 200
    said = "기안자 역할과 지급 담당자 역할은 같은 기간에 함께 가질 수 없습니다. 기존 역할의 종료일을 먼저 입력하십시오."
    assert said in answer.content.decode()
    with world.city.scope():
        assert set(drafter.assignments.values_list("role", flat=True)) == {Role.DRAFTER}


def test_roles_that_go_together_are_given(world: Everything, login: Login) -> None:
    client, drafter = login(Role.ADMINISTRATOR), world.officials[Role.DRAFTER]
    with world.city.scope():
        sent = role_form(drafter, (Role.MERCHANT_OFFICER, "2026-12-31"))
    assert client.post(reverse("admin:vouchers_official_change", args=[drafter.pk]), sent).status_code == 302
    with world.city.scope():
        given = RoleAssignment.objects.get(official=drafter, role=Role.MERCHANT_OFFICER)
    assert given.valid_until is not None
    assert given.valid_until.isoformat() == "2026-12-31"


def test_a_partners_secret_is_shown_once(world: Everything, login: Login) -> None:
    client = login(Role.ADMINISTRATOR)
    with world.city.scope():
        partner = world.row(Partner)
        known = set(PartnerKey.objects.values_list("pk", flat=True))
    answer = client.post(reverse("admin:partner_issue_key", args=[partner.pk]))
    with world.city.scope():
        key = PartnerKey.objects.exclude(pk__in=known).get()
    token = re.search(rf"{key.key_id}[^\s\"<]+", answer.content.decode())
    assert token is not None
    assert "no-store" in answer.headers["Cache-Control"]
    secret = token[0].removeprefix(key.key_id)
    page = client.get(reverse("admin:vouchers_partner_change", args=[partner.pk])).content.decode()
    assert key.key_id in page
    assert secret not in page
    assert client.get(reverse("admin:partner_issue_key", args=[partner.pk])).status_code == 405


@pytest.fixture
def faulty(world: Everything, settings: Any, tmp_path: Path) -> Batch:
    """A list whose only row names nobody, read and checked."""
    settings.SEALED_FILES_DIR = tmp_path
    drafter, store = world.officials[Role.DRAFTER], list_store()
    file = SimpleUploadedFile(
        "명단.csv", "성명,생년월일,휴대전화,지급액\n없는이,1990-02-03,01099999999,100000\n".encode()
    )
    with world.city.scope():
        batch = services.upload(
            cycle=world.row(Cycle), file=file, file_name="명단.csv", official=drafter, authority=authority(drafter),
            store=store, limit=1_000_000, at=AT,
        )  # fmt: skip
        return read_list(batch, store)


def test_the_annotated_copy_is_had_for_a_reason_that_is_recorded(
    world: Everything, login: Login, faulty: Batch
) -> None:
    client, address = login(Role.DRAFTER), reverse("admin:batch_annotated", args=[faulty.pk])
    with world.city.scope():
        before = AccessRecord.objects.filter(action=AccessAction.DOWNLOAD).count()
    assert client.post(address, {"reason": "왜"}).status_code == 302
    answer = client.post(address, {"reason": "오류 행 수정 후 다시 제출"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "없는이" in text
    assert "가입한 시민" in text
    with world.city.scope():
        record = AccessRecord.objects.filter(action=AccessAction.DOWNLOAD).latest("at")
        assert AccessRecord.objects.filter(action=AccessAction.DOWNLOAD).count() == before + 1
    assert (record.official_id, record.subject, record.reason, record.count) == (
        world.officials[Role.DRAFTER].pk, f"batch {faulty.pk}", "오류 행 수정 후 다시 제출", 1,
    )  # fmt: skip


def test_a_row_that_does_not_exist_is_not_found(world: Everything, login: Login) -> None:
    answer = login(Role.ADMINISTRATOR).get(reverse("admin:merchants_merchant_change", args=[uuid7()]))
    assert answer.status_code == 404
    assert "화면을 찾을 수 없습니다" in answer.content.decode()
