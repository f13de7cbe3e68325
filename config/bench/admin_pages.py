"""Every page of the admin that is read, as the officials who may read it open it: lists with their searches, filters, order
and last page, forms, histories, reports, reconciliation and the dashboard.

Each is asked for through the whole application, without a network. The server counts what it reads of each table, in
functions too; so a page that reads a large table from its beginning to its end is found, whatever makes it do so.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from itertools import islice
from statistics import median
from typing import Any, Final
from urllib.parse import quote, urlencode

import psycopg
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db import connection, connections, models
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.bench.measure import Result, seconds
from config.bench.server import Server
from merchants.registry.models import Merchant
from reports.statistics.catalogue import REPORTS
from reports.statistics.definitions import month_after
from vouchers.common.admin import ListAdmin
from vouchers.common.pages import PAGES
from vouchers.common.scope import scope, set_local
from vouchers.common.seoul import business_date
from vouchers.municipalities.models import Municipality
from vouchers.officials.models import Official

REACH_MS: Final = 300
REACH_QUERIES: Final = 20
LARGE: Final = 0.005
"""A table is large that has so many rows for each payment there is: 50,000 for ten million."""
READ_WHOLE: Final = 0.2
"""A large table is read whole by a page that reads so much of it from its beginning on."""
_FIRST_TO_ASK: Final = [
    "auditor",
    "settlement",
    "merchant",
    "admin",
    "drafter",
    "budget",
    "payer",
    "approver",
    "reviewer",
]
_ROWS: Final = """
    SELECT c.relname, coalesce(root.relname, c.relname), c.reltuples::bigint,
           coalesce(s.seq_tup_read, 0),
           coalesce((SELECT sum(idx_tup_read) FROM pg_stat_user_indexes i WHERE i.relid = c.oid), 0)
    FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid
    LEFT JOIN pg_class root ON root.oid = pg_partition_root(c.oid)
    WHERE c.relkind = 'r'
