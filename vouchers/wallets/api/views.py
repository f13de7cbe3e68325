"""The views of members and wallets: check what is asked, call one service, answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Final, TypeVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from msgspec import UnsetType

from vouchers.citizens.rules import tidy_name
from vouchers.citizens.services import Person
from vouchers.common import problems
from vouchers.common.api import answer, read
from vouchers.common.seoul import business_date
from vouchers.partners.api import cursors
from vouchers.partners.api.views import PartnerView, moment_of, written
from vouchers.partners.rules import Scope
from vouchers.privacy.rules import PhoneUnreadable, parse_phone
from vouchers.wallets import selectors, services
from vouchers.wallets.api import documents
from vouchers.wallets.api.bodies import NewMember, Transactions, member_of, transaction_of, wallet_of
from vouchers.wallets.services import Joining

_EARLIEST_BIRTH: Final = date(1900, 1, 1)
Value = TypeVar("Value")


class MembersView(PartnerView):
    """회원 가입."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.MEMBERS_WRITE}

    @documents.create_member
    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a person a member, or link a member to this app."""
        write, body = self.write(request)
        at = moment_of(request)
        wanted = read(body, NewMember)
        joining = Joining(
            person=_person(wanted, business_date(at)), currency=_given(wanted.currency_id),
            dong_code=_given(wanted.dong_code), guardian_consent=wanted.guardian_consent,
        )  # fmt: skip
        done = services.join(write=write, joining=joining, at=at)
        member = member_of(done.membership)
        return written(member, f"/api/v1/wallets/{member.wallet.id}", replayed=done.replayed)


class WalletView(PartnerView):
    """지갑 조회."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": Scope.WALLETS_READ}

    @documents.read_wallet
    def get(self, request: HttpRequest, wallet: UUID) -> HttpResponse:
        """A wallet as it stands now."""
        at = moment_of(request)
        found = selectors.wallet(caller=self.caller, wallet=wallet, at=at)
        return answer(wallet_of(found, selectors.lots(caller=self.caller, wallet=wallet, at=at)))


class TransactionsView(PartnerView):
    """거래내역."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": Scope.WALLETS_READ}

    @documents.list_transactions
    def get(self, request: HttpRequest, wallet: UUID) -> HttpResponse:
        """A page of what moved a wallet."""
        page = cursors.page_of(request, caller=self.caller)
        found = selectors.movements(caller=self.caller, wallet=wallet, before=page.before, limit=page.fetch)
        shown, next_cursor = page.cut(found)
        return answer(Transactions([transaction_of(row) for row in shown], next_cursor))


def _given(value: Value | UnsetType) -> Value | None:
    return None if isinstance(value, UnsetType) else value


def _person(wanted: NewMember, today: date) -> Person:
    """Raises FieldsInvalid for what no person has: every wrong member at once, and never its value."""
    name, phone = tidy_name(wanted.name), _phone(wanted.phone)
    born = _EARLIEST_BIRTH <= wanted.birth_date <= today
    wrong = [
        problems.FieldProblem(f"/{member}", "invalid", NewMember.hints[member])
        for member, fine in (("name", name), ("birth_date", born), ("phone", phone))
        if not fine
    ]
    if wrong:
        raise problems.FieldsInvalid(wrong)
    return Person(name, wanted.birth_date, phone, _given(wanted.ci), _given(wanted.sex) or "")


def _phone(text: str) -> Any:
    try:
        return parse_phone(text)
    except PhoneUnreadable:
        return ""
