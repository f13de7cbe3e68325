"""Recognise the person behind a verified identity (본인인증), or make a new member of them."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple

from django.db import connection

from vouchers.citizens.errors import CitizenDeceased, IdentityConflict
from vouchers.citizens.models import Citizen, CitizenStatus
from vouchers.municipalities.models import Dong
from vouchers.privacy.fields import key_ring

_CI: Final[Any] = Citizen._meta.get_field("ci_index")


class Person(NamedTuple):
    """What an identity verification says. ``ci`` (연계정보, 88 characters) is the same for a person in every app.

    ``sex`` (`models.Sex`) is empty where it says none."""

    name: str
    birth_date: date
    phone: str
    ci: str | None = None
    sex: str = ""


class Recognised(NamedTuple):
    """The member, locked; ``by_ci``: their CI was known before and is this one, so nobody else can be meant."""

    citizen: Citizen
    by_ci: bool


def recognise(*, municipality: str, person: Person, dong: Dong | None) -> Recognised:
    """The member with this CI, else the one with this name, birth date and phone, else a new one.

    A verified name, phone or CI goes before the recorded one; ``dong`` only fills what is empty. The same person in two
    transactions at once is one member: the second waits for the first. Run it in a transaction, in the municipality's
    scope. Raises IdentityConflict, CitizenDeceased.
    """
    _queue(municipality, person)
    ci_index = _CI.index_of(person.ci)
    rows = Citizen.objects.select_for_update(of=("self",), no_key=True).filter(municipality=municipality)
    same_ci = rows.filter(ci_index=ci_index).first() if ci_index else None
    named = rows.filter(phone=person.phone, birth_date=person.birth_date, name=person.name).first()
    citizen = same_ci or named
    if citizen is None:
        citizen = Citizen(
            municipality_id=municipality, name=person.name, birth_date=person.birth_date, phone=person.phone,
            dong=dong, ci_index=ci_index, sex=person.sex,
        )  # fmt: skip
        citizen.save(force_insert=True)
        return Recognised(citizen, by_ci=False)
    if named not in {None, citizen} or citizen.birth_date != person.birth_date or _has_another_ci(citizen, ci_index):
        raise IdentityConflict
    if citizen.status == CitizenStatus.DECEASED:
        raise CitizenDeceased
    _take_over(citizen, person, ci_index, dong)
    return Recognised(citizen, by_ci=same_ci is not None)


def _has_another_ci(citizen: Citizen, ci_index: bytes | None) -> bool:
    return bool(ci_index and citizen.ci_index and bytes(citizen.ci_index) != ci_index)


def _take_over(citizen: Citizen, person: Person, ci_index: bytes | None, dong: Dong | None) -> None:
    wanted = {
        "name": person.name, "phone": person.phone, "ci_index": ci_index or citizen.ci_index,
        "dong_id": citizen.dong_id or (dong.pk if dong else None), "sex": person.sex or citizen.sex,
    }  # fmt: skip
    changed = [name for name, value in wanted.items() if _differs(getattr(citizen, name), value)]
    for name in changed:
        setattr(citizen, name, wanted[name])
    if changed:
        citizen.save(update_fields=[name.removesuffix("_id") for name in changed])


def _differs(before: Any, after: Any) -> bool:
    return (bytes(before) if isinstance(before, memoryview) else before) != after


def _queue(municipality: str, person: Person) -> None:
    """Wait for whoever registers the same identity or the same CI; nothing about the person goes to the server's log."""
    told = [f"{person.name}|{person.birth_date}|{person.phone}", *([person.ci] if person.ci else [])]
    keys = {
        int.from_bytes(key_ring().blind_index(f"{municipality}|{text}", purpose="member")[:8], signed=True)
        for text in told
    }
    with connection.cursor() as cursor:
        for key in sorted(keys):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
