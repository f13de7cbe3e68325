"""A small payment app, written against the OpenAPI document alone, on a real server with its worker.

`Api` knows nothing of this system: where an operation is, what it takes, whether it is signed and what it answers, it
reads from /api/schema/. Every body that is sent and every answer that comes is checked against the document, so where
the document is not enough for an app, this fails.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from standardwebhooks.webhooks import Webhook

from merchants.qr_kit.services import issue
from tests import factories
from tests.api.conftest import KEYS
from tests.api.test_over_http import Server
from tests.factories import AT, City
from tests.vouchers.webhooks.receiving import Receiver, receiver
from vouchers.partners.rules import Scope
from vouchers.partners.services import issue_key

pytestmark = pytest.mark.usefixtures("committed_db")

PATIENCE = 90.0


class Refused(Exception):
    """A problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status, self.problem = status, problem
        super().__init__(status, problem["code"], problem["detail"])


class Api:
    """A client of whatever the document describes, with the key that an official handed over."""

    def __init__(self, address: str, *, token: str, signing_secret: str) -> None:
        self._address, self._token, self._secret = address, token, signing_secret
        _status, self.document = self._exchange("GET", "/api/schema/", {}, b"")
        self._operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
        }

    def call(self, name: str, body: dict[str, Any] | None = None, **parameters: Any) -> Any:
        """Do an operation. ``parameters`` are those of path and query. Raises Refused."""
        method, path, operation = self._operations[name]
        places = {told["name"]: told for told in operation.get("parameters", [])}
        assert parameters.keys() <= places.keys(), "not in the document"
        for told in places.values():
            assert not (told.get("required") and told["in"] != "header" and told["name"] not in parameters), told[
                "name"
            ]
        query = {key: value for key, value in parameters.items() if places[key]["in"] == "query"}
        for key in parameters.keys() - query.keys():
            path = path.replace(f"{{{key}}}", quote(str(parameters[key]), safe=""))
        address = path + (f"?{urlencode(query)}" if query else "")
        raw = self._body(operation, body)
        headers = {"Idempotency-Key": str(uuid4())} if "Idempotency-Key" in places else {}
        headers |= self._credentials(operation, method, address, raw, headers.get("Idempotency-Key", ""))
        status, answer = self._exchange(method, address, headers, raw)
        self._check(operation, status, answer)
        if status >= 400:
            raise Refused(status, answer)
        return answer

    def example(self, name: str) -> dict[str, Any]:
        """The body that the document shows for an operation."""
        content = self._operations[name][2]["requestBody"]["content"]["application/json"]
        (example,) = content["examples"].values()
        return dict(example["value"])

    def choices(self, name: str, member: str) -> list[str]:
        """What a list in the body of an operation may contain."""
        schema = self._operations[name][2]["requestBody"]["content"]["application/json"]["schema"]
        found = self._resolved(self._resolved(schema)["properties"][member]["items"])
        return list(found["enum"])

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        name = schema.get("$ref", "").rpartition("/")[2]
        return self.document["components"]["schemas"][name] if name else schema

    def _body(self, operation: dict[str, Any], body: dict[str, Any] | None) -> bytes:
        described = operation.get("requestBody", {})
        if body is None:
            assert not described.get("required"), "the document asks for a body"
            return b""
        self._validate(described["content"]["application/json"]["schema"], body)
        return json.dumps(body, ensure_ascii=False).encode()

    def _credentials(
        self, operation: dict[str, Any], method: str, address: str, raw: bytes, key: str
    ) -> dict[str, str]:
        (needed,) = operation["security"]
        headers = {"Authorization": f"Bearer {self._token}"} if "partnerKey" in needed else {}
        return headers | (self._signature(method, address, raw, key) if "signature" in needed else {})

    def _signature(self, method: str, address: str, raw: bytes, key: str) -> dict[str, str]:
        """As the description of the security scheme says, with the order of the components taken from it."""
        told = self.document["components"]["securitySchemes"]["signature"]["description"]
        (components,) = set(re.findall(r"Signature-Input: sig1=(\([^)]*\))", told))
        digest = f"sha-256=:{base64.b64encode(hashlib.sha256(raw).digest()).decode()}:"
        values = {
            "@method": method, "@target-uri": self._address + address, "content-digest": digest, "idempotency-key": key,
        }  # fmt: skip
        key_id = self._token.partition(".")[0]
        params = f'{components};created={int(time.time())};keyid="{key_id}";alg="hmac-sha256";nonce="{uuid4().hex}"'
        lines = [f'"{name}": {values[name]}' for name in re.findall(r'"([^"]+)"', components)]
        signed = "\n".join([*lines, f'"@signature-params": {params}']).encode()
        mac = base64.b64encode(hmac.digest(self._secret.encode(), signed, "sha256")).decode()
        return {"Content-Digest": digest, "Signature-Input": f"sig1={params}", "Signature": f"sig1=:{mac}:"}

    def _exchange(self, method: str, address: str, headers: dict[str, str], raw: bytes) -> tuple[int, Any]:
        connection = HTTPConnection(urlsplit(self._address).netloc, timeout=60)
        kind = {"Content-Type": "application/json"} if raw else {}
        connection.request(method, address, raw or None, {**headers, **kind, "Accept-Language": "ko"})
        reply = connection.getresponse()
        said = json.loads(reply.read())
        connection.close()
        return reply.status, said

    def _check(self, operation: dict[str, Any], status: int, answer: Any) -> None:
        assert str(status) in operation["responses"], (operation["operationId"], status, answer)
        ((_kind, content),) = operation["responses"][str(status)]["content"].items()
        self._validate(content["schema"], answer)
        if status >= 400:
            assert answer["code"] in content["examples"], "the document does not tell of this problem"

    def _validate(self, schema: dict[str, Any], value: Any) -> None:
        whole = {**schema, "components": self.document["components"]}
        Draft202012Validator(whole, format_checker=FormatChecker()).validate(value)


