"""Two sets of lists, person by person: the cycle before, and the version that a list replaces."""

from __future__ import annotations

from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from allowances.batches import comparison
from allowances.batches.comparison import KindSum, compare, comparison_of, is_being_compared, rows_of
from allowances.batches.models import (
    Batch,
    BatchProblem,
    BatchRow,
    BatchState,
    ComparisonPurpose,
    DifferenceKind,
    ListDifference,
)
from tests import factories
from tests.factories import AT
from tests.factories.lists import approved, make_list, make_office, submitted
from vouchers.common.models import uuid7
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db
CYCLE, VERSION = ComparisonPurpose.CYCLE, ComparisonPurpose.VERSION
NOTHING = KindSum()


@pytest.fixture
def office():
    made = make_office()
    with made.city.scope():
        yield made


def make_rows(office: Any, *people: tuple[str, int | None], bad: tuple[str, ...] = ()) -> Batch:
    """A list being read whose rows are these names and amounts, from row 2 on; ``bad`` names have an error."""
    batch = Batch.objects.create(
        municipality=office.city.municipality, cycle=office.cycle, uploaded_by=office.officials[Role.DRAFTER],
        uploaded_at=AT, file_name="명단.csv", file_key=str(uuid7()), file_size=1, file_sha256=uuid7().hex * 2,
        state=BatchState.READING,
    )  # fmt: skip
    rows = [
        BatchRow(municipality=office.city.municipality, batch_id=batch.pk, row_number=number, name=name, amount=amount,
                 birth_date="1985-01-01", phone="01000000000", dong="주교동")
        for number, (name, amount) in enumerate(people, start=2)
    ]  # fmt: skip
    BatchRow.objects.bulk_create(rows)
    BatchProblem.objects.bulk_create(
        BatchProblem(id=uuid7(), municipality=office.city.municipality, batch_id=batch.pk, row_number=row.row_number,
                     field="name", code="missing", value="", is_warning=False)
        for row in rows if row.name in bad
    )  # fmt: skip
    batch.rows_total, batch.rows_bad = len(rows), len(bad)
    batch.amount_total = sum(amount or 0 for name, amount in people if name not in bad)
    for state in (BatchState.VALIDATING, BatchState.VALIDATED):
        batch.state = state
        batch.save()
    return batch


def sums(office: Any, before: list[Batch], after: list[Batch]) -> dict[str, KindSum]:
    return compare(
        municipality=office.city.code, id=uuid7(), before=[one.pk for one in before], after=[one.pk for one in after]
    )


# Persons


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([("가", 10)], [("가", 10)], {"same": KindSum(people=1, before=10, after=10)}),
        ([("가", 10)], [("가", 15)], {"changed": KindSum(people=1, before=10, after=15)}),
        ([("가", 10)], [("나", 10)],
         {"removed": KindSum(people=1, before=10), "added": KindSum(people=1, after=10)}),
        ([], [("가", 1), ("나", 2)], {"added": KindSum(people=2, after=3)}),
        ([("가", 1), ("나", 2)], [], {"removed": KindSum(people=2, before=3)}),
        ([("가", 4), ("가", 6)], [("가", 10)], {"same": KindSum(people=1, before=10, after=10)}),
        ([("가", None)], [("가", 10)], {"changed": KindSum(people=1, after=10)}),
        ([], [], {}),
    ],
)  # fmt: skip
def test_people_are_new_gone_changed_or_the_same(office, before, after, expected):
    assert sums(office, [make_rows(office, *before)], [make_rows(office, *after)]) == expected


def test_rows_in_error_are_nobody(office):
    before = make_rows(office, ("가", 10), ("나", 10), bad=("나",))
    after = make_rows(office, ("가", 10), ("나", 10), bad=("가",))
    assert sums(office, [before], [after]) == {
        "removed": KindSum(people=1, before=10), "added": KindSum(people=1, after=10),
    }  # fmt: skip


def test_a_cycle_in_several_lists_is_one_side(office):
    parts = [make_rows(office, ("가", 10)), make_rows(office, ("나", 20), ("가", 5))]
    whole = make_rows(office, ("나", 20), ("가", 15))
    assert sums(office, parts, [whole]) == {"same": KindSum(people=2, before=35, after=35)}


def test_who_joined_in_between_is_the_same_person(office):
    before = make_rows(office, ("가", 10))
    after = make_rows(office, ("가", 10))
    citizen = factories.make_citizen(office.city, name="가", phone="01000000000")
    Batch.objects.filter(pk=after.pk).update(state=BatchState.READING)
    BatchRow.objects.filter(batch_id=after.pk).update(citizen_id=citizen.pk)
    assert sums(office, [before], [after]) == {"same": KindSum(people=1, before=10, after=10)}
    assert sums(office, [after], [before]) == {"same": KindSum(people=1, before=10, after=10)}


