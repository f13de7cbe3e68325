"""The view: check what is asked, call one service, answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from msgspec import UnsetType

from vouchers.common import problems
from vouchers.common.api import read
from vouchers.common.scope import scope
from vouchers.partners.api.views import PartnerView, moment_of, written
from vouchers.partners.rules import Scope
from vouchers.reconciliation import selectors, services
from vouchers.reconciliation.api import documents
from vouchers.reconciliation.api.bodies import NewBankStatement, statement_in, statement_of_row, wrong_members
from vouchers.reconciliation.errors import CurrencyNotNamed


class BankStatementsView(PartnerView):
    """은행 거래내역 등록."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.DEPOSITS_WRITE}

    @documents.create_bank_statement
    def post(self, request: HttpRequest) -> HttpResponse:
        """Take in a day of the account."""
        write, body = self.write(request)
        wanted = read(body, NewBankStatement)
        if wrong := sorted(wrong_members(wanted)):
            raise problems.FieldsInvalid(
                [problems.FieldProblem(f"/{name}", "invalid", NewBankStatement.hints[name]) for name in wrong]
            )
        with scope(municipalities=[self.caller.municipality]):
            currency = selectors.currency_for(
                municipality=self.caller.municipality, named=None if isinstance(wanted.currency_id, UnsetType) else wanted.currency_id
            )  # fmt: skip
        if currency is None:
            raise CurrencyNotNamed
        done = services.report(
            write=write, currency=currency, statement=statement_in(wanted), day=wanted.date,
            closing_balance=wanted.closing_balance, at=moment_of(request),
        )  # fmt: skip
        with scope(municipalities=[self.caller.municipality]):
            row = selectors.statement(key=done.id)
        return written(statement_of_row(row), f"/api/v1/bank-statements/{row.pk}", replayed=done.replayed)
