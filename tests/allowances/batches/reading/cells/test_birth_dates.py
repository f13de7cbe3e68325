from __future__ import annotations

from datetime import date
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allowances.batches.reading.cells.birth_dates import Digits, meaning_of_digits, read_birth_date
from allowances.batches.reading.problems import CellProblem
from tests.allowances.batches.reading.cells.outcome import outcome

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("cell", "birth_date"),
    [
        ("1985-01-05", date(1985, 1, 5)),
        ("1985-1-5", date(1985, 1, 5)),
        ("1985.1.5", date(1985, 1, 5)),
        ("1985. 1. 5.", date(1985, 1, 5)),
        ("1985/01/05", date(1985, 1, 5)),
        ("1985 01 05", date(1985, 1, 5)),
        ("1985年1月5日", date(1985, 1, 5)),
        ("1985년 1월 5일", date(1985, 1, 5)),
        ("1985년1월5일생", date(1985, 1, 5)),
        ("１９８５．１．５", date(1985, 1, 5)),
        ("1985–01–05", date(1985, 1, 5)),
        ("1985-01-05 00:00:00", date(1985, 1, 5)),
        ("1985-01-05T00:00:00", date(1985, 1, 5)),
        ("1985-01-05 오전 12:00:00", date(1985, 1, 5)),
        ("1985.01.05(금)", date(1985, 1, 5)),
        ("850105(남)", date(1985, 1, 5)),
        ("'85.1.5", date(1985, 1, 5)),
        ("'24. 1. 5.", date(2024, 1, 5)),
        ("24. 1. 5.", date(2024, 1, 5)),
        ("85. 1. 5", date(1985, 1, 5)),
        ("26.11.20", date(2026, 11, 20)),
        ("26.11.21", date(1926, 11, 21)),
        ("19850105", date(1985, 1, 5)),
        ("19850105.0", date(1985, 1, 5)),
        ("850105", date(1985, 1, 5)),
        ("850105.0", date(1985, 1, 5)),
        ("000229", date(2000, 2, 29)),
        ("240229", date(2024, 2, 29)),
        ("45293", date(2024, 1, 2)),
        ("45293.0", date(2024, 1, 2)),
        ("20000", date(1954, 10, 3)),
        ("50101", date(2005, 1, 1)),
        ("850105-1", date(1985, 1, 5)),
        ("050105-3", date(2005, 1, 5)),
        ("050105-1", date(1905, 1, 5)),
        ("850105-1234567", date(1985, 1, 5)),
        ("8501051234567", date(1985, 1, 5)),
        ("501053234567", date(2005, 1, 5)),
        ("850105-1******", date(1985, 1, 5)),
        ("850105-*******", date(1985, 1, 5)),
        ('="850105"', date(1985, 1, 5)),
        ("", None),
        ("-", None),
        ("해당없음", None),
    ],
)
def test_forms(cell: str, birth_date: date | None) -> None:
    assert read_birth_date(cell, latest=TODAY) == birth_date


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1985-02-30", "birth_date_impossible"),
        ("850230", "birth_date_impossible"),
        ("1985-13-01", "birth_date_impossible"),
        ("1985-00-00", "birth_date_impossible"),
        ("1895-01-01", "birth_date_impossible"),
        ("0001-01-01", "birth_date_impossible"),
        ("850230-1234567", "birth_date_impossible"),
        ("2026-11-21", "birth_date_future"),
        ("29991231", "birth_date_future"),
        ("261121-3******", "birth_date_future"),
        ("40105", "birth_date_ambiguous"),
        ("1985", "birth_date_unreadable"),
        ("1985.01", "birth_date_unreadable"),
        ("1985년생", "birth_date_unreadable"),
        ("05/01/1985", "birth_date_unreadable"),
        ("1-Jan-85", "birth_date_unreadable"),
        ("1985.1.5.(음)", "birth_date_unreadable"),
        ("8501051", "birth_date_unreadable"),
        ("105", "birth_date_unreadable"),
        ("99999", "birth_date_unreadable"),
        ("만 41세", "birth_date_unreadable"),
        ("01012345678", "birth_date_unreadable"),
        ("1012345678", "birth_date_unreadable"),
        ("4.5E+04", "birth_date_unreadable"),
        ("########", "column_too_narrow"),
        ("=TODAY()", "formula"),
    ],
)
def test_what_is_no_birth_date(cell: str, code: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_birth_date(cell, latest=TODAY)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("latest", "birth_date"),
    [(TODAY, date(2024, 1, 5)), (date(1961, 11, 20), date(1924, 1, 5)), (date(2024, 1, 4), date(1924, 1, 5))],
)
def test_two_digits_of_a_year_turn_on_the_latest_birth_date(latest: date, birth_date: date) -> None:
    assert read_birth_date("240105", latest=latest) == birth_date


@pytest.mark.parametrize(
    ("cells", "meaning"),
    [
        (["850105", "40105"], "short"),
        (["45293", "40105"], "serial"),
        (["40105"], "unknown"),
        (["1985-01-05", ""], "unknown"),
        ([], "unknown"),
    ],
)
def test_five_digits_mean_what_the_column_shows(cells: list[str], meaning: Digits) -> None:
    assert meaning_of_digits(cells, latest=TODAY) == meaning


@pytest.mark.parametrize(
    ("digits", "cell", "birth_date"),
    [
        ("short", "40105", date(2004, 1, 5)),
        ("short", "105", date(2000, 1, 5)),
        ("short", "1231", date(2000, 12, 31)),
        ("serial", "40105", date(2009, 10, 19)),
    ],
)
def test_digits_with_a_known_meaning(digits: Digits, cell: str, birth_date: date) -> None:
    assert read_birth_date(cell, latest=TODAY, digits=digits) == birth_date


@given(st.dates(min_value=date(1900, 1, 1), max_value=TODAY))
def test_each_full_form_gives_the_day_back(day: date) -> None:
    forms = ["{:%Y-%m-%d}", "{:%Y%m%d}", "{0.year}. {0.month}. {0.day}.", "{0.year}년 {0.month}월 {0.day}일"]

    assert {read_birth_date(form.format(day), latest=TODAY) for form in forms} == {day}


@given(st.one_of(st.text(max_size=30), st.from_regex(r"\d{0,14}[-.]?\d{0,8}", fullmatch=True)))
def test_anything_is_a_day_up_to_the_latest_or_a_known_problem(cell: str) -> None:
    _code, day = outcome(partial(read_birth_date, latest=TODAY), cell)

    assert day is None or date(1896, 1, 1) <= day <= TODAY
