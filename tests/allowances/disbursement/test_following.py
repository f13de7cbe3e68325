"""Lists that follow a paid one: people who were left out, and more for those who were paid."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from allowances.approvals import services as approvals
from allowances.batches.errors import LayoutIncomplete
from allowances.batches.models import Batch, BatchKind, BatchProblem, BatchState
from allowances.disbursement import errors, services
from tests import factories
from tests.factories import AT
from tests.factories.lists import make_office, read_list, signed
from vouchers.common.errors import NotPermitted
from vouchers.ledger.audit import audit
from vouchers.ledger.models import Lot
from vouchers.officials.rules import Role
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore

pytestmark = pytest.mark.usefixtures("committed_db")

AMOUNT = 100_000
HEADER = "성명,생년월일,휴대전화,지급액\n"


@pytest.fixture
def store(tmp_path):
    return FileStore(directory=tmp_path, ring=key_ring())


@pytest.fixture
def office():
    return make_office(amount=AMOUNT)


def line(citizen, amount=AMOUNT):
    return f"{citizen.name},{citizen.birth_date.isoformat()},{citizen.phone},{amount}\n"


def members(office, *names):
    return [factories.make_citizen(office.city, name=name) for name in names]


def follow(office, store, parent, kind, text, *, role=Role.DRAFTER):
    return services.follow(
        parent=parent, kind=kind, file=SimpleUploadedFile("명단.csv", text.encode()), file_name="명단.csv", store=store,
        limit=1 << 20, at=AT, **office.acting(role),
    )  # fmt: skip


def codes(batch):
    return set(BatchProblem.objects.filter(batch_id=batch.pk).values_list("row_number", "code"))


def paid(office, batch):
    """The checked list, through its own line, paid."""
    code = office.city.code
    with office.city.scope():
        approvals.submit(batch=batch, exclude_bad_rows=True, at=AT, **office.acting(Role.DRAFTER))
    assert approvals.complete_submission(municipality=code, batch_id=batch.pk, at=AT) == BatchState.SUBMITTED
    with office.city.scope():
        batch = signed(office, Batch.objects.get(pk=batch.pk), Role.REVIEWER, Role.APPROVER)
        services.start(batch=batch, digest=batch.digest, at=AT, **office.acting(Role.PAYER))
    services.run(municipality=code, batch_id=batch.pk, at=AT)
    with office.city.scope():
        return Batch.objects.get(pk=batch.pk)


@pytest.fixture
def parent(office, store):
    """Kim and Lee were paid; Park was left out."""
    with office.city.scope():
        kim, lee, park = members(office, "김가나", "이다라", "박마바")
        first = factories.make_signed_batch(
            office.city, {kim: AMOUNT, lee: AMOUNT}, programme=office.programme
        )  # fmt: skip
    services.run(municipality=office.city.code, batch_id=first.pk, at=AT)
    with office.city.scope():
        return Batch.objects.get(pk=first.pk), kim, lee, park


def test_who_was_left_out_is_paid_by_a_list_of_its_own_and_nobody_twice(office, store, parent):
    first, kim, _lee, park = parent
    with office.city.scope():
        batch = follow(office, store, first, BatchKind.PAYMENT, HEADER + line(park) + line(kim))
        assert (batch.parent_id, batch.sequence, batch.cycle_id) == (first.pk, 0, first.cycle_id)
        batch = read_list(batch, store)
        assert codes(batch) == {(3, "duplicate_in_cycle")}
    assert paid(office, batch).state == BatchState.PAID
    with office.city.scope():
        assert Lot.objects.filter(wallet_id=factories.wallet_of(park).pk).count() == 1
        assert Lot.objects.filter(wallet_id=factories.wallet_of(kim).pk).count() == 1
        assert {found.invariant.name: found.difference for found in audit() if found.difference} == {}


def test_a_top_up_gives_the_lists_people_more_and_nobody_else(office, store, parent):
    first, kim, lee, park = parent
    with office.city.scope():
        batch = follow(
            office, store, first, BatchKind.TOP_UP, HEADER + line(kim, 30_000) + line(lee, 5_000) + line(park, 1)
        )  # fmt: skip
        assert (batch.kind, batch.sequence) == (BatchKind.TOP_UP, 1)
        batch = read_list(batch, store)
        assert codes(batch) == {(4, "not_in_parent")}
        assert batch.amount_total == 35_000
    assert paid(office, batch).state == BatchState.PAID
    with office.city.scope():
        assert sorted(
            Lot.objects.filter(wallet_id=factories.wallet_of(kim).pk).values_list("granted", flat=True)
        ) == [30_000, AMOUNT]  # fmt: skip
        second = follow(office, store, first, BatchKind.TOP_UP, HEADER + line(kim, 30_000) + line(lee, 5_000))
        assert second.sequence == 2
        assert {found.invariant.name: found.difference for found in audit() if found.difference} == {}


def test_a_top_up_has_to_say_how_much(office, store, parent):
    first, kim, *_rest = parent
    text = f"성명,생년월일,휴대전화\n{kim.name},{kim.birth_date},{kim.phone}\n"
    with office.city.scope():
        batch = follow(office, store, first, BatchKind.TOP_UP, text)
        with pytest.raises(LayoutIncomplete):
            read_list(batch, store)


def test_only_a_paid_list_is_followed_and_only_by_a_drafter(office, store, parent):
    first, kim, *_rest = parent
    with office.city.scope():
        with pytest.raises(NotPermitted):
            follow(office, store, first, BatchKind.TOP_UP, HEADER + line(kim), role=Role.PAYER)
        open_list = factories.make_signed_batch(office.city, {kim: 1_000}, programme=office.programme)
        with pytest.raises(errors.NotToBeFollowed):
            follow(office, store, open_list, BatchKind.TOP_UP, HEADER + line(kim))
        with pytest.raises(errors.NotToBeFollowed):
            follow(office, store, first, BatchKind.CLAWBACK, HEADER + line(kim))
