"""What members do beside spending an allowance: buy money, earn cashback, give, pay by card, collect points."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from django.core.management.base import CommandError
from django.utils import timezone

from config.demo.sandbox import register
from config.demo.server import Partner
from merchants.registry.models import Merchant
from vouchers.common.seoul import business_date, start_of_day
from vouchers.incentives.models import BenefitFund, Cashback, PayerKind
from vouchers.ledger.models import Lot
from vouchers.partners.models import Partner as PartnerRecord
from vouchers.partners.rules import SCOPES_OF, Kind
from vouchers.payments import services as payments
from vouchers.payments.selectors import municipalities_to_follow_up
from vouchers.points import examples
from vouchers.points import services as points
from vouchers.points.models import PointProgramme, PointRun, PointWitness, RunState
from vouchers.points.rules import periods_before
from vouchers.wallets.models import Wallet

if TYPE_CHECKING:
    from config.demo.job import Main

BUYERS, TOP_UP, PAYMENTS_EACH, PRICE = 10, 200_000, 3, 24_000
WALKERS = 5
_STEP = 500
_PATIENCE_SECONDS = 60


def buy_and_earn(main: Main) -> None:
    """Members buy money, which the funding bank confirms; they pay with it and earn cashback; one gives, one pays by card."""
    app = Partner(main.server, main.city.partner_key)
    bank = _partner(main, "고양페이 펀딩은행", Kind.BANK)
    processor = _partner(main, "한빛카드", Kind.CARD_COMPANY)
    _wallets, codes = main.wallets_and_codes()
    with main.scope():
        holders = Lot.objects.values("wallet_id")
        buyers = [str(wallet.pk) for wallet in Wallet.objects.exclude(pk__in=holders).order_by("pk")[: BUYERS + 1]]
        shop = Merchant.objects.filter(annual_sales__lte=main.city.usage_rule.annual_sales_cap).order_by("code")[0].code
    receiver = buyers.pop()
    spent, paid = 0, []
    for number, wallet in enumerate(buyers, start=1):
        order = f"TOPUP-{number:03d}"
        top_up = app.post("/api/v1/top-ups", {"wallet_id": wallet, "amount": TOP_UP, "order_id": order})
        bank.post(f"/api/v1/top-ups/{top_up['id']}/deposit", {"amount": top_up["pays"], "reference": order})
        for turn in range(PAYMENTS_EACH):
            price = PRICE + number * 700
            body = {
                "wallet_id": wallet, "qr": codes[(number * PAYMENTS_EACH + turn) % len(codes)],
                "amount": price, "order_id": f"MEMBER-{number:03d}-{turn}",
            }  # fmt: skip
            paid.append(app.post("/api/v1/payments", body))
            spent += price
    _follow_up(main)
    # of what has earned already, a part is given back, and with it the same part of the cashback
    spent -= app.post(f"/api/v1/payments/{paid[0]['id']}/cancellations", {"amount": 10_000})["amount"]
    gift = {"wallet_id": buyers[1], "receiver_wallet_id": receiver, "amount": 15_000, "message": "생일 축하해요"}
    app.post("/api/v1/gifts", gift)
    _pay_by_card(processor, wallet=buyers[2], shop=shop)
    _follow_up(main)
    for partner in (app, bank, processor):
        partner.close()
    with main.scope():
        earned = sum(row.amount - row.reversed for row in Cashback.objects.filter(municipality=main.city.code))
    main.figures["payments"] += len(paid)
    main.figures["amount_spent"] += spent
    main.figures |= {"top_ups": len(buyers), "cashback": earned}
    main.say(f"      {len(buyers)} top-ups of {TOP_UP:,} won, {len(paid)} payments, {earned:,} won of cashback")


def _pay_by_card(processor: Partner, *, wallet: str, shop: str) -> None:
    """An approval whose answer the terminal never got: it is reversed by its trace number."""
    token, trace = f"tok_{uuid4().hex}", "VAN1-DEMO-000001"
    processor.post("/api/v1/cards", {"wallet_id": wallet, "card_token": token, "last4": "4821"})
    processor.post(
        "/api/v1/card-authorisations",
        {
            "trace_number": trace, "card_token": token, "merchant_code": shop, "terminal_id": "CAT0000001",
            "amount": 18_000,
        },
    )  # fmt: skip
    processor.post("/api/v1/card-reversals", {"trace_number": trace})


def _partner(main: Main, name: str, kind: Kind) -> Partner:
    return Partner(main.server, register(city=main.city, kind=kind, name=name, at=timezone.now()))


def _follow_up(main: Main) -> None:
    """What the worker does each second, now: so that the story goes on at once."""
    code, until = main.city.code, time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        if code not in municipalities_to_follow_up():
            return
        with main.scope():
            if payments.follow_up(municipality=code, limit=_STEP, at=timezone.now()):
                continue
        time.sleep(0.1)  # the worker is at it
    raise CommandError("payments are not followed up")


def pay_points(main: Main) -> None:
    """탄소지움: a partner witnessed what members did in the month before last; one official computes, another confirms."""
    at = timezone.now()
    first, end = periods_before("month", business_date(at), 2)[1]
    with main.scope():
        programme = _programmes(main)
        witness = PartnerRecord.objects.create(
            municipality=main.city.municipality, name="고양시 기후환경국", scopes=list(SCOPES_OF[Kind.WITNESS])
        )
        PointWitness.objects.create(municipality=main.city.municipality, programme=programme, partner=witness)
        wallets = Wallet.objects.filter(municipality=main.city.code).order_by("pk")[:WALKERS]
        items = [item for n, wallet in enumerate(wallets) for item in (
            points.Item(f"CAMPAIGN-{n}", "campaign", str(wallet.pk), start_of_day(first) + timedelta(days=n, hours=10)),
            points.Item(
                f"LOCAL-{n}", "local_food", str(wallet.pk), start_of_day(first) + timedelta(days=n + 7, hours=17),
                amount=20_000 + n * 1_500,
            ),
        )]  # fmt: skip
        told = points.take_in(
            municipality=main.city.code, partner=witness.pk, items=items,
            at=max(item.occurred_at for item in items) + timedelta(hours=1),
        )  # fmt: skip
        if refused := [outcome.reason for outcome in told if outcome.outcome != "accepted"]:
            raise CommandError(f"activities were not accepted: {refused}")
        drafter, payer = main.officer("drafter"), main.officer("payer")
        run = points.compute(
            programme=programme, first=first, end=end, official=drafter.official, authority=drafter.authority, at=at
        )
        points.confirm(run=run, amount=run.amount, official=payer.official, authority=payer.authority, at=at)
    main.figures["points_paid"] = _when_paid(main, run).amount


def _programmes(main: Main) -> PointProgramme:
    """The examples, paid by the city; the one that is paid now."""
    fund = BenefitFund.objects.get(municipality=main.city.code, payer=PayerKind.CITY)
    made = examples.load(currency=main.city.currency, fund=fund)
    return next(programme for programme in made if programme.name == "탄소지움")


def _when_paid(main: Main, run: PointRun) -> PointRun:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        main.server.require_running()
        with main.scope():
            run = PointRun.objects.get(pk=run.pk)
        if run.state == RunState.PAID:
            return run
        time.sleep(0.1)
    raise CommandError(f"the payout of points is {run.get_state_display()}: {run.failure}")
