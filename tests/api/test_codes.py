"""Codes that live for minutes: the shop's for one sale, and the citizen's that the shop scans."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from uuid import UUID

import cemacqr
import pytest
import resvg_py
import zxingcpp
from ber_tlv import tlv
from django.db import connections
from PIL import Image

from merchants.qr_kit import rules as qr_rules
from merchants.qr_kit.rules import SaleQR, encode, encode_sale, svg
from merchants.qr_kit.services import keys_from
from tests import factories
from tests.api.conftest import KEYS, Market, partner_of
from vouchers.common.models import uuid7
from vouchers.partners.models import Partner
from vouchers.payments import rules
from vouchers.payments.models import Payment, PaymentToken

NODE = Path(sys.executable).parent
"""Where the pinned requirements of the tests put node and npm."""
PARSER = """
const q = require('promptparse').parse(process.argv[1], true); if (!q) process.exit(1);
console.log(JSON.stringify([q.getTagValue('01'), q.getTagValue('53'), q.getTagValue('54'), q.getTagValue('26', '01')]));
"""


def sale(market: Market, key: str | None = None, **body):
    path = f"/api/v1/shops/{market.merchant.code}/qr-codes"
    body = {"amount": 15_000, "order_id": str(uuid7())[-12:]} | body
    return market.request("POST", path, body, idempotency_key=key or str(uuid7()))


def token(market: Market, wallet: str | None = None, key: str | None = None):
    path = f"/api/v1/wallets/{wallet or market.wallet}/payment-tokens"
    return market.request("POST", path, idempotency_key=key or str(uuid7()))


def scan(market: Market, code: str, key: str | None = None, **body):
    body = {"code": code, "merchant_code": market.merchant.code, "amount": 1_000, "order_id": "POS-1"} | body
    return market.request("POST", "/api/v1/cpm-payments", body, idempotency_key=key or str(uuid7()))


def refusal(reply) -> tuple[int, str]:
    return reply.status_code, reply.json()["code"]


def later(statement: str, *parameters) -> None:
    """Move what a code says of its time into the past, as the owner."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement, parameters)


def together(times: int, act):
    """Do the same at once, each on a connection of its own."""
    barrier = Barrier(times)

    def one(number: int):
        barrier.wait()
        try:
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_a_code_for_one_sale_is_paid_once_and_tells_so(market: Market):
    made = sale(market, order_id="POS1-0001")
    assert made.status_code == 201
    code = made.json()
    assert (code["state"], code["payment_id"], code["amount"]) == ("open", None, 15_000)
    expires, created = datetime.fromisoformat(code["expires_at"]), datetime.now(UTC)
    assert timedelta(seconds=170) < expires - created <= timedelta(seconds=180)
    paid = market.pay(qr=code["qr"], amount=15_000)
    assert (paid.status_code, paid.json()["channel"]) == (201, "dynamic_qr")
    now = market.request("GET", made["Location"]).json()
    assert (now["state"], now["payment_id"]) == ("paid", paid.json()["id"])
    assert refusal(market.pay(qr=code["qr"], amount=15_000)) == (422, "qr_used")


def test_the_same_request_makes_the_same_code(market: Market):
    key = str(uuid7())
    first, again = sale(market, key, order_id="POS1-1"), sale(market, key, order_id="POS1-1")
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"


def test_a_newer_code_for_the_same_sale_retires_the_one_before(market: Market):
    before, now = sale(market, order_id="POS1-2"), sale(market, order_id="POS1-2", amount=14_000)
    assert refusal(market.pay(qr=before.json()["qr"], amount=15_000)) == (422, "qr_retired")
    assert market.request("GET", before["Location"]).json()["state"] == "retired"
    assert market.pay(qr=now.json()["qr"], amount=14_000).status_code == 201


def test_a_code_expires_by_the_record_whatever_it_says(market: Market):
    code = sale(market).json()
    later("UPDATE vouchers_saleqr SET expires_at = now() WHERE id = %s", code["id"])
    assert refusal(market.pay(qr=code["qr"], amount=15_000)) == (422, "qr_expired")


def test_a_refused_payment_leaves_the_code_open(market: Market):
    code = sale(market, amount=4_000).json()
    poor = market.wallet_with(3_999)
    assert refusal(market.pay(qr=code["qr"], amount=4_000, wallet_id=poor)) == (422, "insufficient_funds")
    assert market.pay(qr=code["qr"], amount=4_000).status_code == 201


def test_another_amount_than_the_code_says_is_refused(market: Market):
    assert refusal(market.pay(qr=sale(market).json()["qr"], amount=1)) == (422, "qr_amount_differs")


