"""What an administrator does with partners: the least they need, their keys, and what they did lately."""

from __future__ import annotations

import html

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.urls import reverse

from tests.admin.conftest import Login
from tests.factories.everything import Everything
from vouchers.ledger.services import call
from vouchers.officials.rules import Role
from vouchers.partners.models import Partner, PartnerKey
from vouchers.partners.rules import SCOPES_OF, Kind, Scope


def add(client, **fields):
    sent = {"name": "새 기관", "requires_signature": "on", "requests_per_minute": "600", "is_active": "on"} | fields
    return client.post(reverse("admin:vouchers_partner_add"), sent, follow=True)


def test_a_kind_gives_the_least_that_it_needs(world: Everything, login: Login) -> None:
    add(login(Role.ADMINISTRATOR), kind=Kind.BANK)
    with world.city.scope():
        partner = Partner.objects.get(name="새 기관")
    assert set(partner.scopes) == set(SCOPES_OF[Kind.BANK])
    assert (partner.requests_per_minute, partner.requires_signature) == (600, True)


def test_boxes_that_are_ticked_count_whatever_the_kind(world: Everything, login: Login) -> None:
    add(login(Role.ADMINISTRATOR), kind=Kind.BANK, scopes=[Scope.PAYMENTS_READ])
    with world.city.scope():
        assert Partner.objects.get(name="새 기관").scopes == [Scope.PAYMENTS_READ]


def test_the_form_says_what_each_scope_opens(world: Everything, login: Login) -> None:
    page = html.unescape(login(Role.ADMINISTRATOR).get(reverse("admin:vouchers_partner_add")).text)
    assert "결제·결제 취소 — POST /payments, " in page
    assert "POST /payments/{payment}/cancellations" in page
    for scope in Scope:
        assert f'value="{scope}"' in page
    assert all(str(kind.label) in page for kind in Kind)


def test_every_scope_belongs_to_some_kind() -> None:
    assert {scope for scopes in SCOPES_OF.values() for scope in scopes} == set(Scope)
    assert SCOPES_OF.keys() == set(Kind)


def test_a_wrong_limit_and_an_unknown_scope_are_refused(world: Everything, login: Login) -> None:
    client = login(Role.ADMINISTRATOR)
    for wrong in ({"requests_per_minute": "0"}, {"requests_per_minute": "-1"}, {"scopes": ["everything"]}):
        assert "새 기관" in add(client, **wrong).text
    with world.city.scope():
        assert not Partner.objects.filter(name="새 기관").exists()


def test_working_without_signatures_is_warned_of(world: Everything, login: Login) -> None:
    said = add(login(Role.ADMINISTRATOR), kind=Kind.WITNESS, requires_signature="").text
    assert "서명 없이도 이 기관의 요청을 처리합니다" in said


def test_a_public_key_is_registered_and_a_private_one_refused(world: Everything, login: Login) -> None:
    client, pair = login(Role.ADMINISTRATOR), Ed25519PrivateKey.generate()
    with world.city.scope():
        partner = world.row(Partner)
        before = PartnerKey.objects.count()
    address = reverse("admin:partner_issue_key", args=[partner.pk])
    private = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert "개인키는 기관 밖으로" in client.post(address, {"public_key": private}, follow=True).text
    public = pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    shown = client.post(address, {"public_key": public})
    assert "no-store" in shown["Cache-Control"]
    assert "서명 비밀값" not in shown.text
    with world.city.scope():
        assert PartnerKey.objects.count() == before + 1
        assert PartnerKey.objects.filter(algorithm="ed25519").get().public_key is not None
    page = client.get(reverse("admin:vouchers_partner_change", args=[partner.pk])).text
    assert "Ed25519" in page


def test_the_page_shows_what_the_partner_did(world: Everything, login: Login) -> None:
    with world.city.scope():
        partner = world.row(Partner)
        key = partner.keys.first()
        call("partners.lease", world.city.code, partner.pk, key.key_id)
    page = login(Role.ADMINISTRATOR).get(reverse("admin:vouchers_partner_change", args=[partner.pk])).text
    assert "날짜별 요청 수" in page
    assert "최근 14일 동안 요청이 없었습니다." not in page
    assert "이 기관에 남은 마지막 키입니다." in page
