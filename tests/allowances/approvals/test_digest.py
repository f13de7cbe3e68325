"""The daily mail: one for each official for whom something waits, none twice, and nobody's data in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from allowances.approvals import services
from allowances.approvals.digest import send_digests
from allowances.approvals.models import ApprovalLineStep, DigestMail
from allowances.batches.models import BatchRow
from tests import factories
from tests.factories import AT
from tests.factories.lists import make_list, make_office, submitted
from vouchers.common.korean import document_date
from vouchers.common.seoul import business_date
from vouchers.officials.models import Absence, Official
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db
TODAY = business_date(AT)
SITE = "https://jangteo.example.go.kr"


class Post:
    """A mail server that keeps what it gets, and refuses some addresses."""

    def __init__(self, *refused: str) -> None:
        self.mails: list[tuple[str, str, str]] = []
        self.refused = refused

    def __call__(self, subject: str, text: str, address: str) -> None:
        if address in self.refused:
            raise ConnectionRefusedError(address)
        self.mails.append((subject, text, address))

    @property
    def addresses(self) -> list[str]:
        return sorted(address for _, _, address in self.mails)


@pytest.fixture
def office():
    made = make_office()
    with made.city.scope():
        for role, official in made.officials.items():
            official.email = f"{role}@example.go.kr"
            official.save()
        yield made


def send(office: Any, post: Post, at: Any = AT) -> int:
    return send_digests(municipality=office.city.code, at=at, send=post, site=SITE)


def test_who_must_act_is_written_to_and_nobody_else(office):
    batch, post = submitted(office, make_list(office)), Post()
    assert send(office, post) == 1
    ((subject, text, address),) = post.mails
    assert address == "reviewer@example.go.kr"
    assert subject == f"[장터] 처리할 결재 1건 ({document_date(TODAY)})"
    assert str(office.programme) in text
    assert "300,000원" in text
    assert f"{SITE}/admin/allowances/batch/{batch.pk}/approval/" in text
    assert f"{document_date(TODAY)} 12:00부터" in text


def test_no_recipient_is_named(office):
    batch, post = submitted(office, make_list(office)), Post()
    send(office, post)
    text = post.mails[0][1]
    for row in BatchRow.objects.filter(batch_id=batch.pk):
        assert row.name not in text
        assert row.phone not in text


def test_nobody_is_written_to_twice_a_day(office):
    submitted(office, make_list(office))
    post = Post()
    assert [send(office, post), send(office, post), send(office, post, AT + timedelta(days=1))] == [1, 0, 1]
    assert DigestMail.objects.count() == 2


def test_a_mail_that_fails_stops_no_other(office):
    second = factories.make_official(office.city, Role.REVIEWER, email="second@example.go.kr")
    submitted(office, make_list(office))
    post = Post("reviewer@example.go.kr")
    assert send(office, post) == 1
    assert post.addresses == ["second@example.go.kr"]
    failed = DigestMail.objects.get(official=office.officials[Role.REVIEWER])
    assert (failed.failure, failed.sent_at) == ("ConnectionRefusedError", None)
    assert DigestMail.objects.get(official=second).sent_at == AT


@pytest.mark.parametrize("change", [{"wants_digest": False}, {"email": ""}, {"is_active": False}])
def test_who_does_not_want_it_cannot_get_it_or_has_left_is_not_written_to(office, change):
    submitted(office, make_list(office))
    Official.objects.filter(pk=office.officials[Role.REVIEWER].pk).update(**change)
    post = Post()
    assert send(office, post) == 0
    assert not DigestMail.objects.exists()


def test_what_came_back_is_told_to_its_drafter(office):
    batch, post = submitted(office, make_list(office)), Post()
    services.send_back(batch=batch, reason="근거", digest=batch.digest, at=AT, **office.acting(Role.REVIEWER))
    assert send(office, post) == 1
    assert post.addresses == ["drafter@example.go.kr"]
    assert "반려" in post.mails[0][1]


def test_a_deputy_is_told_in_whose_place(office):
    reviewer = office.officials[Role.REVIEWER]
    deputy = factories.make_official(office.city, email="deputy@example.go.kr")
    Absence.objects.create(
        municipality=office.city.municipality, official=reviewer, deputy=deputy, valid_from=TODAY, valid_until=TODAY,
        reason="출장",
    )  # fmt: skip
    submitted(office, make_list(office))
    post = Post()
    assert send(office, post) == 2
    text = next(text for _, text, address in post.mails if address == "deputy@example.go.kr")
    assert f"대결: {reviewer} 부재" in text


def test_the_due_day_is_told_and_that_it_has_passed(office):
    ApprovalLineStep.objects.filter(role=Role.REVIEWER).update(due_days=1)
    submitted(office, make_list(office))
    post = Post()
    send(office, post, AT + timedelta(days=7))
    assert "(지남)" in post.mails[0][1]
