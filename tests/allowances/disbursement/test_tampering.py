"""Only what was signed is paid, even if somebody with the owner's rights changed it after the last signature."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connections

from allowances.batches.models import Batch, BatchState
from allowances.disbursement import services
from allowances.disbursement.models import DisbursementChunk
from tests.factories import AT
from tests.factories.lists import make_list, make_office, paying
from vouchers.ledger.models import Lot

pytestmark = pytest.mark.usefixtures("committed_db")


def run(office, batch, **options):
    services.run(municipality=office.city.code, batch_id=batch.pk, at=AT, **options)
    return Batch.objects.get(pk=batch.pk)


def tamper(statement):
    """As the owner of the tables, with the triggers off."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET session_replication_role = origin")


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE allowances_entitlement SET amount = 999999 WHERE row_number = 4",
        "UPDATE allowances_batchrow SET name = '홍길동' WHERE row_number = 4",
        "UPDATE allowances_entitlement SET wallet_id = uuidv7() WHERE row_number = 4",
        "UPDATE allowances_batch SET terms = jsonb_set(terms, '{validity_days}', '9000')",
    ],
)
def test_nothing_is_paid_that_was_not_signed(tampering):
    office = make_office()
    with office.city.scope():
        batch = paying(office, make_list(office, rows=6), chunk_rows=2)
    tamper(tampering)
    with office.city.scope():
        batch = run(office, batch)
        assert (batch.state, batch.failure["code"]) == (BatchState.PAYING, "digest_mismatch")
        assert (Lot.objects.count(), DisbursementChunk.objects.count()) == (0, 0)


def test_a_chunk_tampered_with_after_the_start_stops_the_payment():
    office = make_office()
    with office.city.scope():
        batch = paying(office, make_list(office, rows=6), chunk_rows=2)
    asked = iter([False, True])
    with office.city.scope():
        run(office, batch, should_stop=lambda: next(asked))
    tamper("UPDATE allowances_entitlement SET amount = 1 WHERE row_number = 7")
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('app.municipalities', '41280', false)")
        number = DisbursementChunk.objects.using("owner").order_by("number").last().number
        with pytest.raises(DatabaseError, match="digest_mismatch"):
            cursor.execute("SELECT disbursement.post_chunk('41280', %s, %s, %s)", [batch.pk, number, AT])
        cursor.execute("SELECT set_config('app.municipalities', '', false)")
    with office.city.scope():
        assert run(office, batch).failure["code"] == "digest_mismatch"
        assert Lot.objects.count() == 2