"""
_BOUNDS: Final = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
"""Where a transaction begins and ends; these ask nothing of a table."""
_COUNTS: Final = re.compile(r"\bCOUNT\(", re.IGNORECASE)


@dataclass
class Look:
    """How one address answered: milliseconds of each time, queries, and what was read of large tables."""

    page: str
    who: str
    address: str
    milliseconds: list[float] = field(default_factory=list)
    queries: int = 0
    rows: int = 0
    whole: list[str] = field(default_factory=list)
    counts: list[str] = field(default_factory=list)
    slowest_query: str = ""
    failed: bool = False

    @property
    def usual(self) -> float:
        """The median."""
        return median(self.milliseconds)

    @property
    def ok(self) -> bool:
        """Whether it keeps what the design promises: milliseconds of every page, queries of lists, searches and forms. (A
        report asks once for each month, the dashboard once for each of its parts.)"""
        few = self.queries <= REACH_QUERIES or self.page.startswith(("report", "dashboard"))
        return self.usual <= REACH_MS and few and not self.whole and not self.counts and not self.failed

    def as_json(self) -> dict[str, Any]:
        """The entry in the file of figures."""
        return asdict(self) | {"milliseconds": [round(one, 1) for one in self.milliseconds], "ok": self.ok}


def measure(
    server: Server,
    *,
    at: datetime,
    rounds: int,
    wanted: Callable[[str], bool] = lambda _name: True,
    say: Callable[[str], None] = lambda _line: None,
) -> tuple[list[Result], list[Look]]:
    """Open every page whose name is ``wanted``. One visit warms up, one is looked into, ``rounds`` are timed."""
    clients = _clients()
    looks: list[Look] = []
    logging.getLogger("django.request").setLevel(logging.CRITICAL)  # who may not see a page is asked, too
    with server.owner() as owner:
        meter = _Meter(owner)
        pages = [(name, addresses) for name, addresses in _pages(at=at) if wanted(name)]
        for name, addresses in pages:
            found = [_look(meter, name, who, clients[who], address, rounds) for who, address in addresses(clients)]
            looks += [look for look in found if look is not None]
            if mine := [look for look in looks if look.page == name]:
                say(line_of(name, mine))
    return results_of(looks), looks


def results_of(looks: Sequence[Look]) -> list[Result]:
    """What all of them say together."""
    usual = sorted(look.usual for look in looks)
    slowest = max(looks, key=lambda look: look.usual)
    most = max((look for look in looks if "report" not in look.page and look.page != "dashboard"), default=slowest,
               key=lambda look: look.queries)  # fmt: skip
    missed = [look for look in looks if not look.ok]
    return [
        Result(name=f"admin, p95 of {len(looks):,} pages", value=usual[int(len(usual) * 0.95)], unit="ms", reach=REACH_MS,
               at_least=False),
        Result(name=f"admin, slowest page ({slowest.page})", value=slowest.usual, unit="ms", reach=REACH_MS, at_least=False),
        Result(name=f"admin, most queries ({most.page})", value=most.queries, unit="queries", reach=REACH_QUERIES,
               at_least=False),
        Result(name="admin, pages that read a large table whole", value=sum(bool(look.whole) for look in looks), unit="pages",
               reach=0, at_least=False),
        Result(name="admin, pages that count a large table", value=sum(bool(look.counts) for look in looks), unit="pages",
               reach=0, at_least=False),
        Result(name="admin, pages that miss any of these", value=len(missed), unit="pages", reach=0, at_least=False),
    ]  # fmt: skip


def line_of(name: str, looks: Sequence[Look]) -> str:
    """The row of one kind of page: how many addresses, the median of all and the worst of them."""
    worst = max(looks, key=lambda look: look.usual)
    missed = [look for look in looks if not look.ok]
    whole = sorted({table for look in looks for table in [*look.whole, *look.counts]})
    line = (
        f"{'MISS' if missed else 'ok  '} {name:<38} {len(looks):>4} addresses {median(look.usual for look in looks):>7.0f} ms, worst"
        f" {worst.usual:>7.0f} / {max(max(look.milliseconds) for look in looks):>6.0f} ms {max(look.queries for look in looks):>4} queries"
        f" {max(look.rows for look in looks):>9,} rows  {', '.join(whole)}"
    )
    told = sorted(missed, key=lambda look: -look.usual)[:4]
    return "\n".join(
        [line, *(f"       {look.usual:>6.0f} ms {look.queries:>3} q  {look.who}  {look.address}" for look in told)]
    )


class _Meter:
    """What the server has read of its large tables, from one look to the next."""

    def __init__(self, owner: psycopg.Connection) -> None:
        self._owner = owner
        rows = owner.execute(_ROWS).fetchall()
        payments = sum(size for _table, root, size, _read, _found in rows if root == "vouchers_payment")
        sizes: dict[str, int] = {}
        for _table, root, size, _read, _found in rows:
            sizes[root] = sizes.get(root, 0) + max(0, size)
        self._least = max(1_000, payments * LARGE)
        self.large = {root: size for root, size in sizes.items() if size >= self._least}

    def read(self) -> dict[str, tuple[int, int]]:
        """Of each table: rows read from its beginning on, and by an index."""
        rows: dict[str, tuple[int, int]] = {}
        for _table, root, _size, read, found in self._owner.execute(_ROWS):
            if root in self.large:
                before = rows.get(root, (0, 0))
                rows[root] = (before[0] + read, before[1] + int(found))
        return rows

    def whole(self, before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> tuple[list[str], int]:
        """Tables that were read whole, or so much of it, and how many rows of all large ones."""
        read = {root: after[root][0] - before[root][0] for root in after}
        rows = sum(after[root][1] - before[root][1] for root in after) + sum(read.values())
        return [root for root, count in read.items() if count > max(self._least, self.large[root] * READ_WHOLE)], rows


def _look(meter: _Meter, page: str, who: str, client: Client, address: str, rounds: int) -> Look | None:
    """None for what that official may not see, and for what is no page of their own (a file, another page's address)."""
    look = Look(page, who, address)
    status = client.get(address).status_code
    look.failed = status >= 500
    if status not in {200, 302} and not look.failed:
        return None
    _tell_what_was_read()
    before = meter.read()
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    _tell_what_was_read()
    look.whole, look.rows = meter.whole(before, meter.read())
    look.queries = len([query for query in captured if not query["sql"].startswith(_BOUNDS)])
    look.slowest_query = max(captured, key=lambda query: float(query["time"]))["sql"][:2_000]
    look.counts = [
        table
        for query in captured
        if _COUNTS.search(query["sql"]) and "LIMIT" not in query["sql"] and look.rows > meter._least
        for table in meter.large
        if f'FROM "{table}"' in query["sql"]
    ]
    look.milliseconds = [1_000 * seconds(lambda: client.get(address)) for _ in range(rounds)]
    return look


def _tell_what_was_read() -> None:
    """A session keeps to itself what it has read for up to a second, unless it is asked."""
    for alias in ("default", "owner"):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")


Addresses = Callable[[dict[str, Client]], Iterator[tuple[str, str]]]


def _clients() -> dict[str, Client]:
    """Officials who are logged in, by their names: all roles of the first city, and the auditors of another and of all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger.municipalities() AS code")
        codes = [code for (code,) in cursor.fetchall()]
    with scope(municipalities=codes):
        cities = list(Municipality.objects.exclude(province=None).order_by("-code")) or list(Municipality.objects.all())
        big = max(cities, key=lambda city: Merchant.objects.filter(municipality=city).count())
        other = next((city for city in cities if city != big), big)
        province = big.province_id or big.pk
    clients = {}
    with scope(municipalities=[*codes, province]):
        for official in Official.objects.filter(municipality__in=[big.pk, other.pk, province]).order_by("username"):
            role = official.username.partition("-")[2]
            if official.municipality_id == big.pk or role == "auditor":
                clients[official.username] = Client(raise_request_exception=False, SERVER_NAME="localhost")
                set_local(official=str(official.pk))
                clients[official.username].force_login(official)
    return clients


def _asked_first(clients: dict[str, Client]) -> list[str]:
    """Names in the order in which they are tried at a page that not everybody may see: the big city's."""
    ((first, _number),) = Counter(name.partition("-")[0] for name in clients).most_common(1)
    return [name for role in _FIRST_TO_ASK if (name := f"{first}-{role}") in clients]


def _who_may(clients: dict[str, Client], address: str) -> str | None:
    """The first who gets an answer; nobody does where only a button leads (405)."""
    for who in _asked_first(clients):
        status = clients[who].get(address).status_code
        if status in {200, 405}:
            return who if status == 200 else None
    return None


def _pages(*, at: datetime) -> Iterator[tuple[str, Addresses]]:
    yield "dashboard", _dashboard
    for definition in REPORTS.values():
        yield f"report {definition.code}", _report(definition.code, business_date(at))
    for page in PAGES:
        yield f"page {page.name}", _page(page.name, page.route)
    for model, model_admin in admin.site._registry.items():
        if isinstance(model_admin, ListAdmin):
            yield model._meta.label, _model(model, model_admin)


def _dashboard(clients: dict[str, Client]) -> Iterator[tuple[str, str]]:
    for who in clients:
        yield who, reverse("admin:index")


def _report(code: str, today: date) -> Addresses:
    def addresses(clients: dict[str, Client]) -> Iterator[tuple[str, str]]:
        address = reverse(f"admin:report_{code}")
        spans = [today.replace(day=1), month_after(today.replace(day=1), -2), month_after(today.replace(day=1), -11)]
        readers = [_who_may(clients, address), *(who for who in clients if who.startswith("gyeonggi"))]
        for who in filter(None, readers):
            for first in spans:
                yield who, f"{address}?{urlencode({'first': f'{first:%Y-%m}', 'last': f'{today:%Y-%m}'})}"

    return addresses


def _page(name: str, route: str) -> Addresses:
    """A page without a key, or of two rows of the model that its key is of."""

    def addresses(clients: dict[str, Client]) -> Iterator[tuple[str, str]]:
        keys = re.findall(r"<uuid:(\w+)_id>", route)
        if ("<" in route and len(keys) != 1) or name.startswith("report_"):
            return
        for arguments in [[]] if not keys else [[key] for key in _keys(keys[0])]:
            address = reverse(f"admin:{name}", args=arguments)
            who = _who_may(clients, address)
            if who is not None:
                yield who, address
            if not arguments:
                yield from ((who, address) for who in clients if who.startswith("gyeonggi"))

    return addresses


def _keys(called: str) -> list[Any]:
    """Keys of two rows of the model that a key of an address is called after."""
    named = {"code": "merchants.MerchantQR", "shop": "merchants.Merchant", "review": "vouchers.DayReview"}
    for model in admin.site._registry:
        named.setdefault(str(model._meta.model_name), model._meta.label)
    label = named.get(called)
    return [] if label is None else [row.pk for row in _rows(apps.get_model(label))]


def _rows(model: type[models.Model]) -> list[models.Model]:
    """The newest row of the big city, and one further back."""
    rows = model._default_manager.using("owner").order_by("-pk")
    if any(field.name == "municipality" for field in model._meta.fields):
        rows = rows.filter(municipality=_big_city())
    found = list(rows[:40])
    return [found[0], found[-1]] if len(found) > 1 else found


def _big_city() -> str:
    shops = Merchant.objects.using("owner").values_list("municipality")
    return str(shops.annotate(count=models.Count("pk")).order_by("-count")[0][0])


def _model(model: type[models.Model], model_admin: ListAdmin) -> Addresses:
    """The list of a model in every way, its forms and a row's history."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"

    def addresses(clients: dict[str, Client]) -> Iterator[tuple[str, str]]:
        place = reverse(f"{name}_changelist")
        city = _who_may(clients, place)
        if city is None:
            return
        auditors = [who for who in clients if who.endswith("-auditor") and who != city]
        readers = [city, *(who for who in auditors if clients[who].get(place).status_code == 200)]
        rows = _rows(model)
        for who in readers:
            yield who, place
        for who in readers[:1] + [who for who in readers if who.startswith("gyeonggi")]:
            for query in _ways(clients[who].get(place), model_admin, rows):
                yield who, f"{place}?{query}"
        for row in rows:
            yield city, reverse(f"{name}_change", args=[row.pk])
            yield city, reverse(f"{name}_history", args=[row.pk])
        if (adding := _who_may(clients, reverse(f"{name}_add"))) is not None:
            yield adding, reverse(f"{name}_add")
        changing = next(
            (who for row in rows for who in _asked_first(clients) if _edits(clients[who], f"{name}_change", row)), None
        )
        if changing not in {None, city}:
            yield str(changing), reverse(f"{name}_change", args=[rows[0].pk])

    return addresses


def _edits(client: Client, name: str, row: models.Model) -> bool:
    response: Any = client.get(reverse(name, args=[row.pk]))
    return response.status_code == 200 and bool((response.context_data or {}).get("has_change_permission"))


def _ways(response: HttpResponseBase, model_admin: ListAdmin, rows: Sequence[models.Model]) -> Iterator[str]:
    """Queries of the list: each choice of each filter, each search, each order, and the last page."""
    changelist = response.context_data["cl"]  # type: ignore[attr-defined]
    for spec in changelist.filter_specs:
        for choice in islice(spec.choices(changelist), 8):
            if (query := str(choice.get("query_string", "")).lstrip("?")) and not choice.get("selected"):
                yield query
    for term in dict.fromkeys(_terms(model_admin, rows)):
        yield f"q={quote(term)}"
    if changelist.paginator.num_pages > 1:
        yield f"p={changelist.paginator.num_pages}"
    sortable = changelist.list_display if changelist.sortable_by is None else changelist.sortable_by
    for number, column in enumerate(changelist.list_display):
        if column in sortable and changelist.get_ordering_field(column):
            yield f"o={number}"
            yield f"o=-{number}"


def _terms(model_admin: ListAdmin, rows: Sequence[models.Model]) -> Iterator[str]:
    """What is looked for: values of a row that is there, the first character of one, and what nobody has."""
    for name in [*model_admin.prefix_search, *model_admin.exact_search]:
        for row in rows[:1]:
            value = str(_value(row, name) or "")
            if value:
                yield value
                if name in model_admin.prefix_search:
                    yield value[:1]
                    yield value[:2]
    if model_admin.search_fields:
        yield "없는말"


def _value(row: models.Model, path: str) -> Any:
    value: Any = row
    for name in path.split("__"):
        try:
            value = getattr(value, name)
        except (AttributeError, FieldDoesNotExist, models.ObjectDoesNotExist):
            return None
        if value is None:
            return None
    return value
