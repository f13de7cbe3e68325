"""A city whose money has moved on two closed days, and the bank's files about it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
import xlsxwriter

from tests import factories
from tests.factories import AT, City
from vouchers.common.seoul import business_date
from vouchers.ledger import services as ledger
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of
from vouchers.reconciliation import services
from vouchers.reconciliation.models import DayReview
from vouchers.reconciliation.services import TakenIn

TODAY = business_date(AT)
FIRST, SECOND = TODAY - timedelta(days=2), TODAY - timedelta(days=1)


def at_noon(day: date) -> datetime:
    """Noon in Seoul on a day."""
    return AT - (TODAY - day)


def csv_of(lines: Sequence[tuple[str, int, int, str]], *, opening: int = 0, encoding: str = "cp949") -> io.BytesIO:
    """A bank's CSV, oldest first: (date and time, deposit, withdrawal, memo)."""
    rows, balance = (
        ["거래내역조회", "계좌번호,301-0000-1234-01", "", "거래일시,적요,출금금액(원),입금금액(원),거래후잔액(원)"],
        opening,
    )
    for when, deposit, withdrawal, memo in lines:
        balance += deposit - withdrawal
        rows.append(f'{when},{memo},"{withdrawal:,}","{deposit:,}","{balance:,}"')
    rows.append("합계,,,,")
    return io.BytesIO("\r\n".join(rows).encode(encoding))


def xlsx_of(rows: Sequence[Sequence[object]]) -> io.BytesIO:
    """A workbook of these rows."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        sheet = book.add_worksheet("거래내역")
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if value is not None:
                    sheet.write(number, column, value)
    return _rewound(file)


def _rewound(file: io.BytesIO) -> io.BytesIO:
    file.seek(0)
    return file


@dataclass
class Books:
    """A city with a settlement officer."""

    city: City
    officer: Official = field(init=False)

    def __post_init__(self) -> None:
        self.officer = factories.make_official(self.city, Role.SETTLEMENT_OFFICER)

    def acting(self, official: Official | None = None) -> dict:
        """Who acts, with which authority, when."""
        official = official or self.officer
        return {"official": official, "authority": authority_of(official_id=official.pk, day=TODAY), "at": AT}

    def fund(self, amount: int, *, day: date) -> None:
        """Money reaches the account for a line of the budget."""
        factories.make_budget_line(self.city, amount=amount, at=at_noon(day))

    def close(self, *, through: date = SECOND) -> None:
        """Fence and sum up every day, in the present transaction."""
        ledger.call("ledger.fence", self.city.code, through)
        first = None
        while (day := ledger.call("reconciliation.next_day", self.city.code)[0]) and day <= through:
            first = first or day
            ledger.call("reconciliation.sum_day", self.city.code, day)
        if first:
            ledger.call("reconciliation.review", self.city.code, self.city.currency.pk, first)

    def upload(self, file: io.BytesIO, *, through: date | None = SECOND, name: str = "거래내역.csv") -> TakenIn:
        """Upload a statement."""
        return services.upload(currency=self.city.currency, file=file, file_name=name, through=through, **self.acting())

    def review(self, day: date = SECOND) -> DayReview:
        """A day's figures."""
        return DayReview.objects.get(currency=self.city.currency, business_date=day)


@pytest.fixture
def books(db: None):
    city = factories.make_city()
    with city.scope():
        yield Books(city)