def _changed(code: dict, **changes) -> str:
    """The code with something else in it and a right checksum, tagged by somebody who has no key of ours."""
    genuine = qr_rules.decode_sale(code["qr"], keys=KEYS)
    return encode_sale(SaleQR(**(vars(genuine) | changes)), keys={max(KEYS): b"guess".ljust(32)})


@pytest.mark.parametrize(
    "changes",
    [{"amount": 1}, {"expires_at": datetime(2030, 1, 1, tzinfo=UTC)}, {"id": UUID(int=7)}, {"merchant_code": "M000000000"}],
)  # fmt: skip
def test_a_forged_code_is_refused(market: Market, changes):
    forged = _changed(sale(market).json(), **changes)
    assert refusal(market.pay(qr=forged, amount=changes.get("amount", 15_000))) == (422, "qr_forged")


def test_a_code_of_a_retired_key_is_refused_fixed_or_not(market: Market):
    fixed = qr_rules.decode(market.qr, keys=KEYS)
    one_sale = qr_rules.decode_sale(sale(market).json()["qr"], keys=KEYS)
    old = {99: b"an old key".ljust(32)}
    assert refusal(market.pay(qr=encode(fixed, keys=old))) == (422, "qr_key_retired")
    assert refusal(market.pay(qr=encode_sale(one_sale, keys=old), amount=15_000)) == (422, "qr_key_retired")


def test_two_who_scan_one_sale_at_once_make_one_payment(market: Market):
    code = sale(market, amount=700).json()["qr"]
    wallets = [market.wallet_with(700) for _ in range(4)]
    replies = together(4, lambda number: market.pay(qr=code, amount=700, wallet_id=wallets[number]))
    assert sorted(reply.status_code for reply in replies) == [201, 422, 422, 422]
    assert {reply.json()["code"] for reply in replies if reply.status_code == 422} == {"qr_used"}


def test_only_the_shops_own_app_acts_for_it(market: Market):
    with market.city.scope():
        own = factories.make_partner(market.city)
        shop = factories.make_merchant(market.city, partner=own)
    reply = market.request(
        "POST", f"/api/v1/shops/{shop.code}/qr-codes", {"amount": 1, "order_id": "A"}, idempotency_key="k-app"
    )
    assert refusal(reply) == (404, "merchant_unknown")
    assert refusal(scan(market, token(market).json()["digits"], merchant_code=shop.code)) == (404, "merchant_unknown")


# The image and outside readers


@pytest.fixture(params=["fixed", "for one sale"])
def payload(request, market: Market) -> str:
    return market.qr if request.param == "fixed" else sale(market).json()["qr"]


