"""One batch of payouts to every shop of a large city: frozen, approved, written for the bank, answered, and looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from statistics import median
from typing import Any, Final

from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.bench.close import measure as close_the_day
from config.bench.measure import Result, seconds
from config.bench.server import Server
from config.bench.world import Scale, World
from merchants.payouts import rules, selectors, services
from merchants.payouts.models import Payout, PayoutBatch, PayoutTerms
from merchants.registry.models import Merchant
from merchants.settlement.models import DayClose
from vouchers.common.scope import scope, set_local
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency
from vouchers.officials.models import Official, RoleAssignment
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority, authority_of

STEP_SECONDS: Final = 10.0
"""What an official waits for without a second thought, once a day."""
PAGE_SECONDS: Final = 0.3
ROUNDS: Final = 5
# The register's guard stands aside, as for two officials' approved changes.
_ACCOUNTS: Final = """
    UPDATE merchants_merchant shop SET account_number = made.number, account_number_index = made.blind
    FROM made WHERE shop.id = made.id
"""


def measure(server: Server, world: World, scale: Scale) -> Sequence[Result]:
    """Each step as the page does it, with its queries."""
    with scope(municipalities=[world.code]):
        closed = DayClose.objects.exists()
    if not closed:
        close_the_day(server, world, scale)
    with scope(municipalities=[world.code]):
        maker, checker = _official(world, Role.SETTLEMENT_OFFICER), _official(world, Role.PAYER)
        currency = Currency.objects.get(pk=world.currency)
        PayoutTerms.objects.create(
            municipality_id=world.code, currency=currency, valid_from=date(2020, 1, 1), minimum=1, account_bank="081",
            account_number="110-555-000001", account_holder="고양시", shown_as="고양페이정산", legal_basis="조례 제8조",
        )  # fmt: skip
    _give_accounts(server, world)
    server.settle_down()
    steps = _Steps(world)
    pages = _Pages(world, maker[0])
    found = [pages.took("new", reverse("admin:payout_new"), reach=STEP_SECONDS)]
    made: PayoutBatch = steps.take("made", lambda: services.make(currency=currency, pay_on=_today(), **_as(maker)))
    digest = bytes(made.digest).hex()
    steps.take("approved", lambda: services.approve(batch=made, digest=digest, **_as(checker)))
    approved = _again(world, made)
    order = steps.take("pain.001", lambda: services.send(batch=approved, form=services.PAIN001, **_as(maker)))
    sent = _again(world, made)
    with scope(municipalities=[world.code]):
        keys = list(Payout.objects.filter(batch=sent).order_by("line").values_list("pk", "amount"))
    steps.take("e호조, CSV", lambda: services.expenditure(batch=sent, **_as(maker)))
    steps.take("a bank's sheet, XLSX", lambda: _workbook(sent))
    answer = _report([(key.hex, amount) for key, amount in keys])
    for what, content in (("answers of pain.002", answer), ("a copy of the answers", answer + b"\n")):
        steps.take(what, partial(_take_in, world, content, maker))
    server.settle_down()
    found += [
        pages.took("batches", reverse("admin:merchants_payoutbatch_changelist")),
        pages.took("batch", reverse("admin:merchants_payoutbatch_change", args=[made.pk])),
        pages.took("payouts", reverse("admin:merchants_payout_changelist")),
        pages.took("of a batch", f"{reverse('admin:merchants_payout_changelist')}?batch__id__exact={made.pk}"),
        pages.took("payout", reverse("admin:merchants_payout_change", args=[keys[-1][0]])),
        pages.took("results", reverse("admin:merchants_payoutresult_changelist")),
    ]
    size = f"{made.payouts:,} payouts"
    told = Result(name=f"pain.001 of {size}", value=len(order.content) / 2**20, unit="MiB")
    return [*(_named(size, result) for result in (*steps.results, *found)), told]


@contextmanager
def _counted() -> Iterator[list[int]]:
    """How many statements ran, in a list of one."""
    count = [0]

    def run(execute: Any, *rest: Any) -> Any:
        count[0] += 1
        return execute(*rest)

    with connection.execute_wrapper(run):
        yield count


def _named(size: str, result: Result) -> Result:
    return Result(
        name=f"{size}: {result.name}", value=result.value, unit=result.unit, reach=result.reach, at_least=False
    )


class _Steps:
    """What each step took, and with how many queries."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.results: list[Result] = []

    def take(self, name: str, step: Callable[[], Any]) -> Any:
        """In a scope of its own, as a request has it."""
        answer: list[Any] = []
        with scope(municipalities=[self.world.code]), _counted() as queries:
            took = seconds(lambda: answer.append(step()))
        self.results.append(Result(name=f"{name} ({queries[0]} queries)", value=took, unit="s", reach=STEP_SECONDS))
        return answer[0]


