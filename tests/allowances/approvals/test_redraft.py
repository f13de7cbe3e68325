"""재기안: a corrected list in place of the one that came back, and what it changed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from allowances.approvals import errors, services
from allowances.approvals.selectors import came_back_to, redraft_of
from allowances.batches import errors as batch_errors
from allowances.batches import services as batches
from allowances.batches.comparison import comparison_of
from allowances.batches.models import Batch, BatchState, ComparisonPurpose
from tests import factories
from tests.factories import AT
from tests.factories.lists import authority, make_list, make_office, submitted
from vouchers.common.models import uuid7
from vouchers.common.scope import set_local
from vouchers.officials.rules import Role
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    made = make_office()
    with made.city.scope():
        yield made


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(directory=tmp_path, ring=key_ring())


def returned(office: Any, **options: Any) -> Batch:
    batch = submitted(office, make_list(office, **options))
    services.send_back(batch=batch, reason="금액 확인", digest=batch.digest, at=AT, **office.acting(Role.REVIEWER))
    return Batch.objects.get(pk=batch.pk)


def upload(office: Any, store: FileStore, **options: Any) -> Batch:
    file = SimpleUploadedFile("고친 명단.csv", io.BytesIO(uuid7().bytes).read())
    options = {"cycle": office.cycle} | options
    return batches.upload(
        file=file, file_name=file.name, store=store, limit=10_000, at=AT, **office.acting(Role.DRAFTER), **options
    )


def test_a_corrected_list_takes_the_place_of_the_one_that_came_back(office, store):
    old = returned(office)
    new = upload(office, store, replaces=old)
    assert (new.replaces, redraft_of(old)) == (old, new)
    assert not came_back_to(authority=authority(office.officials[Role.DRAFTER])).exists()
    with pytest.raises(errors.ReplacedByRedraft, match=r"고친 명단\.csv"):
        services.submit(batch=old, exclude_bad_rows=False, at=AT, **office.acting(Role.DRAFTER))
    with pytest.raises(batch_errors.RedraftExists):
        batches.discard(batch=old, at=AT, **office.acting(Role.DRAFTER))


def test_a_list_is_replaced_once(office, store):
    old = returned(office)
    new = upload(office, store, replaces=old)
    with pytest.raises(batch_errors.RedraftExists):
        upload(office, store, replaces=old)
    batches.discard(batch=new, at=AT, **office.acting(Role.DRAFTER))
    assert upload(office, store, replaces=old).replaces == old


def test_only_what_came_back_is_replaced_and_in_its_own_cycle(office, store):
    with pytest.raises(batch_errors.NotToBeRedrafted):
        upload(office, store, replaces=submitted(office, make_list(office)))
    elsewhere = factories.make_cycle(office.programme)
    with pytest.raises(batch_errors.NotToBeRedrafted):
        upload(office, store, replaces=returned(office, people="나"), cycle=elsewhere)
    assert not list(store.directory.iterdir())  # nothing is kept of a file that was refused


def test_the_same_list_may_be_submitted_again(office):
    old = returned(office)
    again = submitted(office, old)
    assert (again.state, again.attempt) == (BatchState.SUBMITTED, 2)


def test_what_differs_from_the_version_before_is_shown_by_count_amount_and_masked_name(office):
    old = returned(office, rows=3)
    new = make_list(office, rows=5)
    new.replaces = old
    new.save()
    found = comparison_of(batch=new, purpose=ComparisonPurpose.VERSION)
    assert (found.added.people, found.added.after, found.same.people) == (2, 200_000, 3)
    client = Client()
    official = office.officials[Role.REVIEWER]
    set_local(official=str(official.pk))
    client.force_login(official)
    page = client.get(reverse("admin:batch_difference", args=[new.pk]), {"with": "version"}).content.decode()
    assert "가*" in page
    assert "가4" not in page
    assert "+200,000원" in page
    approval = client.get(reverse("admin:batch_approval", args=[new.pk])).content.decode()
    assert "재기안 전 명단과 비교" in approval


@pytest.mark.parametrize("asked", ["?with=else", "?with=version&kind=else&after=x"])
def test_addresses_made_up_by_hand_end_well(office, asked):
    batch = make_list(office)
    client = Client()
    official = office.officials[Role.REVIEWER]
    set_local(official=str(official.pk))
    client.force_login(official)
    answer = client.get(reverse("admin:batch_difference", args=[batch.pk]) + asked)
    assert answer.status_code == (404 if "with=else" in asked else 200)
