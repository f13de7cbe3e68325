"""Every page in both languages, within its number of queries."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from allowances.approvals.models import ApprovalLineStep, DocumentNumber
from merchants.payouts.rules import BANKS, ITEMS, SHEETS
from merchants.registry.models import MerchantPaper
from tests.admin.conftest import Login
from tests.factories import AT
from tests.factories.everything import Everything, log_own_action, make_everything
from vouchers.citizens.models import Citizen
from vouchers.common.scope import scope, set_local
from vouchers.incentives.models import FundEntry
from vouchers.officials.models import RoleAssignment
from vouchers.officials.rules import Role
from vouchers.partners.models import PartnerKey
from vouchers.payments.models import Payment
from vouchers.privacy.models import AccessAction, AccessRecord

MOST_QUERIES = 20
# Everybody who sees most pages: between them, they see all.
READERS = (Role.ADMINISTRATOR, Role.DRAFTER, Role.SETTLEMENT_OFFICER)

_SPOKEN = ("placeholder", "title", "aria-label", "alt")
_UNSEEN = {"script", "style", "svg", "code", "kbd", "title"}
_EMPTY = {"input", "link", "meta", "img", "br", "hr"}
_ENGLISH = re.compile(r"[A-Za-z]{2,}")
_HANGUL = re.compile(r"[가-힣]{2,}")
# What stays in Latin letters in Korean offices too.
_ADDRESS = re.compile(r"(?:GET|POST) /\S+")
"""An address of the API is the same in every language."""
_LATIN = {
    "CSV", "UTF", "MB", "KB", "QR", "PDF", "MCC", "ISO", "EMV", "API", "ASCII", "English", "en", "ko", "uuid", "JSON", "Excel",
    "XLSX", "CP", "BEGIN", "PUBLIC", "PRIVATE", "KEY", "KSIC", "PEM", "HMAC", "SHA", "Ed", "Idempotency", "Key", "Https",
}  # fmt: skip


class _Reader(HTMLParser):
    """Gathers what a reader sees or hears; icons are drawn from words that nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.unseen: list[bool] = [False]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        icon = "material-symbols-outlined" in (values.get("class") or "")
        self.texts += [values[name] or "" for name in _SPOKEN if name in values]
        if tag not in _EMPTY:
            self.unseen.append(self.unseen[-1] or icon or tag in _UNSEEN)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _EMPTY and len(self.unseen) > 1:
            self.unseen.pop()

    def handle_data(self, data: str) -> None:
        if not self.unseen[-1]:
            self.texts.append(data)


def texts_of(html: str) -> list[str]:
    """What a reader sees or hears."""
    reader = _Reader()
    reader.feed(html)
    return reader.texts


def addresses(world: Everything, role: Role) -> list[str]:
    """The lists, forms and rows of every model."""
    set_local(official=str(world.officials[role].pk))
    log = log_own_action(world.officials[role])
    found = [reverse("admin:index"), reverse("admin:password_change")]
    with world.city.scope():
        for model in admin.site._registry:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            row = log if model is LogEntry else world.row(model)
            found += [reverse(f"{name}_changelist"), reverse(f"{name}_add"), reverse(f"{name}_change", args=[row.pk])]
            found += [reverse(f"{name}_history", args=[row.pk])]
    return found


def names_in(world: Everything) -> set[str]:
    """Words of the data: they stay as they are in either language."""
    with world.city.scope():
        models = [*admin.site._registry, ApprovalLineStep, DocumentNumber, FundEntry, MerchantPaper, PartnerKey]
        rows = [row for model in models for row in model._default_manager.all()[:500]]
        values = " ".join(str(value) for row in rows for value in vars(row).values())
    values += " ".join([*BANKS.values(), *ITEMS, *(f"{sheet.name} {sheet.columns}" for sheet in SHEETS.values())])
    return set(_ENGLISH.findall(values)) | set(_HANGUL.findall(values))


def pages(client: Client, found: list[str]) -> list[tuple[str, str]]:
    answers = [(address, client.get(address, follow=True)) for address in found]
    return [(address, answer.content.decode()) for address, answer in answers if answer.status_code == 200]


