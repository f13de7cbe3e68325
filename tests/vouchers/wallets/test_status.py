"""Officials stop and release wallets, with a reason that stays."""

from __future__ import annotations

import pytest

from tests import factories
from tests.factories import AT, City
from tests.factories.lists import authority
from vouchers.common.errors import NotPermitted, StateConflict
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.wallets.models import Wallet, WalletStatus, WalletStatusChange
from vouchers.wallets.services import set_status

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    made = factories.make_city()
    with made.scope():
        yield made


def change(wallet: Wallet, status: WalletStatus, official: Official) -> Wallet:
    return set_status(
        wallet=wallet.pk,
        status=status,
        reason="부정유통 의심 신고",
        official=official,
        authority=authority(official),
        at=AT,
    )


def test_a_wallet_is_stopped_and_released_and_both_are_written_down(city: City):
    wallet = factories.wallet_of(factories.make_citizen(city))
    official = factories.make_official(city, Role.ADMINISTRATOR)
    assert change(wallet, WalletStatus.FROZEN, official).status == "frozen"
    assert change(wallet, WalletStatus.ACTIVE, official).status == "active"
    assert list(WalletStatusChange.objects.order_by("id").values_list("status", "reason", "official")) == [
        ("frozen", "부정유통 의심 신고", official.pk), ("active", "부정유통 의심 신고", official.pk),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "wanted"), [("active", "active"), ("frozen", "frozen"), ("closed", "active"), ("active", "closed")]
)
def test_only_between_active_and_stopped(city: City, before: str, wanted: str):
    wallet = factories.wallet_of(factories.make_citizen(city))
    Wallet.objects.filter(pk=wallet.pk).update(status=before)
    with pytest.raises(StateConflict):
        change(wallet, WalletStatus(wanted), factories.make_official(city, Role.ADMINISTRATOR))
    assert not WalletStatusChange.objects.exists()


def test_only_who_may_correct_citizens(city: City):
    wallet = factories.wallet_of(factories.make_citizen(city))
    with pytest.raises(NotPermitted):
        change(wallet, WalletStatus.FROZEN, factories.make_official(city, Role.DRAFTER))
    assert Wallet.objects.get(pk=wallet.pk).status == "active"