class _Pages:
    """Pages as the settlement officer opens them."""

    def __init__(self, world: World, official: Official) -> None:
        self.client = Client(SERVER_NAME="localhost")
        with scope(municipalities=[world.code]):
            set_local(official=str(official.pk))
            self.client.force_login(official)

    def took(self, name: str, address: str, *, reach: float = PAGE_SECONDS) -> Result:
        """The median of some rounds."""
        with _counted() as queries:
            self._open(address)
        value = median(seconds(lambda: self._open(address)) for _ in range(ROUNDS))
        return Result(name=f"page {name} ({queries[0]} queries)", value=value, unit="s", reach=reach)

    def _open(self, address: str) -> None:
        answer = self.client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")


def _workbook(batch: PayoutBatch) -> bytes:
    lines = selectors.lines_of(batch=batch, shown="고양페이정산", memo=str(batch))
    return rules.write_sheet(lines, columns=rules.parse_columns(rules.SHEETS["shinhan"].columns), form="xlsx")


def _take_in(world: World, content: bytes, maker: tuple[Official, Authority]) -> None:
    services.take_in(municipality=world.code, content=content, file_name="result.xml", **_as(maker))


def _official(world: World, role: Role) -> tuple[Official, Authority]:
    official = Official.objects.create(municipality_id=world.code, username=f"payouts-{role}", name=str(role.label))
    RoleAssignment.objects.create(
        municipality_id=world.code, official=official, role=role, valid_from=date(2020, 1, 1), reason="측정"
    )
    return official, authority_of(official_id=official.pk, day=_today())


def _as(who: tuple[Official, Authority]) -> dict[str, Any]:
    official, authority = who
    return {"official": official, "authority": authority, "at": timezone.now()}


def _today() -> date:
    return business_date(timezone.now())


def _again(world: World, batch: PayoutBatch) -> PayoutBatch:
    with scope(municipalities=[world.code]):
        return PayoutBatch.objects.get(pk=batch.pk)


def _give_accounts(server: Server, world: World) -> None:
    with scope(municipalities=[world.code]):
        shops = list(Merchant.objects.values_list("pk", flat=True))
    number: Any = Merchant._meta.get_field("account_number")
    blind: Any = Merchant._meta.get_field("account_number_index")
    with server.owner() as owner, owner.transaction():
        owner.execute("SET LOCAL session_replication_role = replica")
        owner.execute("CREATE TEMP TABLE made (id uuid, number bytea, blind bytea) ON COMMIT DROP")
        with owner.cursor() as cursor, cursor.copy("COPY made FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["uuid", "bytea", "bytea"])
            for place, shop in enumerate(shops):
                text = f"110{place:09d}"
                copy.write_row((shop, number.seal(text), blind.index_of(text)))
        owner.execute(_ACCOUNTS)


def _report(payouts: Sequence[tuple[str, int]]) -> bytes:
    """A pain.002 that says of each that it was paid."""
    lines = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{key}</OrgnlEndToEndId><TxSts>ACSC</TxSts><OrgnlTxRef><Amt>"
        f'<InstdAmt Ccy="KRW">{amount}</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>'
        for key, amount in payouts
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">'
        f"<CstmrPmtStsRpt><GrpHdr><MsgId>1</MsgId></GrpHdr><OrgnlPmtInfAndSts>{lines}</OrgnlPmtInfAndSts>"
        "</CstmrPmtStsRpt></Document>"
    ).encode()
