"""Limits as a partner's developer meets them."""

from __future__ import annotations

import re

from tests import factories
from tests.api.conftest import Market
from tests.factories import AT
from tests.vouchers.partners.test_limits import wait_for_a_fresh_minute
from vouchers.partners.api.limits import WRONG_KEYS
from vouchers.partners.api.views import credentials
from vouchers.partners.services import issue_key

PATH = "/api/v1/payments?order_id=ORDER-1"


def test_a_partner_sees_its_limit_and_meets_it(market: Market):
    with market.city.scope():
        token = issue_key(partner=factories.make_partner(market.city, requests_per_minute=3), at=AT).token
    wait_for_a_fresh_minute(5)
    replies = [market.request("GET", PATH, token=token) for _ in range(4)]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert {reply["RateLimit-Policy"] for reply in replies} == {'"minute";q=3;w=60'}
    left = [re.fullmatch(r'"minute";r=(\d+);t=(\d+)', reply["RateLimit"]) for reply in replies]
    assert [int(match[1]) for match in left] == [2, 1, 0, 0]
    assert replies[3]["Retry-After"] == left[3][2]
    assert replies[3].json()["code"] == "too_many_requests"
    assert market.request("GET", PATH).status_code == 200


def test_a_refusal_counts_too(market: Market):
    with market.city.scope():
        token = issue_key(partner=factories.make_partner(market.city, requests_per_minute=2, scopes=[]), at=AT).token
    wait_for_a_fresh_minute(5)
    replies = [market.request("GET", PATH, token=token) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [403, 403, 429]


def test_wrong_keys_run_out_and_right_ones_do_not(market: Market, elsewhere: Market):
    assert market.request("GET", PATH).status_code == 200
    try:
        for number in range(WRONG_KEYS):
            assert market.request("GET", PATH, token=f"jt{number:016d}.x").status_code == 401
        refused = market.request("GET", PATH, token="jt0000000000000000.x")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert 0 < int(refused["Retry-After"]) <= 60
        wrong_secret = market.token.partition(".")[0] + ".wrong"
        assert market.request("GET", PATH, token=wrong_secret).status_code == 429
        assert market.request("GET", PATH).status_code == 200
    finally:
        credentials.forget()
    assert elsewhere.request("GET", PATH).status_code == 200
