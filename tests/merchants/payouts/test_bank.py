"""The round trip with a bank that is somebody else's program: mock-bank reads our order and answers it."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from mockbank.server import Config, make_server

from merchants.payouts import services
from merchants.payouts.models import BatchState, Payout, PayoutBatch
from merchants.payouts.rules import digits_of_account
from tests.factories import AT
from tests.factories.payouts import PayoutDesk

IBANS = ("DE89370400440532013000", "DE75512108001245126199", "DE12500105170648489890", "DE27100777770209299700")


class Bank:
    """The bank over HTTP: the municipality's account, and what it sends."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.call("POST", "/_mock/accounts", {
            "id": "CITY", "iban": IBANS[0], "account_number": "110555000001", "currency": "KRW", "balance": 1_000_000,
            "name": "Goyang",
        })  # fmt: skip

    def call(self, method: str, path: str, body: Any = None) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.address + path, data=data, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return json.loads(error.read())

    def behaves(self, behaviour: str, **parameters: Any) -> None:
        self.call("PATCH", "/_mock/accounts/CITY", {"behaviour": behaviour, "parameters": parameters})

    def sends(self, kind: str) -> list[bytes]:
        """What it has sent about the city's account, of one kind, as the files that a client fetches."""
        files = []
        for one in self.call("GET", f"/_mock/mailbox?type={kind}"):
            with urllib.request.urlopen(f"{self.address}/_mock/mailbox/{one['id']}", timeout=20) as answer:  # noqa: S310
                files.append(answer.read())
        return [file for file in files if kind == "pain.002" or IBANS[0].encode() in file]

    def days_pass(self, days: int) -> None:
        self.call("POST", f"/_mock/advance?days={days}")

    def holds(self, payout: Payout, *, iban: str, **fields: Any) -> None:
        """The shop's account is at this very bank."""
        number = digits_of_account(payout.account_number.reveal()) if payout.account_number else ""
        self.call("POST", "/_mock/accounts", {
            "id": f"SHOP{payout.line}", "iban": iban, "account_number": number, "currency": "KRW", **fields,
        })  # fmt: skip


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    monkeypatch.setattr("mockbank.accounts.ROUTING", "088")  # its own code, as Korea numbers banks
    server = make_server(Config(host="127.0.0.1", port=0, db_path=":memory:", quiet=True))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Bank(f"http://127.0.0.1:{server.server_address[1]}")
    server.shutdown()
    server.server_close()
    thread.join()


def states(batch: PayoutBatch) -> list[tuple[str, str | None]]:
    return list(Payout.objects.filter(batch=batch).order_by("line").values_list("state", "reason"))


def take_in_all(desk: PayoutDesk, files: list[bytes], *, at: datetime = AT) -> list[Any]:
    return [desk.take_in(file, at=at) for file in files]


def test_accepted_then_paid_in_the_statement(desk: PayoutDesk, bank: Bank) -> None:
    batch, file = desk.sent()
    assert bank.call("POST", "/payments", file.content)["payments"]
    assert [result.noted for result in take_in_all(desk, bank.sends("pain.002"))] == [3]
    bank.days_pass(7)
    take_in_all(desk, bank.sends("camt.053"), at=AT + timedelta(days=7))
    assert states(batch) == [("paid", None)] * 3
    assert PayoutBatch.objects.get(pk=batch.pk).state == BatchState.DONE
    assert desk.left("payout_transit") == 0


def test_a_closed_account_comes_back_at_once(desk: PayoutDesk, bank: Bank) -> None:
    batch, file = desk.sent()
    bank.holds(desk.payouts(batch)[1], iban=IBANS[1], closed=True)
    bank.call("POST", "/payments", file.content)
    take_in_all(desk, bank.sends("pain.002"))
    bank.days_pass(7)
    take_in_all(desk, bank.sends("camt.053"), at=AT + timedelta(days=7))
    assert states(batch) == [("paid", None), ("returned", "AC04"), ("paid", None)]
    assert desk.left("merchant_settled", desk.shops[1]) == 20_000
    assert Payout.objects.get(batch=batch, line=2).needs_mending


def test_insufficient_funds_leave_the_rest_for_the_next_batch(desk: PayoutDesk, bank: Bank) -> None:
    bank.call("PATCH", "/_mock/accounts/CITY", {"balance": 50_000, "behaviour": "insufficient-funds"})
    batch, file = desk.sent()
    bank.call("POST", "/payments", file.content)
    take_in_all(desk, bank.sends("pain.002"))
    assert states(batch) == [("listed", None), ("listed", None), ("returned", "AM04")]
    assert desk.make().amount == 10_000


def test_a_duplicate_file_moves_nothing(desk: PayoutDesk, bank: Bank) -> None:
    batch, file = desk.sent()
    bank.call("POST", "/payments", file.content)
    copy = services.copy_of(batch=batch, official=desk.maker, authority=desk.acting(desk.maker)["authority"])
    assert copy.content != file.content
    assert bank.call("POST", "/payments", copy.content)["reason"] == "DUPL"
    take_in_all(desk, bank.sends("pain.002"))
    assert states(batch) == [("listed", None)] * 3
    bank.days_pass(7)
    take_in_all(desk, bank.sends("camt.053"), at=AT + timedelta(days=7))
    assert states(batch) == [("paid", None)] * 3


def test_what_is_returned_later_is_settled_again(desk: PayoutDesk, bank: Bank) -> None:
    batch, file = desk.sent()
    bank.behaves("return-later", days=2, reason="AC04", end_to_end_id=desk.payouts(batch)[2].pk.hex)
    bank.call("POST", "/payments", file.content)
    before = desk.left("bank")
    bank.days_pass(14)
    results = take_in_all(desk, bank.sends("camt.053"), at=AT + timedelta(days=14))
    assert (sum(result.paid for result in results), sum(result.returned for result in results)) == (3, 1)
    assert states(batch) == [("paid", None), ("paid", None), ("returned", "AC04")]
    assert (desk.left("bank") - before, desk.left("merchant_settled", desk.shops[2])) == (50_000, 10_000)
    assert not [result.gap for result in results if result.gap]


def test_a_statement_that_lacks_an_entry_is_told(desk: PayoutDesk, bank: Bank) -> None:
    batch, file = desk.sent()
    bank.behaves("statement-gap")
    bank.call("POST", "/payments", file.content)
    bank.days_pass(7)
    results = take_in_all(desk, bank.sends("camt.053"), at=AT + timedelta(days=7))
    assert [(result.gap, result.gap_amount) for result in results if result.gap] == [("entries", -10_000)]
    assert states(batch) == [("paid", None), ("paid", None), ("listed", None)]
    assert desk.left("payout_transit") == 10_000


def test_an_order_that_is_refused_as_a_whole_is_settled_again(desk: PayoutDesk, bank: Bank) -> None:
    bank.behaves("reject-file")
    batch, file = desk.sent()
    bank.call("POST", "/payments", file.content)
    take_in_all(desk, bank.sends("pain.002"))
    assert states(batch) == [("returned", "FF01")] * 3
    assert PayoutBatch.objects.get(pk=batch.pk).state == BatchState.DONE
    assert desk.make().amount == 60_000