@pytest.mark.parametrize("role", READERS)
def test_no_english_word_in_korean(world: Everything, login: Login, role: Role) -> None:
    client, data = login(role), names_in(world) | _LATIN
    said = {
        (address, word)
        for address, html in pages(client, addresses(world, role))
        for text in texts_of(html)
        for word in _ENGLISH.findall(_ADDRESS.sub("", text))
        if word not in data and not re.fullmatch(r"[0-9a-f-]*", word)
    }
    assert not said, sorted(said)


@pytest.mark.parametrize("role", READERS)
def test_no_korean_word_in_english(world: Everything, login: Login, role: Role) -> None:
    client, data = login(role), names_in(world) | {"한국어"}
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    said = {
        (address, word)
        for address, html in pages(client, addresses(world, role))
        for text in texts_of(html)
        for word in _HANGUL.findall(text)
        if word not in data
    }
    assert not said, sorted(said)


@pytest.mark.parametrize("role", READERS)
def test_lists_ask_the_database_rarely(world: Everything, login: Login, role: Role) -> None:
    client, many = login(role), {}
    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        if len(captured) > MOST_QUERIES:
            many[address] = len(captured)
    assert many == {}


def test_a_payment_asks_the_database_once_for_each_thing_it_tells(world: Everything, login: Login) -> None:
    client = login(Role.SETTLEMENT_OFFICER)
    with world.city.scope():
        payment = world.row(Payment)
    with CaptureQueriesContext(connection) as captured:
        client.get(reverse("admin:vouchers_payment_change", args=[payment.pk]))
    asked = [one["sql"] for one in captured if re.match(r"SELECT (?!set_config)", one["sql"])]
    assert len(asked) <= MOST_QUERIES
    assert len([sql for sql in asked if 'FROM "vouchers_transfer"' in sql]) == 2  # what it drew, and its movements


def test_who_sees_several_municipalities_reads_one_and_finds_a_key_in_all(world: Everything, login: Login) -> None:
    other = make_everything(code="41570")
    codes = [world.city.code, other.city.code]
    with scope(municipalities=codes):
        RoleAssignment.objects.create(
            municipality=other.city.municipality, official=world.officials[Role.AUDITOR], role=Role.AUDITOR,
            valid_from=AT.date(), reason="시험",
        )  # fmt: skip
        mine, theirs = (Payment.objects.filter(municipality=code).first() for code in codes)
    assert mine is not None
    assert theirs is not None
    client, place = login(Role.AUDITOR), reverse("admin:vouchers_payment_changelist")

    def listed(**query: str) -> set[str]:
        return {row.municipality_id for row in client.get(place, query).context_data["cl"].result_list}  # type: ignore[attr-defined]

    assert listed() == {world.city.code}
    assert listed(municipality=other.city.code) == {other.city.code}
    assert listed(q=str(theirs.pk)) == {other.city.code}
    assert listed(q=str(theirs.pk), municipality=world.city.code) == set()


def test_the_choice_of_a_language_lasts(login: Login) -> None:
    client = login(Role.DRAFTER)
    client.post(reverse("set_language"), {"language": "en", "next": "/admin/"})
    assert 'lang="en"' in client.get("/admin/").content.decode()
    client.cookies.pop(settings.LANGUAGE_COOKIE_NAME)
    assert 'lang="ko"' in client.get("/admin/", headers={"accept-language": "en"}).content.decode()


def test_security_headers(login: Login) -> None:
    answer = login(Role.DRAFTER).get("/admin/")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"].split("style-src")[0]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_citizen_is_unmasked_after_a_reason_that_is_recorded(world: Everything, login: Login) -> None:
    client = login(Role.REVIEWER)
    with world.city.scope():
        citizen = world.row(Citizen)
    address = reverse("admin:citizen_reveal", args=[citizen.pk])
    assert citizen.name not in client.get(reverse("admin:vouchers_citizen_change", args=[citizen.pk])).content.decode()
    assert citizen.name not in client.post(address, {"reason": "why"}).content.decode()
    answer = client.post(address, {"reason": "민원 확인 전화"})
    assert citizen.name in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    with world.city.scope():
        record = AccessRecord.objects.get(action=AccessAction.REVEAL)
    assert (record.official_id, record.subject, record.reason) == (
        world.officials[Role.REVIEWER].pk, str(citizen.pk), "민원 확인 전화",
    )  # fmt: skip