@dataclass
class Town:
    """What an app's maker gets from officials: an address, keys, and the shop's printed code."""

    server: Server
    city: City
    shop: str
    printed: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def partner(self, *scopes: Scope) -> Api:
        """Somebody with a key for these kinds of work."""
        with self.city.scope():
            key = issue_key(partner=factories.make_partner(self.city, scopes=list(scopes)), at=AT)
        return Api(self.address, token=key.token, signing_secret=key.signing_secret)


@pytest.fixture
def town(committed_db: str) -> Iterator[Town]:
    """A city that sells its currency and lets citizens give it to each other; its server runs with a worker."""
    city = factories.make_city()
    with city.scope():
        factories.make_purchase_limit(city)
        merchant = factories.make_merchant(city)
        printed = issue(merchant=merchant, keys=KEYS).payload
    server = Server()
    yield Town(server, city, merchant.code, printed)
    assert server.stop() == 0


def until(found: Callable[[], Any]) -> Any:
    """Ask again and again until there is something."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := found()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.2)
    return answer


def told(to: Receiver, secret: str) -> list[tuple[str, dict[str, Any]]]:
    """What the app's server has got and verified: id and message, each once."""
    verified = {got.headers["webhook-id"]: Webhook(secret).verify(got.body, got.headers) for got in list(to.received)}
    return list(verified.items())


