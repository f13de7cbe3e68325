"""The page of a webhook endpoint: what became of each message, and what an official can do about it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from psycopg.types.json import Jsonb

from tests.admin.conftest import Login
from tests.factories import AT
from tests.factories.everything import Everything
from tests.vouchers.webhooks.receiving import receiver
from vouchers.ledger.services import call
from vouchers.officials.rules import Role
from vouchers.webhooks import selectors, services
from vouchers.webhooks.models import WebhookEndpoint, WebhookEvent
from vouchers.webhooks.sending import Sender

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(login: Login) -> Client:
    return login(Role.ADMINISTRATOR)


def endpoint_of(world: Everything) -> WebhookEndpoint:
    with world.city.scope():
        return WebhookEndpoint.objects.get()


def press(officer: Client, world: Everything, button: str, **values: Any) -> str:
    address = reverse(f"admin:webhook_{button}", args=[endpoint_of(world).pk])
    return officer.post(address, values, follow=True).text


def told(world: Everything, answer: int) -> Any:
    """Send what is due to a server that answers so; what it got."""
    with receiver(answer) as to:
        with world.city.scope():
            WebhookEndpoint.objects.update(url=to.url)
        with Sender(loopback=True, timeout=1.0) as sender:
            services.deliver(sender=sender, clock=lambda: datetime.now(UTC) + timedelta(seconds=1))
    return to.received


def show(officer: Client, world: Everything, query: str = "") -> str:
    address = reverse("admin:vouchers_webhookendpoint_change", args=[endpoint_of(world).pk])
    return officer.get(address + query).text


def test_the_last_answer_stands_beside_each_message(officer: Client, world: Everything) -> None:
    assert "전송 대기" in show(officer, world)
    told(world, 503)
    page = show(officer, world)
    assert "결제 완료" in page
    assert "503 · " in page
    assert "다시 시도" in page
    assert "이 상태의 알림이 없습니다." in show(officer, world, "?state=delivered")
    assert "503 · " in show(officer, world, "?state=waiting")


def test_one_message_is_sent_once_more(officer: Client, world: Everything) -> None:
    assert len(told(world, 200)) == 1
    with world.city.scope():
        event = WebhookEvent.objects.get().pk
    assert "알림을 다시 보냅니다." in press(officer, world, "resend", event=event)
    assert [message.headers["webhook-id"] for message in told(world, 200)] == [str(event)]
    for nothing in ("", "x", UUID(int=0)):
        assert "이 종류의 알림을 받는 수신 주소가 없습니다." in press(officer, world, "resend", event=nothing)
    assert told(world, 200) == []


def test_everything_missed_is_sent_once_more(officer: Client, world: Everything) -> None:
    with world.city.scope():
        partner = endpoint_of(world).partner_id
        call("webhooks.emit", world.city.code, "payment.paid", [partner], Jsonb({"n": 2}), AT)
    told(world, 410)
    assert "중지" in show(officer, world)
    assert "사용 중인 수신 주소가 아닙니다." in press(officer, world, "resend_missed", since="2020-01-01T00:00")
    press(officer, world, "verify")
    assert [json.loads(message.body)["type"] for message in told(world, 200)] == ["webhook.ping"]
    assert "알림 2건을 다시 보냅니다." in press(officer, world, "resend_missed", since="2020-01-01T00:00")
    assert len(told(world, 200)) == 2
    assert "알림 0건을 다시 보냅니다." in press(officer, world, "resend_missed", since="2020-01-01T00:00")


@pytest.mark.parametrize("since", ["", "soon", "0001-01-01T00:00", "2026-13-01T00:00"])
def test_a_time_that_is_none_is_asked_for_again(officer: Client, world: Everything, since: str) -> None:
    assert "일시를 입력하십시오" in press(officer, world, "resend_missed", since=since)


def test_an_endpoint_is_stopped(officer: Client, world: Everything) -> None:
    assert "사용을 중지했습니다." in press(officer, world, "stop")
    assert "담당자가 중지" in show(officer, world)
    assert told(world, 200) == []
    assert "사용 중인 수신 주소가 아닙니다." in press(officer, world, "stop")


def test_the_home_page_tells_who_no_longer_gets_anything(officer: Client, login: Login, world: Everything) -> None:
    home = reverse("admin:index")
    assert "알림을 받지 못하고 있습니다." not in officer.get(home).text
    told(world, 410)
    page = officer.get(home).text
    assert f"{endpoint_of(world).partner}: 알림을 받지 못하고 있습니다." in page
    assert "수신 종료(410)" in page
    assert "알림을 받지 못하고 있습니다." not in login(Role.DRAFTER).get(home).text
    with world.city.scope():
        WebhookEndpoint.objects.update(state_at=datetime.now(UTC) - selectors.TOLD_FOR)
    assert "알림을 받지 못하고 있습니다." not in officer.get(home).text