def test_a_member_whose_row_names_another_dong_is_changed(office):
    before, after = make_list(office, rows=3), make_list(office, rows=3)
    Batch.objects.filter(pk=after.pk).update(state=BatchState.READING)
    BatchRow.objects.filter(batch_id=after.pk, row_number=3).update(dong="행신1동")
    found = sums(office, [before], [after])
    assert (found["same"].people, found["changed"].people) == (2, 1)


def test_comparing_again_replaces_what_was_found(office):
    lists, key = (make_rows(office, ("가", 1)), make_rows(office, ("나", 1))), uuid7()
    for before, after in (lists, lists[::-1]):
        compare(municipality=office.city.code, id=key, before=[before.pk], after=[after.pk])
    assert ListDifference.objects.filter(comparison_id=key).count() == 2


# Pages of people


def test_people_are_paged_by_the_order_of_the_list_and_masked(office):
    batch = make_rows(office, ("김장터", 10), ("이나눔", 20), ("박사랑", 30))
    batch.replaces = make_rows(office, ("김장터", 10), ("최없음", 40))
    batch.save()
    found = comparison_of(batch=batch, purpose=VERSION)
    assert (found.added, found.removed, found.changed, found.same) == (
        KindSum(people=2, after=50), KindSum(people=1, before=40), NOTHING, KindSum(people=1, before=10, after=10)
    )  # fmt: skip
    assert found.total == KindSum(people=4, before=50, after=60)
    first, go_on = rows_of(found, kind=DifferenceKind.ADDED, limit=1)
    assert [(one.number, one.name, one.row, one.amount) for one in first] == [(1, "이*눔", 3, 20)]
    rest, end = rows_of(found, kind=DifferenceKind.ADDED, after_number=go_on, limit=1)
    assert [(one.name, one.row) for one in rest] == [("박*랑", 4)]
    assert end is None
    (gone,), _ = rows_of(found, kind=DifferenceKind.REMOVED)
    assert (gone.name, gone.name_before, gone.row, gone.row_before, gone.amount_before) == ("", "최*음", None, 3, 40)


# What is compared with what


def test_a_list_is_compared_with_the_cycle_before(office):
    first = approved(office, make_list(office, rows=3))
    later = factories.make_cycle(office.programme)
    batch = make_list(office, rows=4, cycle=later)
    found = comparison_of(batch=batch, purpose=CYCLE)
    assert (found.before, found.after) == ((first.pk,), (batch.pk,))
    assert (found.added, found.same.people) == (KindSum(people=1, after=100_000), 3)
    assert not found.is_equal


def test_lists_that_were_not_approved_are_no_cycle_before(office):
    submitted(office, make_list(office, rows=3))
    batch = make_list(office, rows=4, cycle=factories.make_cycle(office.programme))
    assert comparison_of(batch=batch, purpose=CYCLE) is None
    assert not is_being_compared(batch=batch, purpose=CYCLE)


def test_other_lists_of_the_cycle_come_along_once_they_are_submitted(office):
    approved(office, make_list(office, rows=3))
    later = factories.make_cycle(office.programme)
    beside = make_list(office, rows=3, cycle=later)
    batch = make_list(office, rows=2, people="나", cycle=later)
    assert comparison_of(batch=batch, purpose=CYCLE).removed.people == 3
    submitted(office, beside)
    found = comparison_of(batch=batch, purpose=CYCLE)
    assert (found.removed.people, found.same.people, found.added.people) == (0, 3, 2)


def test_a_comparison_is_kept_until_a_list_changes(office, monkeypatch):
    batch = make_rows(office, ("가", 10))
    batch.replaces = make_rows(office, ("나", 10))
    batch.save()
    first = comparison_of(batch=batch, purpose=VERSION)
    with monkeypatch.context() as patch:
        patch.setattr(comparison, "compare", lambda **_: pytest.fail("compared again"))
        assert comparison_of(batch=batch, purpose=VERSION) == first
    batch.replaces.content_sha256 = "read again"
    made: list[dict[str, Any]] = []
    monkeypatch.setattr(comparison, "compare", lambda **sides: made.append(sides) or {})
    assert comparison_of(batch=batch, purpose=VERSION).id == first.id
    assert len(made) == 1


def test_long_lists_are_compared_by_a_job(office, monkeypatch):
    monkeypatch.setattr(comparison, "AT_ONCE_ROWS", 1)
    batch = make_rows(office, ("가", 10))
    batch.replaces = make_rows(office, ("나", 10))
    batch.save()
    for _ in range(2):
        assert comparison_of(batch=batch, purpose=VERSION) is None
        assert is_being_compared(batch=batch, purpose=VERSION)
    job = ProcrastinateJob.objects.get(task_name=comparison.COMPARE)
    comparison.make_comparison(
        municipality=office.city.code, **{key: job.args[key] for key in ("batch_id", "purpose")}
    )  # fmt: skip
    assert comparison_of(batch=batch, purpose=VERSION).added.people == 1
    assert not is_being_compared(batch=batch, purpose=VERSION)
