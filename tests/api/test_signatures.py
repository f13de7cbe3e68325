"""Signatures of write requests: what the reference library signs is accepted, and whatever was changed is refused."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

from tests import factories
from tests.api.conftest import Market, partner_of, signature
from tests.factories import AT
from vouchers.common.models import uuid7
from vouchers.ledger.models import Transfer
from vouchers.partners import selectors, signing
from vouchers.partners.api.views import credentials
from vouchers.partners.services import issue_key

PATH = "/api/v1/payments"
COVERED = ("@method", "@target-uri", "content-digest", "idempotency-key")


@dataclass
class Message:
    """A request as the reference library wants it."""

    body: bytes
    key: str = field(default_factory=lambda: str(uuid4()))
    method: str = "POST"
    path: str = PATH
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.headers["Idempotency-Key"] = self.key

    @property
    def url(self) -> str:
        return f"http://testserver{self.path}"


@dataclass
class OneKey(HTTPSignatureKeyResolver):
    """Whatever the id, this key."""

    key: Any

    def resolve_private_key(self, key_id: str) -> Any:
        return self.key

    resolve_public_key = resolve_private_key


@dataclass
class Partner:
    """A partner of the market and the key with which it signs."""

    market: Market
    token: str
    key: Any
    algorithm: Any = algorithms.HMAC_SHA256

    @property
    def key_id(self) -> str:
        return self.token.partition(".")[0]

    def message(self, **changes: Any) -> Message:
        return Message(json.dumps(self.market.body(**changes)).encode())

    def sign(self, message: Message, **changes: Any) -> Message:
        signer = HTTPMessageSigner(signature_algorithm=self.algorithm, key_resolver=OneKey(self.key))
        signer.sign(message, **({
            "key_id": self.key_id, "created": datetime.now(UTC).replace(microsecond=0), "nonce": uuid4().hex,
            "label": "sig1", "covered_component_ids": COVERED, "body": message.body,
        } | changes))  # fmt: skip
        return message

    def send(self, message: Message, *, path: str | None = None, method: str | None = None, **headers: str) -> Any:
        sent = message.headers | {"authorization": f"Bearer {self.token}"} | headers
        return self.market.client.generic(
            method or message.method, path or message.path, message.body, content_type="application/json", headers=sent
        )


@pytest.fixture(scope="module")
def partner(market: Market) -> Partner:
    found = selectors.credential(key_id=market.token.partition(".")[0])
    return Partner(market, market.token, found.signing_key)


@pytest.fixture(scope="module")
def owner_of_a_pair(market: Market) -> Partner:
    private = Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with market.city.scope():
        issued = issue_key(partner=factories.make_partner(market.city), at=AT, public_key=pem)
    return Partner(market, issued.token, private, algorithms.ED25519)


@pytest.fixture(params=["hmac", "ed25519"])
def either(request, partner: Partner, owner_of_a_pair: Partner) -> Partner:
    return partner if request.param == "hmac" else owner_of_a_pair


@pytest.fixture
def nothing_moves(market: Market):
    with market.city.scope():
        before = Transfer.objects.count()
    yield
    with market.city.scope():
        assert Transfer.objects.count() == before


def refused(reply: Any, code: str) -> None:
    assert (reply.status_code, reply.json()["code"]) == (401, code), reply.text
    assert reply["WWW-Authenticate"].startswith("Bearer")
    assert reply["Accept-Signature"].startswith('sig1=("@method" "@target-uri" "content-digest" "idempotency-key")')


# With the reference library


def test_what_the_library_signs_is_accepted(either: Partner):
    assert either.send(either.sign(either.message())).status_code == 201


def test_what_our_client_signs_the_library_accepts(partner: Partner):
    message = partner.message()
    message.headers |= {
        name: value for name, value in signing.signed_headers(
            token=partner.token, secret=partner.key.decode(), method="POST", uri=message.url, body=message.body,
            idempotency_key=message.key, nonce=uuid4().hex, created=int(time.time()),
        ).items() if name != "Authorization"
    }  # fmt: skip
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=OneKey(partner.key))
    (result,) = verifier.verify(message, require_components=COVERED, body=message.body)
    assert result.parameters["keyid"] == partner.key_id
    assert partner.send(message).status_code == 201


def test_an_address_with_a_query_and_an_empty_body(partner: Partner):
    payment = partner.send(partner.sign(partner.message())).json()["id"]
    message = partner.sign(Message(b"", path=f"{PATH}/{payment}/cancellations?a=b%20c&d"))
    assert partner.send(message).status_code == 201


# Replay


def test_a_replayed_request_is_answered_and_not_done_again(either: Partner):
    message = either.sign(either.message())
    first = either.send(message)
    with either.market.city.scope():
        moved = Transfer.objects.count()
    again = either.send(message)
    assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (201, 201, "true")
    assert again.json() == first.json()
    with either.market.city.scope():
        assert Transfer.objects.count() == moved


def test_a_replay_under_another_idempotency_key_is_refused(either: Partner, nothing_moves):
    message = either.sign(either.message())
    refused(either.send(message, **{"Idempotency-Key": str(uuid4())}), "signature_wrong")


# Forgery of each component


def test_another_method_address_or_query(either: Partner, nothing_moves):
    message = either.sign(either.message())
    refused(either.send(message, path=f"{PATH}?x=1"), "signature_wrong")
    refused(either.send(message, path=f"{PATH}/{uuid7()}/cancellations"), "signature_wrong")
    refused(either.send(either.sign(Message(message.body, method="PUT")), method="POST"), "signature_wrong")


def test_another_host_or_scheme(either: Partner, nothing_moves):
    message = either.message()
    message.headers |= {"Host": "testserver"}
    either.sign(message)
    elsewhere = either.market.client.generic(
        "POST", PATH, message.body, content_type="application/json", secure=True,
        headers=message.headers | {"authorization": f"Bearer {either.token}"},
    )  # fmt: skip
    refused(elsewhere, "signature_wrong")
    refused(either.send(message, host="localhost"), "signature_wrong")


def test_another_body(either: Partner, nothing_moves):
    message = either.sign(either.message(amount=100))
    other = either.message(amount=200).body
    message.body = other
    refused(either.send(message), "content_digest_wrong")
    refused(either.send(message, **{"Content-Digest": signing.content_digest(other)}), "signature_wrong")


@pytest.mark.parametrize("digest", [
    "sha-256=:AAAA:", "sha-512=:AAAA:", "", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
    "{right}, sha-512=:AAAA:", "{right}, {right}", "{right};x", " {right}\t x",
])  # fmt: skip
def test_a_wrong_digest(partner: Partner, nothing_moves, digest):
    message = partner.message()
    right = signing.content_digest(message.body)
    params = signing.parameters(
        key_id=partner.key_id, algorithm="hmac-sha256", nonce=uuid4().hex, created=int(time.time())
    )
    said = digest.format(right=right)
    signed = signing.base(
        method="POST", uri=message.url, digest=said, idempotency_key=message.key, params=params
    )  # fmt: skip
    message.headers |= {
        "Content-Digest": said, "Signature-Input": f"sig1={params}",
        "Signature": f"sig1=:{signing.mac(partner.key.decode(), signed)}:",
    }  # fmt: skip
    refused(partner.send(message), "content_digest_wrong" if said else "signature_missing")


@pytest.mark.parametrize("part", range(0, 86, 5))
def test_a_changed_signature(either: Partner, nothing_moves, part):
    message = either.sign(either.message())
    label, _, encoded = message.headers["Signature"].partition("=:")
    raw = bytearray(base64.b64decode(encoded.strip(":")))
    raw[part % len(raw)] ^= 1 << part % 8
    refused(either.send(message, Signature=f"{label}=:{base64.b64encode(raw).decode()}:"), "signature_wrong")


# The clock


@pytest.mark.parametrize(("seconds", "status"), [(-290, 201), (290, 201), (-310, 401), (310, 401), (-86_400, 401)])
def test_the_clock_may_be_five_minutes_off_either_way(either: Partner, seconds, status):
    created = datetime.fromtimestamp(int(time.time()) + seconds, UTC)
    reply = either.send(either.sign(either.message(), created=created))
    assert reply.status_code == status
    if status == 401:
        refused(reply, "signature_expired")


def test_a_signature_cannot_be_made_younger(either: Partner, nothing_moves):
    created = int(time.time()) - 400
    message = either.sign(either.message(), created=datetime.fromtimestamp(created, UTC))
    said = message.headers["Signature-Input"].replace(f"created={created}", f"created={created + 400}")
    refused(either.send(message, **{"Signature-Input": said}), "signature_wrong")


# Other keys and algorithms


def test_another_partners_signature_and_key_number(partner: Partner, market: Market, nothing_moves):
    other_token = partner_of(market)
    signature(other_token, "POST", "", b"", "")
    other = Partner(market, other_token, selectors.credential(key_id=other_token.partition(".")[0]).signing_key)
    refused(partner.send(other.sign(other.message())), "signature_wrong")
    refused(partner.send(other.sign(other.message(), key_id=partner.key_id)), "signature_wrong")
    refused(partner.send(partner.sign(partner.message(), key_id=other.key_id)), "signature_wrong")


def test_a_public_key_is_no_hmac_secret(owner_of_a_pair: Partner, nothing_moves):
    raw = owner_of_a_pair.key.public_key().public_bytes_raw()
    pem = owner_of_a_pair.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for secret in (raw, pem, b"", b"\0" * 32):
        forger = Partner(owner_of_a_pair.market, owner_of_a_pair.token, secret or b"\0")
        message = forger.sign(forger.message())
        refused(forger.send(message), "signature_wrong")
        said = message.headers["Signature-Input"].replace("hmac-sha256", "ed25519")
        refused(forger.send(message, **{"Signature-Input": said}), "signature_wrong")


def test_a_pair_of_keys_is_no_hmac_key(partner: Partner, nothing_moves):
    forger = Partner(partner.market, partner.token, Ed25519PrivateKey.generate(), algorithms.ED25519)
    message = forger.sign(forger.message())
    refused(forger.send(message), "signature_wrong")
    said = message.headers["Signature-Input"].replace("ed25519", "hmac-sha256")
    refused(forger.send(message, **{"Signature-Input": said}), "signature_wrong")


# The form


FORMS = {
    "no parameters": lambda said: said.partition(";")[0],
    "another order": lambda said: said.replace('"@method" "@target-uri"', '"@target-uri" "@method"'),
    "a component less": lambda said: said.replace(' "idempotency-key"', ""),
    "a component more": lambda said: said.replace('"idempotency-key"', '"idempotency-key" "date"'),
    "nothing covered": lambda said: said.replace(signing.COMPONENTS, "()"),
    "a parameter more": lambda said: said + ";expires=99999999999",
    "no nonce": lambda said: said.partition(";nonce")[0],
    "a short nonce": lambda said: said.partition(";nonce")[0] + ';nonce="a"',
    "a date with a sign": lambda said: said.replace("created=", "created=-"),
    "a date with a fraction": lambda said: said.replace(";keyid", ".0;keyid"),
    "Arabic digits": lambda said: said.replace("created=1", "created=١"),
    "blanks": lambda said: said.replace(";", "; "),
    "twice": lambda said: f"{said}, {said}",
    "two of them": lambda said: f"{said}, {said.replace('sig1', 'sig2')}",
    "another label": lambda said: said.replace("sig1", "sig2"),
    "a long one": lambda said: said * 200,
    "nothing": lambda said: ",",
}


@pytest.mark.parametrize("form", FORMS)
def test_signature_input_has_one_form(either: Partner, nothing_moves, form):
    message = either.sign(either.message())
    said = FORMS[form](message.headers["Signature-Input"])
    refused(either.send(message, **{"Signature-Input": said}), "signature_malformed")


@pytest.mark.parametrize("made", [
    "sig1=:", "sig1=::", "sig1=abc", "sig1=:{raw}:, sig1=:{raw}:", "sig1=:{raw}:;a", "sig1=:{raw}", "sig1=: {raw}:", ",",
    "sig1=:{raw}=:", "sig1=:\n{raw}:",
])  # fmt: skip
def test_signature_has_one_form(either: Partner, nothing_moves, made):
    message = either.sign(either.message())
    raw = message.headers["Signature"].removeprefix("sig1=:").removesuffix(":")
    reply = either.send(message, Signature=made.format(raw=raw))
    refused(reply, reply.json()["code"])
    assert reply.json()["code"] in {"signature_malformed", "signature_wrong"}


@pytest.mark.parametrize("missing", ["Signature", "Signature-Input", "Content-Digest"])
def test_none_of_the_three_may_be_missing(either: Partner, nothing_moves, missing):
    message = either.sign(either.message())
    del message.headers[missing]
    refused(either.send(message), "signature_missing")


def test_a_line_break_in_a_header_signs_nothing_else(partner: Partner, nothing_moves):
    """An Idempotency-Key that would add lines of its own to what is signed."""
    key = 'k\n"@signature-params": ()'
    message = partner.message()
    message.headers["Idempotency-Key"] = key
    reply = partner.send(message)
    assert (reply.status_code, reply.json()["code"]) == (400, "idempotency_key_invalid")
    message = partner.sign(partner.message())
    for name in ("Signature", "Signature-Input", "Content-Digest"):
        for injected in ("\nx", "\r\nx: y", "\0", "\x85", "\n"):
            assert partner.send(message, **{name: message.headers[name] + injected}).status_code == 401


# Partners that do not sign


def test_a_partner_that_need_not_sign_may_still_not_sign_wrongly(market: Market):
    with market.city.scope():
        token = issue_key(partner=factories.make_partner(market.city, requires_signature=False), at=AT).token
    credentials.forget()
    unsigned = market.request("POST", PATH, market.body(), token=token, signed=False, idempotency_key=str(uuid7()))
    assert unsigned.status_code == 201
    found = selectors.credential(key_id=token.partition(".")[0])
    partner = Partner(market, token, found.signing_key)
    assert partner.send(partner.sign(partner.message())).status_code == 201
    message = partner.sign(partner.message())
    message.body = partner.message(amount=7).body
    refused(partner.send(message), "content_digest_wrong")
