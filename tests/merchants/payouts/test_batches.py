"""What is owed to shops goes into a batch once, frozen, and only with two people's consent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connections, transaction

from merchants.payouts import errors, selectors, services
from merchants.payouts.models import BatchState, Payout, PayoutBatch, PayoutState
from merchants.payouts.selectors import Obstacle
from merchants.registry.models import ChangeKind
from merchants.settlement.models import PayoutHold
from tests import factories
from tests.factories import AT
from tests.factories.payouts import DAY, PayoutDesk, close, make_payout_desk, make_payout_terms, refused, settle
from vouchers.common.errors import NotPermitted
from vouchers.ledger.services import call
from vouchers.officials.rules import Role
from vouchers.privacy.fields import Secret


def test_a_batch_takes_all_that_is_settled_and_freezes_it(desk: PayoutDesk) -> None:
    batch = desk.make()
    assert (batch.state, batch.payouts, batch.amount, batch.through) == (BatchState.MADE, 3, 60_000, DAY)
    assert [(row.line, row.amount, row.bank, row.holder) for row in desk.payouts(batch)] == [
        (1, 30_000, "088", "김장터0"), (2, 20_000, "088", "김장터1"), (3, 10_000, "088", "김장터2"),
    ]  # fmt: skip
    assert desk.left("payout_transit") == 60_000
    assert [desk.left("merchant_settled", shop) for shop in desk.shops] == [0, 0, 0]
    desk.change(desk.shops[0], account_number="999-999-999999")
    row = Payout.objects.get(batch=batch, line=1)
    assert str(row.account_number) == "***"
    assert row.account_number == Secret("110-000-123456")
    with refused(errors.NothingToPayOut):
        desk.make()


def test_the_next_batch_has_the_next_number(desk: PayoutDesk) -> None:
    first = desk.make()
    services.cancel(batch=first, reason="잘못 만듦", **desk.acting(desk.maker))
    second = desk.make()
    assert (first.number, second.number, str(second)) == (1, 2, f"이체 {AT.year}-2")


def test_a_cancelled_batch_gives_all_back(desk: PayoutDesk) -> None:
    batch = desk.approve(desk.make())
    services.cancel(batch=batch, reason="이체일 변경", **desk.acting(desk.checker))
    assert desk.left("payout_transit") == 0
    assert [desk.left("merchant_settled", shop) for shop in desk.shops] == [30_000, 20_000, 10_000]
    assert set(Payout.objects.values_list("state", flat=True)) == {PayoutState.CANCELLED}
    with refused(errors.BatchMovedOn):
        services.cancel(batch=batch, reason="한 번 더", **desk.acting(desk.checker))


def test_who_made_it_does_not_approve_it(desk: PayoutDesk) -> None:
    both = factories.make_official(desk.city, Role.SETTLEMENT_OFFICER, Role.PAYER)
    batch = services.make(currency=desk.city.currency, pay_on=AT.date(), **desk.acting(both))
    with refused(errors.SamePerson):
        services.approve(batch=batch, digest=bytes(batch.digest).hex(), **desk.acting(both))
    with refused(errors.SamePerson):
        call("payouts.approve", desk.city.code, batch.pk, bytes(batch.digest), both.pk, AT)
    with refused(NotPermitted):
        services.approve(batch=batch, digest=bytes(batch.digest).hex(), **desk.acting(desk.maker))
    with refused(NotPermitted):
        services.make(currency=desk.city.currency, pay_on=AT.date(), **desk.acting(desk.checker))


def test_the_approver_signs_what_they_saw(desk: PayoutDesk) -> None:
    batch = desk.make()
    for seen in ("00" * 32, "", "keine"):
        with refused(errors.DigestDiffers):
            services.approve(batch=batch, digest=seen, **desk.acting(desk.checker))
    approved = desk.approve(batch)
    assert (approved.state, approved.approved_by_id) == (BatchState.APPROVED, desk.checker.pk)
    with refused(errors.BatchMovedOn):
        desk.approve(batch)


def test_nothing_is_sent_that_was_not_approved(desk: PayoutDesk) -> None:
    batch = desk.make()
    with refused(errors.BatchMovedOn):
        services.send(batch=batch, form=services.PAIN001, **desk.acting(desk.maker))
    desk.approve(batch)
    services.send(batch=batch, form=services.PAIN001, **desk.acting(desk.maker))
    with refused(errors.BatchMovedOn):
        services.send(batch=batch, form="hana", **desk.acting(desk.maker))
    with refused(errors.BatchMovedOn):
        services.cancel(batch=batch, reason="늦었다", **desk.acting(desk.maker))


def test_shops_that_cannot_be_paid_are_told_before_and_left_out(desk: PayoutDesk) -> None:
    city, day = desk.city, AT.date() + timedelta(days=1)
    none = factories.make_merchant(city)
    wrong = factories.make_merchant(city, account_bank="088", account_number="12-AB", account_holder="박")
    unknown_bank = factories.make_merchant(
        city, account_bank="999", account_number="110-999-123456", account_holder="박"
    )
    small = factories.make_merchant(city, account_bank="004", account_number="110999123456", account_holder="박")
    for shop, amount in ((none, 5_000), (wrong, 4_000), (unknown_bank, 3_000), (small, 900)):
        settle(city, shop, amount, at=AT)
    later = AT + timedelta(days=1)
    close(city, AT.date(), at=later)
    make_payout_terms(city, valid_from=day, minimum=1_000)
    preview = selectors.preview(currency=city.currency, day=AT.date(), minimum=1_000)
    assert (preview.through, preview.shops, preview.amount) == (AT.date(), 3, 60_000)
    assert [(kept.obstacle, kept.shops, kept.amount) for kept in preview.kept] == [
        (Obstacle.NO_ACCOUNT, 1, 5_000), (Obstacle.WRONG_ACCOUNT, 2, 7_000), (Obstacle.BELOW_MINIMUM, 1, 900),
    ]  # fmt: skip
    assert [(shop.pk, amount) for shop, amount in preview.kept[1].first] == [
        (wrong.pk, 4_000),
        (unknown_bank.pk, 3_000),
    ]
    assert desk.make(at=later).amount == 60_000
    assert desk.left("merchant_settled", small) == 900


def test_a_suspended_shop_is_paid_what_it_earned(desk: PayoutDesk) -> None:
    desk.change(desk.shops[0], ChangeKind.SUSPEND)
    assert desk.make().amount == 60_000


def test_a_batch_takes_no_money_of_a_day_after_its_last(desk: PayoutDesk) -> None:
    settle(desk.city, desk.shops[0], 7_000, at=AT)
    later = AT + timedelta(days=1)
    close(desk.city, AT.date(), at=later)
    made = call(
        "payouts.make_batch", desk.city.code, desk.city.currency.pk, DAY, later.date(), 1, [], desk.maker.pk, later
    )[0]  # fmt: skip
    assert PayoutBatch.objects.get(pk=made).amount == 60_000
    assert desk.left("merchant_settled", desk.shops[0]) == 7_000
    with refused(errors.PayoutDayOpen):
        call(
            "payouts.make_batch", desk.city.code, desk.city.currency.pk, later.date(), later.date(), 1, [],
            desk.maker.pk, later,
        )  # fmt: skip


def test_an_exchange_waits_in_the_queue_and_goes_with_the_next_batch(committed_db: str) -> None:
    city = factories.make_city()
    with city.scope():
        desk = make_payout_desk(city)
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('app.municipalities', %s, true)", [city.code])
        cursor.execute(
            "SELECT payouts.take(%s, %s, %s, %s, 'exchange', %s)",
            [city.code, city.currency.pk, [desk.shops[0].pk], [12_000], AT],
        )
    with city.scope():
        assert (desk.left("payout_transit"), desk.left("merchant_settled", desk.shops[0])) == (12_000, 18_000)
        batch = desk.make()
        assert {(row.kind, row.amount) for row in desk.payouts(batch)[:2]} == {
            ("exchange", 12_000),
            ("settlement", 18_000),
        }
        assert (batch.payouts, batch.amount) == (4, 60_000)


def test_without_terms_nothing_is_sent(db: None) -> None:
    city = factories.make_city()
    with city.scope():
        desk = PayoutDesk(
            city, factories.make_official(city, Role.SETTLEMENT_OFFICER), factories.make_official(city, Role.PAYER)
        )
        with refused(errors.NoPayoutTerms):
            desk.make()
        make_payout_terms(city)
        with refused(errors.PayoutDayOpen):
            desk.make()


def test_a_frozen_row_changes_for_nobody(committed_db: str) -> None:
    city = factories.make_city()
    with city.scope():
        make_payout_desk(city).make()
    for change in ("amount = amount + 1", "bank = '004'", "holder = '도둑'", "batch_id = NULL, line = NULL"):
        with pytest.raises(Exception, match="ledger_is_immutable"), transaction.atomic(using="owner"):
            connections["owner"].cursor().execute(f"UPDATE merchants_payout SET {change}")
    with pytest.raises(Exception, match="ledger_is_immutable"), transaction.atomic(using="owner"):
        connections["owner"].cursor().execute("DELETE FROM merchants_payout")


def test_a_shop_that_is_held_back_waits(desk: PayoutDesk) -> None:
    own = {"municipality": desk.city.municipality, "reason": "부정 사용 의심", "official": desk.maker}
    PayoutHold.objects.create(merchant=desk.shops[0], valid_from=AT.date(), **own)
    PayoutHold.objects.create(merchant=desk.shops[1], valid_from=AT.date() + timedelta(days=1), **own)
    PayoutHold.objects.create(merchant=desk.shops[2], valid_from=DAY, valid_until=DAY, **own)
    assert selectors.preview(currency=desk.city.currency, day=AT.date(), minimum=1).kept[0].obstacle == Obstacle.HELD
    assert [row.merchant_id for row in desk.payouts(desk.make())] == [desk.shops[1].pk, desk.shops[2].pk]
    PayoutHold.objects.filter(merchant=desk.shops[0]).update(
        released_at=AT, released_by=desk.maker, release_reason="확인함"
    )
    assert desk.make().amount == 30_000
