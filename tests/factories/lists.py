"""Lists on their way through approval: officials who may sign, a line, and validated lists of any length."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from allowances.approvals import services as approvals
from allowances.approvals.models import ApprovalLine, ApprovalLineStep
from allowances.batches import services
from allowances.batches.models import Batch, BatchState
from allowances.batches.reading.columns import Mapping
from allowances.batches.tally import count_kinds
from allowances.disbursement import services as disbursement
from allowances.eligibility.rules import effective, fixed_amount
from allowances.programmes.models import Cycle, Programme
from tests.factories import AT, City, make_city, make_cycle, make_official, make_programme
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.ledger import services as ledger
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority, authority_of
from vouchers.privacy.files import FileStore


@dataclass
class Office:
    """A city's officials, one for each role of the line, and a programme they pay."""

    city: City
    programme: Programme
    cycle: Cycle
    officials: dict[Role, Official]

    def acting(self, role: Role) -> dict[str, Any]:
        """What a service wants to know about who acts."""
        return {"official": self.officials[role], "authority": authority(self.officials[role])}


def authority(official: Official) -> Authority:
    """The official's roles today."""
    return authority_of(official_id=official.pk, day=business_date(AT))


def make_office(*, code: str = "41280", budget: int = 1_000_000_000, amount: int = 100_000) -> Office:
    """A city with a drafter, reviewer, approver and payer, and a line: reviewer, then approver, whatever the amount."""
    city = make_city(code=code)
    with city.scope():
        return open_office(city, budget=budget, amount=amount)


def open_office(city: City, *, budget: int = 1_000_000_000, amount: int = 100_000) -> Office:
    """The same in a city that exists, in whose scope the caller is; its own line stays where there is one."""
    roles = (Role.DRAFTER, Role.REVIEWER, Role.BUDGET, Role.APPROVER, Role.PAYER)
    officials = {role: make_official(city, role) for role in roles}
    programme = make_programme(city, budget=budget, amount=amount, amount_max=amount)
    if not ApprovalLine.objects.filter(municipality=city.code).exists():
        make_line(city, Role.REVIEWER, Role.APPROVER)
    return Office(city, programme, make_cycle(programme), officials)


def make_line(
    city: City, *roles: Role, amount_up_to: int | None = None, valid_from: date = date(2020, 1, 1)
) -> ApprovalLine:
    """A line whose steps are titled after their roles."""
    line = ApprovalLine.objects.create(
        municipality=city.municipality, name=f"결재선 {amount_up_to}", valid_from=valid_from, amount_up_to=amount_up_to
    )
    for position, role in enumerate(roles, start=1):
        ApprovalLineStep.objects.create(
            municipality=city.municipality, line=line, position=position, role=role, title=str(role.label)
        )
    return line


def _amount(cycle: Cycle) -> int:
    """What everybody gets in a round; 0 where that depends on the row."""
    return fixed_amount(effective(cycle.terms.snapshot(), tranche=cycle.tranche).components) or 0


def make_list(office: Office, *, rows: int = 3, bad: int = 0, cycle: Cycle | None = None, people: str = "가") -> Batch:
    """A validated list of ``rows`` members with wallets, from row 2 on; the last ``bad`` of them have an error.

    Lists with the same ``people`` name the same persons. Set-based, so it may be long.
    """
    city, amount = office.city, _amount(cycle or office.cycle)
    batch = Batch.objects.create(
        municipality=city.municipality, cycle=cycle or office.cycle, uploaded_by=office.officials[Role.DRAFTER],
        uploaded_at=AT, file_name=f"{people}.csv", file_key=f"test/{uuid7()}", file_size=1, file_sha256=uuid7().hex * 2,
        state=BatchState.READING, terms={"conditions": (cycle or office.cycle).conditions},
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vouchers_citizen (municipality_id, name, birth_date, phone, dong_id, status, account_bank)"
            " SELECT %s, %s || translate(i::text, '0123456789', '영일이삼사오육칠팔구'), '1985-01-01', '010' || lpad(i::text, 8, '0'), %s, 'active', ''"
            " FROM generate_series(1, %s) i ON CONFLICT DO NOTHING",
            [city.code, people, city.dong.pk, rows],
        )
        cursor.execute("SELECT array_agg(id) FROM vouchers_citizen WHERE name LIKE %s", [f"{people}%"])
        ledger.open_wallets(municipality=city.code, currency=city.currency.pk, citizens=cursor.fetchone()[0])
        cursor.execute(
            "INSERT INTO allowances_batchrow"
            " (municipality_id, batch_id, row_number, name, birth_date, phone, dong, amount, citizen_id, wallet_id)"
            " SELECT c.municipality_id, %s, row_number() OVER (ORDER BY c.phone) + 1, c.name, c.birth_date, c.phone,"
            "        '주교동', %s, c.id, w.id"
            " FROM vouchers_citizen c JOIN vouchers_wallet w ON w.citizen_id = c.id WHERE c.name LIKE %s",
            [batch.pk, amount, f"{people}%"],
        )
        cursor.execute(
            "INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code)"
            " SELECT %s, %s, row, 'row', 'not_a_member' FROM generate_series(%s, %s) row",
            [city.code, batch.pk, rows + 2 - bad, rows + 1],
        )
    batch.rows_total, batch.rows_bad, batch.amount_total = rows, bad, (rows - bad) * amount
    batch.problem_kinds = count_kinds(municipality=city.code, batch_id=batch.pk)
    for state in (BatchState.VALIDATING, BatchState.VALIDATED):
        batch.state = state
        batch.save()
    return batch


def read_list(batch: Batch, store: FileStore, *, mapping: Mapping | None = None, at: datetime = AT) -> Batch:
    """The uploaded list as the jobs and one click leave it: looked at, its layout confirmed, read and checked."""
    services.inspect(municipality=batch.municipality_id, batch_id=batch.pk, store=store)
    batch.refresh_from_db()
    if batch.state == BatchState.INSPECTED:
        drafter = Authority(batch.uploaded_by_id, {batch.municipality_id: frozenset({Role.DRAFTER})})
        services.confirm_layout(
            batch=batch, official=batch.uploaded_by, authority=drafter, at=at, mapping=mapping
        )  # fmt: skip
    services.read(municipality=batch.municipality_id, batch_id=batch.pk, store=store, at=at)
    batch.refresh_from_db()
    return batch


def submitted(office: Office, batch: Batch, **options: Any) -> Batch:
    """The list, submitted, with the job's work done."""
    approvals.submit(batch=batch, exclude_bad_rows=True, at=AT, **office.acting(Role.DRAFTER))
    approvals.complete_submission(municipality=office.city.code, batch_id=batch.pk, at=AT, **options)
    return Batch.objects.get(pk=batch.pk)


def signed(office: Office, batch: Batch, *roles: Role) -> Batch:
    """The submitted list, signed by these roles in turn."""
    for role in roles:
        batch = approvals.sign(batch=batch, digest=batch.digest, at=AT, **office.acting(role))
    return batch


def approved(office: Office, batch: Batch, **options: Any) -> Batch:
    """The list, submitted and signed by everybody but the payer."""
    return signed(office, submitted(office, batch, **options), Role.REVIEWER, Role.APPROVER)


def paying(office: Office, batch: Batch, **options: Any) -> Batch:
    """The list, signed by everybody, with the payment queued."""
    ready = approved(office, batch, **options)
    return disbursement.start(batch=ready, digest=ready.digest, at=AT, **office.acting(Role.PAYER))
