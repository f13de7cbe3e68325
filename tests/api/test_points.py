"""Activities by API: each item on its own, once, and what citizens' apps show of it."""

from __future__ import annotations

from datetime import date

from tests.api.conftest import Market, partner_of
from tests.api.routes.points import body, campaign
from vouchers.common.models import uuid7
from vouchers.points.models import Activity, PointCap, PointLimits, PointProgramme


def send(market: Market, said, key: str | None = None, **options):
    return market.request("POST", "/api/v1/activities", said, idempotency_key=key or str(uuid7()), **options)


def test_each_item_gets_its_result(market: Market):
    good = body(market)["activities"][0]
    unknown = good | {"external_id": str(uuid7()), "kind": "nothing"}
    stranger = good | {"external_id": str(uuid7()), "wallet_id": str(uuid7())}
    reply = send(market, {"activities": [good, unknown, stranger]})
    assert reply.status_code == 201
    told = reply.json()
    assert (told["accepted"], told["rejected"], told["refused"]) == (1, 1, 1)
    assert [row["reason"] for row in told["results"]] == ["", "kind_unknown", "wallet_unknown"]
    assert [row["external_id"] for row in told["results"]] == [
        good["external_id"], unknown["external_id"], stranger["external_id"]
    ]  # fmt: skip


def test_a_repeated_request_changes_nothing(market: Market):
    said, key = body(market, occurred_at="2026-11-02T08:00:00+09:00"), str(uuid7())
    first, second = send(market, said, key), send(market, said, key)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert first.json() == second.json()
    with market.city.scope():
        assert Activity.objects.filter(external_id=said["activities"][0]["external_id"]).count() == 1


def test_the_same_item_in_another_request_counts_once(market: Market):
    said = body(market, occurred_at="2026-11-02T08:01:00+09:00")
    one, other = send(market, said).json(), send(market, said).json()
    assert one["results"] == other["results"]
    changed = {"activities": [said["activities"][0] | {"occurred_at": "2026-11-02T08:02:00+09:00"}]}
    assert send(market, changed).json()["results"][0]["reason"] == "external_id_reused"


def test_a_wrong_item_is_named_and_nothing_is_taken(market: Market):
    good = body(market, occurred_at="2026-11-02T08:03:00+09:00")["activities"][0]
    for wrong, pointer in (
        ({"occurred_at": "2026-11-02T07:30:00"}, "/activities/1/occurred_at"),
        ({"amount": 1.5}, "/activities/1/amount"),
        ({"quantity": "1.2345"}, "/activities/1/quantity"),
        ({"wallet_id": "x"}, "/activities/1/wallet_id"),
        ({"kind": "버스"}, "/activities/1/kind"),
        ({"documents": ["\u0000"]}, "/activities/1/documents"),
        ({"more": 1}, "/activities/1"),
        ({"occurred_at": "0001-01-01T00:00:00+09:00"}, "/activities/1"),
    ):
        reply = send(market, {"activities": [good, good | {"external_id": str(uuid7())} | wrong]})
        assert reply.status_code == 422, wrong
        assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]
    with market.city.scope():
        assert not Activity.objects.filter(external_id=good["external_id"]).exists()


def test_a_thousand_and_not_one_more(market: Market):
    good = body(market)["activities"][0]
    items = [
        good | {"external_id": f"{uuid7()}", "occurred_at": f"2026-11-03T08:{n // 60:02d}:{n % 60:02d}+09:00"}
        for n in range(1_000)
    ]
    reply = send(market, {"activities": items})
    assert reply.json()["accepted"] == 1_000
    assert send(market, {"activities": [*items, good]}).status_code == 422
    assert send(market, b'{"activities": [' + b" " * 1_100_000 + b"]}").status_code == 413


def test_an_activity_is_its_partners_own(market: Market):
    said = send(market, body(market, occurred_at="2026-11-02T08:05:00+09:00")).json()
    address = f"/api/v1/activities/{said['results'][0]['activity_id']}"
    own = market.request("GET", address)
    assert own.json()["state"] == "accepted"
    assert own.json()["occurred_at"] == "2026-11-01T23:05:00Z"
    assert market.request("GET", address, token=partner_of(market)).status_code == 404


def test_the_list_pages_and_filters(market: Market):
    for _ in range(2):
        send(market, body(market, wallet_id=str(uuid7()), external_id=str(uuid7())))
    page = market.request("GET", "/api/v1/activities?state=rejected&limit=1").json()
    assert [row["reason"] for row in page["activities"]] == ["wallet_unknown"]
    assert page["next_cursor"]
    for wrong in ("state=nothing", "state=accepted&state=rejected", "cursor=x", "more=1"):
        assert market.request("GET", f"/api/v1/activities?{wrong}").status_code == 422


def test_a_citizen_sees_the_months_points_and_why(market: Market):
    wallet = market.wallet_with(1_000)
    send(market, body(market, wallet_id=wallet, occurred_at="2026-10-31T23:59:59+09:00"))
    send(market, body(market, wallet_id=wallet, occurred_at="2026-11-01T00:00:00+09:00"))
    found = market.request("GET", f"/api/v1/wallets/{wallet}/points?month=2026-11").json()
    assert (found["month"], found["points"], found["paid"]) == ("2026-11", 40, 0)
    assert [(row["kind_name"], row["counts_on"], row["why"]) for row in found["activities"]] == [
        ("캠페인", "2026-11-01", "")
    ]
    (row,) = found["activities"]
    assert (row["points_before_limits"], row["cuts"]) == (40, [])
    for wrong in ("month=2026-13", "month=11", "month=2026-11&month=2026-10", "more=1"):
        assert market.request("GET", f"/api/v1/wallets/{wallet}/points?{wrong}").status_code == 422


def test_a_citizen_sees_which_limit_took_what_off(market: Market):
    """40 + 40 against a programme's 50 a week: 10 are left for the second, 30 were taken off."""
    wallet = market.wallet_with(1_000)
    campaign(market)
    with market.city.scope():
        own = {"municipality": market.city.municipality}
        limits = PointLimits.objects.create(
            programme=PointProgramme.objects.get(name="실천 포인트"), valid_from=date(2026, 11, 9), source="조례", **own
        )
        PointCap.objects.create(limits=limits, period="week", points=50, **own)
    for hour in (8, 9):
        send(market, body(market, wallet_id=wallet, occurred_at=f"2026-11-10T0{hour}:00:00+09:00"))
    found = market.request("GET", f"/api/v1/wallets/{wallet}/points?month=2026-11").json()
    assert found["points"] == 50, found
    later, earlier = (row for row in found["activities"] if row["counts_on"] >= "2026-11-09")
    assert (earlier["points"], earlier["why"], earlier["cuts"]) == (40, "", [])
    assert (later["points_before_limits"], later["points"], later["why"]) == (40, 10, "over_cap")
    assert later["cuts"] == [{"limit": "programme", "period": "week", "points": 30}]
