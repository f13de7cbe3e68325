"""Each invariant of benefits and gifts can fail: what somebody with the database's keys might change is found."""

from __future__ import annotations

from tests.vouchers.incentives.world import PERCENT, START, World
from tests.vouchers.ledger.kernel import CITY, CURRENCY
from vouchers.ledger.audit import INVARIANTS

NAMES = {
    "cashback_adds_up", "cashback_is_credited", "cashback_within_caps", "funds_follow_entries", "gifts_follow_transfers",
    "gifts_keep_their_terms",
}  # fmt: skip
TAMPERING = {
    "a payment earned more": ("UPDATE vouchers_cashback SET amount = amount + 1", {"cashback_adds_up"}),
    "a day gave less": ("UPDATE vouchers_benefitday SET used = used - 1", {"cashback_adds_up"}),
    "a fund bears more": (
        "UPDATE vouchers_cashback SET amounts[1] = amounts[1] + 1, amount = amount + 1",
        {"cashback_adds_up", "cashback_is_credited"},
    ),
    "a cap is made lower": ("UPDATE vouchers_benefitterms SET benefit_cap = 1", {"cashback_within_caps"}),
    "an entry of a fund is made larger": (
        "UPDATE vouchers_fundentry SET amount = amount + 1", {"funds_follow_entries"},
    ),
    "a gift is told larger": ("UPDATE vouchers_gift SET amount = amount + 1", {"gifts_follow_transfers"}),
    "given money lasts longer": (
        ("UPDATE vouchers_lot SET expires_at = expires_at + interval '1 day' WHERE source_id IN"
         " (SELECT debit_lot_id FROM vouchers_transfer t JOIN vouchers_journal j ON j.id = t.journal_id WHERE j.kind = 'gift')"),
        {"gifts_keep_their_terms"},
    ),
}  # fmt: skip


def test_each_tampering_is_found_by_the_invariants_that_name_it(world: World) -> None:
    fund = world.fund()
    world.publish((fund, 10 * PERCENT), own=fund, benefit_cap=50_000)
    world.pay(world.members[0], world.shop(), 100_000)
    world.follow_up()
    kernel = world.kernel
    gift = kernel.id_at(START)
    day = kernel.call(
        "ledger.gift", CITY, gift, world.members[0], world.members[1], 5_000, ["purchase"], world.partner, START
    )
    world.run(
        "INSERT INTO vouchers_gift (municipality_id, id, currency_id, giver_id, receiver_id, partner_id, amount, message,"
        " business_date, at) VALUES (%s, %s, %s, %s, %s, %s, 5000, '', %s, %s)",
        CITY, gift, CURRENCY, world.members[0], world.members[1], world.partner, day, START,
    )  # fmt: skip
    rules = [rule for rule in INVARIANTS if rule.name in NAMES]
    assert {rule.name: kernel.rows(rule.sql)[0][1] for rule in rules} == dict.fromkeys(NAMES, 0)
    found = {}
    for what, (statement, _expected) in TAMPERING.items():
        with kernel.connection.transaction(force_rollback=True):
            kernel.connection.execute("SET LOCAL session_replication_role = replica")
            assert kernel.connection.execute(statement).rowcount > 0, what
            found[what] = {rule.name for rule in rules if kernel.rows(rule.sql)[0][1]}
    assert found == {what: expected for what, (_statement, expected) in TAMPERING.items()}
    assert set.union(*found.values()) == NAMES
