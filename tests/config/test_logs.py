"""What the log says of an error of the database, and what it keeps to itself."""

import logging
import sys

import psycopg
import pytest
from django.db import Error, connection, transaction

from config.logs import DiscreetFormatter
from tests.factories import make_citizen, make_city
from vouchers.citizens.models import Citizen


def logged(error: BaseException) -> str:
    try:
        raise RuntimeError("while a list was being read") from error
    except RuntimeError:
        record = logging.LogRecord("jangteo", logging.ERROR, __file__, 1, "failed", None, sys.exc_info())
    return DiscreetFormatter().format(record)


@pytest.mark.django_db
def test_the_row_that_broke_a_constraint_is_not_told_under_row_level_security() -> None:
    city = make_city()
    with city.scope():
        citizen = make_citizen(city, name="홍길동", phone="01012345678")
        with pytest.raises(Error) as raised, transaction.atomic():
            Citizen.objects.create(
                municipality=city.municipality, name="홍길동", phone="01012345678", birth_date=citizen.birth_date
            )
    assert "citizen_identity_once" in logged(raised.value)
    assert "홍길동" not in logged(raised.value)


@pytest.mark.django_db
def test_the_line_of_a_copy_is_left_out() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE staged (name text, amount bigint)")
        with (
            pytest.raises(psycopg.Error) as raised,
            transaction.atomic(),
            cursor.copy("COPY staged FROM STDIN") as copy,
        ):
            copy.write("홍길동\n")
    assert "홍길동" in str(raised.value)
    assert "홍길동" not in logged(raised.value)
