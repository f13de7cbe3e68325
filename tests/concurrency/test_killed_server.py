"""kill -9 of the whole server in the middle of payments: after the restart each payment exists exactly once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Semaphore
from uuid import UUID

import psycopg
import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from config.database import embedded
from config.database.setup import prepare
from tests.conftest import TODAY, Databases
from tests.vouchers.ledger.kernel import NOON, WITHOUT_LISTS, Kernel, connect
from vouchers.ledger.errors import JournalConflict

SHOPPERS, EACH, BEFORE_THE_CRASH = 4, 400, 200


@pytest.mark.kill
def test_payments_survive_the_death_of_the_server(
    databases: Databases, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> None:
    shared = connections["default"].settings_dict["NAME"]
    with embedded.temporary() as cluster, django_db_blocker.unblock():
        private = Databases(cluster.url())
        try:
            private.point_at("jangteo")
            prepare(today=TODAY)
        finally:
            connections.close_all()
            databases.point_at(shared)
        with connect(cluster.url()) as connection:
            kernel = Kernel(connection)
            wallets = kernel.make_world(citizens=SHOPPERS)
            shop, programme = kernel.open_shop(), kernel.open_programme(10_000_000)
            kernel.disburse(programme, [(wallet, 1_000_000) for wallet in wallets])
            plan = {wallet: [kernel.id_at(NOON) for _ in range(EACH)] for wallet in wallets}
        paid = Semaphore(0)

        def shop_until_the_end(wallet: UUID) -> int:
            answered = 0
            try:
                with connect(cluster.url()) as connection:
                    for payment in plan[wallet]:
                        Kernel(connection).pay(wallet, shop, 1_000, id=payment)
                        answered += 1
                        paid.release()
            except psycopg.OperationalError:
                return answered
            return answered

        with ThreadPoolExecutor(SHOPPERS) as pool:
            shoppers = [pool.submit(shop_until_the_end, wallet) for wallet in wallets]
            for _ in range(BEFORE_THE_CRASH):
                paid.acquire()
            cluster.kill()
            answered = sum(shopper.result() for shopper in shoppers)
        assert BEFORE_THE_CRASH <= answered < SHOPPERS * EACH
        cluster.start()

        with connect(cluster.url()) as connection:
            kernel = Kernel(connection)
            ((found,),) = kernel.rows("SELECT count(*) FROM vouchers_payment")
            assert answered <= found <= answered + SHOPPERS  # an answer may have been lost, a payment may not
            for wallet, payments in plan.items():
                for payment in payments:
                    with suppress(JournalConflict):  # it was made before the server died
                        kernel.pay(wallet, shop, 1_000, id=payment)
            assert kernel.rows("SELECT count(*), sum(amount)::bigint FROM vouchers_payment") == [
                (SHOPPERS * EACH, SHOPPERS * EACH * 1_000)
            ]
            assert kernel.rows("SELECT sum(remaining)::bigint FROM vouchers_lot") == [
                (SHOPPERS * (1_000_000 - EACH * 1_000),)
            ]
            assert {rule.name: kernel.rows(rule.sql)[0][1] for rule in WITHOUT_LISTS} == dict.fromkeys(
                (rule.name for rule in WITHOUT_LISTS), 0
            )
