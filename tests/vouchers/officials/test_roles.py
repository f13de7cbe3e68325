"""Roles that exclude each other."""

import pytest
from django.db import transaction

from tests.factories import AT, make_city, make_official
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.municipalities.models import Municipality
from vouchers.officials.errors import IncompatibleRolesHeld
from vouchers.officials.rules import Role
from vouchers.officials.services import assign_role

pytestmark = pytest.mark.django_db

PROVINCE, CITY, ELSEWHERE = "41000", "41280", "28110"


@pytest.mark.parametrize(("first", "second"), [(PROVINCE, CITY), (CITY, PROVINCE), (CITY, CITY)])
def test_a_role_at_the_province_excludes_its_opposite_in_a_city(first: str, second: str) -> None:
    with scope(municipalities=[PROVINCE, CITY]):
        make_city(code=PROVINCE, name="경기도")
        city = make_city(code=CITY)
        Municipality.objects.filter(pk=CITY).update(province_id=PROVINCE)
        official, today = make_official(city), business_date(AT)
        assign_role(
            official=official, municipality=Municipality.objects.get(pk=first), role=Role.DRAFTER, valid_from=today,
            reason="기안",
        )  # fmt: skip
        with pytest.raises(IncompatibleRolesHeld), transaction.atomic():
            assign_role(
                official=official, municipality=Municipality.objects.get(pk=second), role=Role.APPROVER,
                valid_from=today, reason="결재",
            )  # fmt: skip


def test_a_role_elsewhere_excludes_nothing() -> None:
    with scope(municipalities=[ELSEWHERE, CITY]):
        elsewhere, city = make_city(code=ELSEWHERE, name="인천광역시 중구"), make_city(code=CITY)
        official, today = make_official(city, Role.DRAFTER), business_date(AT)
        assign_role(
            official=official, municipality=elsewhere.municipality, role=Role.APPROVER, valid_from=today, reason="결재"
        )