def test_a_small_payment_app_from_joining_to_its_webhooks(town: Town) -> None:
    app = town.partner(
        Scope.MEMBERS_WRITE, Scope.WALLETS_READ, Scope.TOP_UPS_WRITE, Scope.GIFTS_WRITE, Scope.PAYMENTS_READ,
        Scope.PAYMENTS_WRITE, Scope.WEBHOOKS_WRITE,
    )  # fmt: skip
    bank, shop = town.partner(Scope.DEPOSITS_WRITE), town.partner(Scope.SHOPS_WRITE, Scope.SHOPS_READ)

    with receiver() as to:
        # the app's server is told of everything that the document offers
        types = app.choices("createWebhookEndpoint", "event_types")
        hooks = app.call("createWebhookEndpoint", {"url": to.url, "event_types": types})
        endpoint, secret = hooks["webhook_endpoint"]["id"], hooks["secret"]
        until(lambda: app.call("readWebhookEndpoint", endpoint=endpoint)["state"] == "active")
        assert [message["type"] for _id, message in told(to, secret)] == ["webhook.ping"]

        # two people join
        person = {name: value for name, value in app.example("createMember").items() if name not in {"dong_code", "ci"}}
        joined = [
            app.call("createMember", person | {"name": name, "phone": phone})
            for name, phone in (("김장터", "010-1000-0001"), ("이나눔", "010-1000-0002"))
        ]
        mine, hers = (member["wallet"]["id"] for member in joined)
        assert [member["outcome"] for member in joined] == ["opened", "opened"]

        # 50,000 won are bought; the bank has got the money
        order = {"wallet_id": mine, "amount": 50_000, "order_id": "TOP-1"}
        top_up = app.call("createTopUp", order)
        assert (top_up["state"], top_up["pays"]) == ("requested", 50_000)
        bank.call("confirmDeposit", {"amount": top_up["pays"], "reference": "BANK-1"}, top_up=top_up["id"])
        assert app.call("readTopUp", top_up=top_up["id"])["state"] == "completed"
        assert app.call("readWallet", wallet=mine)["spendable"]["purchased"] == 50_000

        # a payment at the shop's printed code, and one by the code that the citizen shows
        paid = app.call("createPayment", {"wallet_id": mine, "qr": town.printed, "amount": 15_000, "order_id": "P-1"})
        assert (paid["state"], paid["merchant"]["code"]) == ("paid", town.shop)
        shown = app.call("createPaymentToken", wallet=mine)
        scanned = shop.call("createScannedPayment", {
            "code": shown["digits"], "merchant_code": town.shop, "amount": 8_000, "order_id": "POS-1",
        })  # fmt: skip
        with pytest.raises(Refused) as again:
            shop.call("createScannedPayment", {
                "code": shown["digits"], "merchant_code": town.shop, "amount": 8_000, "order_id": "POS-2",
            })  # fmt: skip
        assert again.value.problem["code"] == "token_used"

        # a third of the first one is given back
        cancelled = app.call("cancelPayment", {"amount": 5_000}, payment=paid["id"])
        assert (cancelled["payment"]["state"], cancelled["payment"]["cancelled_amount"]) == ("partly_cancelled", 5_000)
        (found,), alone = (
            app.call("listPayments", order_id="P-1")["payments"],
            app.call("readPayment", payment=paid["id"]),
        )
        assert found | {"drawn": alone["drawn"], "cashback": alone["cashback"]} == alone  # alone it tells more

        # a gift to the other member, found by name and phone
        gift = app.call("createGift", {
            "wallet_id": mine, "amount": 10_000, "receiver_name": "이나눔", "receiver_phone": "010-1000-0002",
            "message": "점심 같이 먹어요",
        })  # fmt: skip
        assert app.call("readGift", gift=gift["id"]) == gift
        assert app.call("readWallet", wallet=hers)["balance"] == 10_000

        # more than is left is refused, in words for the citizen
        with pytest.raises(Refused) as too_much:
            app.call("createPayment", {"wallet_id": mine, "qr": town.printed, "amount": 22_001, "order_id": "P-2"})
        assert (too_much.value.status, too_much.value.problem["code"]) == (422, "insufficient_funds")
        assert re.search("[가-힣]", too_much.value.problem["detail"])

        # the history, page by page, adds up to the balance
        history = list(_pages(app, "listTransactions", "transactions", wallet=mine, limit=2))
        assert [one["amount"] for one in history] == [-10_000, 5_000, -8_000, -15_000, 50_000]
        assert [one["type"] for one in history][1:4] == ["payment_cancelled", "payment", "payment"]
        assert sum(one["amount"] for one in history) == app.call("readWallet", wallet=mine)["balance"] == 22_000

        # the app's server has been told of all that
        expected = {
            "top_up.completed": {"top_up_id": top_up["id"]},
            "payment.paid": {"id": paid["id"], "amount": paid["amount"]},
            "payment.cancelled": {"id": cancelled["id"], "amount": 5_000},
            "gift.received": {"gift_id": gift["id"], "wallet_id": hers},
        }
        for kind, data in expected.items():
            until(lambda kind=kind, data=data: _with(told(to, secret), kind, data))
        until(lambda: _with(told(to, secret), "payment.paid", {"id": scanned["id"]}))

        # what arrived is what the API tells, and one of it is asked for again
        events = {event["id"]: event for event in _pages(app, "listEvents", "events", limit=3)}
        for number, message in told(to, secret):
            assert {name: events[number][name] for name in ("type", "timestamp", "data")} == message
        wanted = next(number for number, message in told(to, secret) if message["type"] == "gift.received")
        assert app.call("readEvent", event=wanted)["event"] == events[wanted]
        to.received.clear()
        app.call("replayEvent", event=wanted)
        until(lambda: [number for number, _message in told(to, secret)] == [wanted])


def _with(messages: list[tuple[str, dict[str, Any]]], kind: str, data: dict[str, Any]) -> bool:
    return any(said["type"] == kind and data.items() <= said["data"].items() for _id, said in messages)


def _pages(api: Api, name: str, member: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    cursor: dict[str, str] = {}
    while True:
        page = api.call(name, **parameters, **cursor)
        yield from page[member]
        if page["next_cursor"] is None:
            return
        cursor = {"cursor": page["next_cursor"]}
