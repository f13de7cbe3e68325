"""The main job, done for real: the services that the admin calls, the worker that runs in production, the HTTP API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from allowances.approvals import services as approvals
from allowances.batches import selectors as batch_selectors
from allowances.batches import services as batches
from allowances.batches.annotated import annotated_copy
from allowances.batches.files import list_store
from allowances.batches.models import Batch, BatchState
from allowances.catalogue.models import AllowanceType
from allowances.disbursement import services as disbursement
from allowances.programmes import services as programmes
from allowances.programmes.models import Cycle
from config.demo import payouts
from config.demo.lists import Lists
from config.demo.members import buy_and_earn, pay_points
from config.demo.people import People
from config.demo.seed import City, World
from config.demo.server import Partner, Server
from merchants.registry.models import Merchant
from merchants.settlement import services as settlement
from merchants.settlement.models import DayClose, SettlementLine
from reports.documents import selectors as documents
from reports.documents import statement as paper
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date, start_of_day
from vouchers.ledger.models import Lot
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority, authority_of
from vouchers.reconciliation import services as reconciliation

BUDGET = 2_000_000_000
PAYMENTS, CANCELLATIONS = 400, 9
_PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Officer:
    """An official at work."""

    official: Official
    authority: Authority


@dataclass
class Main:
    """One run of the main job in one city. ``say`` prints a line; every figure of the summary stays in ``figures``."""

    world: World
    server: Server
    folder: Path
    say: Callable[[str], None]
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def city(self) -> City:
        """The city where the job is done."""
        return self.world.goyang

    def officer(self, suffix: str) -> Officer:
        """The city's official with that role, with the authority they hold today."""
        official = Official.objects.get(username=f"goyang-{suffix}")
        authority = authority_of(official_id=official.pk, day=business_date(timezone.now()))
        return Officer(official, authority)

    def scope(self) -> Any:
        """The city's scope."""
        return scope(municipalities=[self.city.code])

    # Programme

    def open_programme(self) -> Cycle:
        """A programme from a type of the catalogue, its budget, and a payment round."""
        with self.scope():
            at, drafter, budget = timezone.now(), self.officer("drafter"), self.officer("budget")
            programme = programmes.create_programme(
                official=drafter.official, authority=drafter.authority, municipality=self.city.municipality,
                type=AllowanceType.objects.get(code="YTH-001"), currency=self.city.currency, is_not_wage=True, at=at,
                budget_line=self.city.lines["청년기본소득"], name="청년기본소득",
                fiscal_year=business_date(at).year, department="청년정책과",
                legal_basis="고양시 청년기본소득 지급 조례 제5조", usage_rule=self.city.usage_rule,
            )  # fmt: skip
            programmes.allot_budget(
                programme=programme, amount=BUDGET, official=budget.official, authority=budget.authority, at=at,
                reason="청년기본소득 지급 예산 재배정", document_number="예산법무과-2041",
            )  # fmt: skip
            quarter = (business_date(at).month + 2) // 3
            return programmes.open_cycle(
                programme=programme, name=f"{business_date(at).year}년 {quarter}분기",
                reference_date=business_date(at), official=drafter.official, authority=drafter.authority, at=at,
            )  # fmt: skip

    # Lists

    def upload_dirty(self, cycle: Cycle, lists: Lists) -> None:
        """Upload the list as it is, show what is wrong with it, and keep the annotated copy."""
        batch = self._upload(cycle, lists.dirty, "청년기본소득_명단.csv")
        with self.scope():
            self.figures |= {"rows_uploaded": batch.rows_total, "rows_rejected": batch.rows_bad}
            for kind in batch_selectors.problem_summary(batch):
                self.say(f"      {kind.count:>5,}  {kind.message}")
        copy = self.folder / "청년기본소득_명단_오류표시.csv"
        with copy.open("wb") as file:
            file.writelines(annotated_copy(batch, store=list_store()))
        self.say(f"      the official's own file with the reasons beside the rows: {_shown(copy)}")
        drafter = self.officer_in_scope("drafter")
        with self.scope():
            batches.discard(
                batch=batch, official=drafter.official, authority=drafter.authority, at=timezone.now()
            )  # fmt: skip

    def upload_mended(self, cycle: Cycle, lists: Lists) -> Batch:
        """Upload the mended list."""
        return self._upload(cycle, lists.mended, "청년기본소득_명단_수정.csv")

    def _upload(self, cycle: Cycle, content: bytes, name: str) -> Batch:
        (self.folder / name).write_bytes(content)
        with self.scope():
            drafter = self.officer("drafter")
            batch = batches.upload(
                cycle=cycle, file=SimpleUploadedFile(name, content), file_name=name, official=drafter.official,
                authority=drafter.authority, store=list_store(), limit=settings.UPLOAD_LIMIT_BYTES, at=timezone.now(),
            )  # fmt: skip
        batch = self._when(batch, BatchState.INSPECTED)
        with self.scope():
            batches.confirm_layout(
                batch=batch, official=drafter.official, authority=drafter.authority, at=timezone.now()
            )
        batch = self._when(batch, BatchState.VALIDATED)
        self.say(f"    {name}: {batch.rows_total:,} rows read, {batch.rows_bad:,} refused, {batch.amount_total:,} won")
        return batch

    def officer_in_scope(self, suffix: str) -> Officer:
        """``officer``, opening the scope for it."""
        with self.scope():
            return self.officer(suffix)

    def _when(self, batch: Batch, state: BatchState) -> Batch:
        """The list once the worker has brought it to a state. Raises CommandError when it ends up in another one."""
        until = time.monotonic() + _PATIENCE_SECONDS
        on_the_way = {
            BatchState.UPLOADED, BatchState.READING, BatchState.VALIDATING, BatchState.SUBMITTING, BatchState.PAYING,
        }  # fmt: skip
        while time.monotonic() < until:
            self.server.require_running()
            with self.scope():
                batch = Batch.objects.get(pk=batch.pk)
            if batch.state == state:
                return batch
            if batch.state not in on_the_way or (batch.state == BatchState.PAYING and batch.failure):
                break
            time.sleep(0.1)
        raise CommandError(f"the list is {batch.get_state_display()} instead of {state.label}: {batch.failure}")

    # Approval and payment

    def approve(self, batch: Batch) -> Batch:
        """기안 → 검토 → 협조 → 결재, each by another official, each bound to the digest."""
        with self.scope():
            drafter = self.officer("drafter")
            approvals.submit(
                batch=batch, official=drafter.official, authority=drafter.authority, exclude_bad_rows=True,
                at=timezone.now(),
            )  # fmt: skip
        self._signed("기안", drafter, "상신")
        batch = self._when(batch, BatchState.SUBMITTED)
        for title, suffix in (("검토", "reviewer"), ("협조", "budget"), ("결재", "approver")):
            with self.scope():
                officer = self.officer(suffix)
                batch = approvals.sign(
                    batch=batch, official=officer.official, authority=officer.authority, digest=batch.digest,
                    at=timezone.now(),
                )  # fmt: skip
            self._signed(title, officer, f"digest {batch.digest[:16]}…")
        return batch

    def pay(self, batch: Batch) -> None:
        """The payer signs last, and the worker pays."""
        with self.scope():
            payer = self.officer("payer")
            disbursement.start(
                batch=batch, official=payer.official, authority=payer.authority, digest=batch.digest, at=timezone.now()
            )
        self._signed("지급", payer, f"digest {batch.digest[:16]}…")
        batch = self._when(batch, BatchState.PAID)
        with self.scope(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*), coalesce(sum(granted), 0)::bigint FROM vouchers_lot")
            self.figures["rows_paid"], self.figures["amount_paid"] = cursor.fetchone()

    def _signed(self, title: str, officer: Officer, what: str) -> None:
        self.say(
            f"      {title}  {officer.official.position} {officer.official.name} ({officer.official.username})  {what}"
        )

    # Payments

    def spend(self) -> None:
        """Citizens pay at shops through the HTTP API; a few change their minds, in part or in whole."""
        random = People(seed=11).random
        partner = Partner(self.server, self.city.partner_key)
        wallets, codes = self.wallets_and_codes()
        paid: list[dict[str, Any]] = []
        for number in range(PAYMENTS):
            # one shop in forty is the favourite, so that its statement has a page of lines
            code = codes[0] if number % 8 == 0 else random.choice(codes)
            paid.append(
                partner.post(
                    "/api/v1/payments",
                    {
                        "wallet_id": random.choice(wallets), "qr": code, "amount": random.randint(32, 420) * 100,
                        "order_id": f"DEMO-{number + 1:05d}",
                    },
                )
            )  # fmt: skip
            if (number + 1) % 100 == 0:
                self.say(f"      {number + 1:,} payments")
        spent = sum(payment["amount"] for payment in paid)
        for number, payment in enumerate(paid[:: PAYMENTS // CANCELLATIONS][:CANCELLATIONS]):
            body = {"amount": payment["amount"] // 200 * 100} if number % 2 else {}
            spent -= partner.post(f"/api/v1/payments/{payment['id']}/cancellations", body)["amount"]
        partner.close()
        self.figures |= {"payments": len(paid), "amount_spent": spent}

    def wallets_and_codes(self) -> tuple[Sequence[str], Sequence[str]]:
        """Wallets with money, and the codes of shops where it may be spent."""
        with self.scope():
            wallets = [str(wallet) for wallet in Lot.objects.values_list("wallet_id", flat=True)[:900]]
            shops = Merchant.objects.filter(annual_sales__lte=self.city.usage_rule.annual_sales_cap).order_by("code")
            codes = [code for shop in shops[:40] for code in shop.qr_codes.values_list("payload", flat=True)]
        return wallets, codes

    # Settlement

    def close_day(self) -> None:
        """Close today as if it were over: the service is given tomorrow's 00:10 as the time at which it runs."""
        today = business_date(timezone.now())
        at = start_of_day(today + timedelta(days=1)) + timedelta(minutes=10)
        settlement.close_through(municipality=self.city.code, day=today, at=at)
        reconciliation.sum_closed_days(municipality=self.city.code)
        with self.scope():
            closed = DayClose.objects.filter(municipality=self.city.code)
            self.figures["settled"] = sum(close.payable for close in closed)
            shops = sum(close.merchants for close in closed)
        self.say(f"      {shops:,} shops, {self.figures['settled']:,} won")

    def pay_shops(self) -> None:
        """The day's money goes to the shops: made, approved, sent, and answered by the bank on the morning after the close."""
        today = business_date(timezone.now())
        at = start_of_day(today + timedelta(days=1)) + timedelta(hours=9)
        maker, checker = (
            {"official": officer.official, "authority": officer.authority}
            for officer in (self.officer_in_scope("settlement"), self.officer_in_scope("payer"))
        )
        with self.scope():
            payouts.make_terms(self.city, today=today)
            batch, file = payouts.send(self.city, maker=maker, checker=checker, at=at, pay_on=business_date(at))
            result = payouts.answer(self.city, batch, maker=maker, at=at)
        self.figures |= {"payouts": batch.payouts, "payouts_amount": batch.amount, "payouts_returned": result.returned}
        self.say(
            f"      {file}: {batch.payouts:,} payouts, {batch.amount:,} won;"
            f" {result.paid:,} paid, {result.returned:,} returned (closed account)"
        )

    def print_statement(self) -> Path:
        """The statement of the shop with the most payments."""
        with self.scope():
            line = (
                SettlementLine.objects.select_related("merchant", "municipality", "currency")
                .order_by("-payments", "merchant__code")
                .first()
            )
            assert line is not None
            statement = documents.statement_of(line=line, at=_later(timezone.now(), line))
        path = self.folder / f"정산내역서_{statement.document_number}.pdf"
        path.write_bytes(paper.render(statement))
        self.figures["statement_pdf"] = str(path)
        return path


def _later(now: datetime, line: SettlementLine) -> datetime:
    """A statement is issued on the day of the payout at the earliest."""
    return max(now, start_of_day(line.business_date + timedelta(days=1)))


def _shown(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR) if path.is_relative_to(settings.BASE_DIR) else path)


def steps(main: Main, lists: Callable[[], Lists]) -> Iterator[tuple[str, Callable[[], object]]]:
    """The main job as (what is done, the function that does it), in order."""
    made: dict[str, Any] = {}

    def keep(name: str, work: Callable[[], object]) -> Callable[[], None]:
        return lambda: made.update({name: work()})

    yield (
        "The drafter makes a programme from the catalogue, the budget team allots money of its line to it",
        keep("cycle", main.open_programme),
    )
    yield "A list of 5,000 recipients, as officials have it, is written", keep("lists", lists)
    yield "The drafter uploads it", lambda: main.upload_dirty(made["cycle"], made["lists"])
    yield "The drafter uploads the mended list", keep("batch", lambda: main.upload_mended(made["cycle"], made["lists"]))
    yield "Three officials sign it", keep("batch", lambda: main.approve(made["batch"]))
    yield "A fourth one pays it", lambda: main.pay(made["batch"])
    yield f"Citizens pay {PAYMENTS} times over the HTTP API, and {CANCELLATIONS} payments are cancelled", main.spend
    yield (
        "Members buy money, pay with it and earn cashback; one gives some away, one pays by card",
        lambda: buy_and_earn(main),
    )
    yield "Points of 탄소지움 are paid", lambda: pay_points(main)
    yield (
        "The day is closed (it is given tomorrow's 00:10 as its time; what is paid from now on counts for tomorrow)",
        main.close_day,
    )
    yield "Two officials send the shops their money; the bank pays all but one", main.pay_shops
    yield "The settlement statement of the busiest shop is printed", main.print_statement
