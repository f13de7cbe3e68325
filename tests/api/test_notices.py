"""What partners are told without asking, in the terms of the API, and what the OpenAPI document says of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from merchants.qr_kit.services import issue
from merchants.registry.models import MerchantBenefit
from tests import factories
from tests.api.conftest import KEYS, Market
from tests.factories import AT
from tests.factories.benefits import follow_up
from tests.factories.webhooks import make_endpoint
from vouchers.common.seoul import business_date
from vouchers.payments.api.bodies import CancellationNotice, PaymentNotice
from vouchers.webhooks.models import WebhookEvent
from vouchers.webhooks.rules import PING, EventType


def test_notices_tell_payments_and_cancellations_as_the_api_does(market: Market):
    day = business_date(AT)
    with market.city.scope():
        shop_app = factories.make_partner(market.city)
        shop = factories.make_merchant(market.city, partner=shop_app)
        for partner in (market.partner, shop_app):
            make_endpoint(market.city, partner)
        MerchantBenefit.objects.create(
            municipality=market.city.municipality,
            merchant=shop,
            rate=3,
            document="1",
            valid_from=day - timedelta(days=1),
            valid_until=day + timedelta(days=1),
        )
        qr = issue(merchant=shop, keys=KEYS).payload
    paid = market.pay(qr=qr, amount=9_999, order_id="ORDER-N").json()
    told = _told(market)["payment.paid"]
    own = msgspec.convert(told[market.partner.pk], PaymentNotice)
    expected = {name: value for name, value in paid.items() if name != "drawn"}
    assert own == msgspec.convert(expected, PaymentNotice)
    assert (own.amount, own.discount, own.paid_amount) == (9_999, 299, 9_700)
    # the shop's app knows what its shop may know: neither the payer nor the other app's order
    assert told[shop_app.pk] == {
        name: value for name, value in told[market.partner.pk].items() if name not in {"order_id", "wallet_id"}
    }
    done = market.cancel(paid["id"], amount=1_234).json()
    back = msgspec.convert(_told(market)["payment.cancelled"][market.partner.pk], CancellationNotice)
    assert back == msgspec.convert(done, CancellationNotice)
    assert (back.amount, back.discount, back.payment.cancelled_amount) == (1_234, 37, 1_234)


def _told(market: Market) -> dict[str, dict[UUID, dict]]:
    """The latest notice of each type to each partner."""
    told: dict[str, dict[UUID, dict]] = {}
    with market.city.scope():
        follow_up(market.city, at=datetime.now(UTC))
        for event in WebhookEvent.objects.order_by("id"):
            told.setdefault(event.type, {})[event.partner_id] = event.data
    return told


def test_the_document_describes_every_type_of_notice(market: Market):
    document = market.request("GET", "/api/schema/").json()
    assert document["webhooks"].keys() == {PING, *EventType.values}
    for kind, described in document["webhooks"].items():
        content = described["post"]["requestBody"]["content"]["application/json"]
        schema, said = content["schema"]["properties"], content["examples"]["message"]["value"]
        assert (schema["type"]["const"], said["type"]) == (kind, kind)
        data = document["components"]["schemas"][schema["data"]["$ref"].rpartition("/")[2]]
        assert set(data["required"]) <= said["data"].keys() <= data["properties"].keys()