def test_the_printed_image_decodes_back(payload: str, tmp_path: Path):
    picture = tmp_path / "code.png"
    drawing = svg(payload).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    drawing = drawing.replace('xmlns="http://www.w3.org/2000/svg" ', "", 1) if drawing.count("xmlns=") > 1 else drawing
    picture.write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=drawing, width=600, background="white")))
    (found,) = zxingcpp.read_barcodes(Image.open(picture).convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    assert found.text == payload
    assert str(found.format) in {"BarcodeFormat.QRCode", "QR Code", "QRCode"}


def test_a_python_reader_finds_it_valid(payload: str):
    parsed = cemacqr.parse_payload(payload)
    report = cemacqr.validate(parsed, cemacqr.EMVCO)
    assert report.ok, str(report)


def test_a_javascript_reader_finds_it_valid(payload: str, market: Market, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "promptparse"
    if not folder.exists():
        folder.mkdir()
        got = subprocess.run(
            [NODE / "npm", "install", "--no-audit", "--no-fund", "promptparse@1.6.0"],
            cwd=folder, check=False, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        if got.returncode:
            shutil.rmtree(folder)
            pytest.skip(f"npm could not download promptparse: {got.stderr[-200:]}")
    said = subprocess.run(
        [NODE / "node", "-e", PARSER, payload], cwd=folder, check=True, capture_output=True, text=True
    )
    kind, currency, amount, shop = json.loads(said.stdout)
    assert (currency, shop) == ("410", market.merchant.code)
    assert (kind, amount) in {("11", None), ("12", "15000")}


# The citizen's code


def test_a_citizens_code_pays_once(market: Market):
    made = token(market)
    code = made.json()
    assert made.status_code == 201
    assert len(code["digits"]) == 24
    assert code["digits"].isdecimal()
    first = scan(market, code["digits"])
    assert (first.status_code, first.json()["channel"], first.json()["wallet_id"]) == (201, "cpm", str(market.wallet))
    assert refusal(scan(market, code["digits"])) == (422, "token_used")
    assert refusal(scan(market, code["emv"])) == (422, "token_used")


def test_the_emv_form_pays_as_well_and_an_outside_reader_takes_it_apart(market: Market):
    code = token(market).json()
    objects = tlv.Tlv.parse(base64.b64decode(code["emv"]), recursive=True)
    (format_indicator, version), (application, parts) = objects
    assert (format_indicator, bytes(version), application) == (0x85, b"CPV01", 0x61)
    inside = dict(parts)
    assert bytes(inside[0x50]) == b"JANGTEO"
    assert bytes(dict(inside[0x63])[0xDF01]).hex() == code["digits"]
    assert scan(market, code["emv"]).status_code == 201


def test_the_citizens_barcode_decodes_back(market: Market):
    digits = token(market).json()["digits"]
    for kind in (zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.QRCode):
        drawn = zxingcpp.create_barcode(digits, kind).to_image(scale=4)
        (found,) = zxingcpp.read_barcodes(drawn)
        assert found.text == digits


def test_a_new_code_ends_the_one_before(market: Market):
    before, now = token(market).json()["digits"], token(market).json()["digits"]
    assert refusal(scan(market, before)) == (422, "token_unknown")
    assert scan(market, now).status_code == 201


def test_the_same_request_gets_the_same_code_and_nothing_readable_is_kept(market: Market):
    key = str(uuid7())
    first, again = token(market, key=key), token(market, key=key)
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    with market.city.scope():
        kept = PaymentToken.objects.get(wallet_id=market.wallet)
    assert first.json()["digits"] not in repr(vars(kept))
    assert bytes.fromhex(first.json()["digits"]) not in bytes(kept.hash)


def test_a_citizens_code_ends_after_three_minutes(market: Market):
    made = token(market).json()
    refresh, end = (datetime.fromisoformat(made[name]) for name in ("refresh_at", "expires_at"))
    assert end - refresh == timedelta(seconds=120)
    later("UPDATE vouchers_paymenttoken SET expires_at = now() WHERE wallet_id = %s", market.wallet)
    assert refusal(scan(market, made["digits"])) == (422, "token_expired")


@pytest.mark.parametrize("code", ["0" * 24, "1" * 23, "hQVDUFYwMQ==", "한글", rules.emv_of("1" * 24)[:-4] + "AAAA"])
def test_what_nobody_shows_is_unknown(market: Market, code):
    assert refusal(scan(market, code)) == (422, "token_unknown")


def test_a_refused_scan_leaves_the_code_good(market: Market):
    wallet = market.wallet_with(500)
    digits = token(market, wallet).json()["digits"]
    assert refusal(scan(market, digits, amount=501)) == (422, "insufficient_funds")
    assert scan(market, digits, amount=500).status_code == 201


def test_a_scanned_wallet_may_belong_to_another_app(market: Market):
    """The citizen's app shows the code, and the shop's app, another partner, scans it."""
    shop_app = partner_of(market)
    with market.city.scope():
        citizens_app = Partner.objects.get(pk=market.partner.pk)
    wallet = market.wallet_with(900)
    later("UPDATE vouchers_wallet SET partner_id = %s WHERE id = %s", citizens_app.pk, wallet)
    digits = token(market, wallet).json()["digits"]
    body = {"code": digits, "merchant_code": market.merchant.code, "amount": 900, "order_id": "POS-2"}
    reply = market.request("POST", "/api/v1/cpm-payments", body, token=shop_app, idempotency_key=str(uuid7()))
    assert reply.status_code == 201
    path = f"/api/v1/wallets/{wallet}/payment-tokens"
    assert refusal(market.request("POST", path, token=shop_app, idempotency_key=str(uuid7()))) == (
        404,
        "wallet_unknown",
    )


def test_two_scans_of_one_code_at_once_make_one_payment(market: Market):
    wallet = market.wallet_with(10_000)
    digits = token(market, wallet).json()["digits"]
    replies = together(4, lambda _number: scan(market, digits))
    assert sorted(reply.status_code for reply in replies) == [201, 422, 422, 422]
    assert {reply.json()["code"] for reply in replies if reply.status_code == 422} == {"token_used"}
    with market.city.scope():
        assert Payment.objects.filter(wallet_id=wallet).count() == 1


def test_a_digit_is_as_likely_as_another():
    digits = "".join(rules.digits_of(uuid7(), key=keys_from("1:" + "A" * 43 + "=")[1]) for _ in range(500))
    assert all(1_000 < digits.count(str(digit)) < 1_400 for digit in range(10))
