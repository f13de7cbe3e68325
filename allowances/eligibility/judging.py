"""The statements that compiled rules become: what is wrong with which row of a list, and how one person fares."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from allowances.eligibility.compiler import Compiled, Condition

_FROM: Final = """
FROM {rows} r
LEFT JOIN vouchers_citizen c ON c.municipality_id = r.municipality_id AND c.id = r.citizen_id
{joins}
"""
_VALUES: Final = {"birth_date": "r.birth_date::text", "amount": "r.amount::text", "dong": "r.dong"}


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Rules ready to judge: the list's relation, and what holds of every programme beside its own conditions.

    ``own_amounts``: the list alone says how much, so that an empty amount is a problem of the cell.
    """

    compiled: Compiled
    rows: str
    amount_max: int
    residents_only: bool
    with_strangers: bool
    own_amounts: bool

    @property
    def values(self) -> Mapping[str, Any]:
        """The parameters of all statements beside ``municipality``, ``batch`` and ``reference_date``."""
        extra = {f"alternatives_{number}": self._alternatives(number) for number in range(len(self.compiled.groups))}
        return {**self.compiled.values, **extra, "amount_max": self.amount_max}

    def _alternatives(self, number: int) -> str:
        specs = [dict(condition.spec) for condition in self.compiled.groups[number]]
        return json.dumps({"alternatives": specs}, ensure_ascii=False)

    def problems(self, *, history_only: bool = False) -> str:
        """A SELECT of row_number, field, code, value and params: everything that is wrong with rows of the list.

        ``history_only``: only what earlier payments and other rows decide, which may have changed since the check.
        """
        branches = self._groups(history_only) if history_only else self._everything()
        if not branches:
            return ""
        good = " AND ".join(ok for ok, _select in branches)
        found = "\n    UNION ALL\n    ".join(select for _ok, select in branches)
        return f"""
SELECT r.row_number, found.field, found.code, coalesce(found.value, '') AS value, found.params
{self._from()}
CROSS JOIN LATERAL (
    {found}
) found
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND ({good}) IS NOT TRUE"""

    def explain(self) -> str:
        """A SELECT of one JSON object for one person: every condition, the amount, and what stands in the record."""
        told = ", ".join(
            f"jsonb_build_array({', '.join(self._told(condition) for condition in group)})"
            for group in self.compiled.groups
        )
        return f"""
SELECT jsonb_build_object('groups', jsonb_build_array({told}), 'won', ({self.compiled.amount})::bigint,
                          'status', c.status, 'since', c.resident_since)
{self._from()}"""

    def _told(self, condition: Condition) -> str:
        return (
            f"jsonb_build_object('met', {condition.sql}, 'code', {condition.code}, 'params', {condition.params},"
            f" 'unknown', {condition.unknown_params})"
        )

    def _from(self) -> str:
        return _FROM.format(rows=self.rows, joins=self.compiled.joins)

    # One branch: an expression that holds of a good row, and the SELECT that tells of a bad one

    def _everything(self) -> list[tuple[str, str]]:
        return [*self._standing(), *self._groups(False), *self._amount()]

    def _standing(self) -> list[tuple[str, str]]:
        alive = "(c.status <> 'deceased') IS NOT FALSE"
        branches = [(alive, _told("'row'", "'deceased'", unless=alive))]
        if self.residents_only:
            here = "(c.status <> 'moved_out') IS NOT FALSE"
            arrived = "(c.resident_since <= %(reference_date)s::date) IS NOT FALSE"
            since = "jsonb_build_object('since', c.resident_since)"
            branches += [
                (here, _told("'row'", "'moved_out'", unless=here)),
                (arrived, _told("'row'", "'moved_in_later'", params=since, unless=arrived)),
            ]
        return branches

    def _groups(self, history_only: bool) -> list[tuple[str, str]]:
        return [
            self._group(number, group)
            for number, group in enumerate(self.compiled.groups)
            if not history_only or any(condition.kind.once for condition in group)
        ]

    def _group(self, number: int, group: tuple[Condition, ...]) -> tuple[str, str]:
        met = " OR ".join(condition.sql for condition in group)
        if len(group) == 1:
            (only,) = group
            code = f"CASE WHEN ({met}) IS NULL THEN '{only.unknown_code}' ELSE {only.code} END"
            params = f"CASE WHEN ({met}) IS NULL THEN {only.unknown_params} ELSE {only.params} END"
            field = _field_of(only)
        else:
            code = f"CASE WHEN ({met}) IS NULL THEN 'alternatives_unknown' ELSE 'no_alternative' END"
            params, field = f"%(alternatives_{number})s::jsonb", "row"
        ok = f"(({met}) IS TRUE{self._stranger(met)})"
        return ok, _told(f"'{field}'", code, value=_VALUES.get(field, "''"), params=params, unless=ok)

    def _stranger(self, met: str) -> str:
        """Nothing can be known of who is no member, and that is a problem of its own, unless such people are held for."""
        return "" if self.with_strangers else f" OR (({met}) IS NULL AND c.id IS NULL)"

    def _amount(self) -> list[tuple[str, str]]:
        expected = f"({self.compiled.amount})"
        within = "(r.amount <= %(amount_max)s) IS NOT FALSE"
        most = "jsonb_build_object('expected', %(amount_max)s::bigint)"
        branches = [(within, self._amount_told("'amount_over_limit'", most, within))]
        if self.own_amounts:
            return branches
        told = f"({expected} > 0) IS TRUE" + (
            "" if self.with_strangers else f" OR ({expected} IS NULL AND c.id IS NULL)"
        )
        same = f"(r.amount = {expected}) IS NOT FALSE"
        return [
            *branches,
            (f"({told})", self._amount_told("'amount_undetermined'", "'{}'::jsonb", f"({told})")),
            (same, self._amount_told("'amount_differs'", f"jsonb_build_object('expected', {expected})", same)),
        ]

    def _amount_told(self, code: str, params: str, unless: str) -> str:
        return _told("'amount'", code, value="r.amount::text", params=params, unless=unless)


def _told(field: str, code: str, *, unless: str, value: str = "''", params: str = "'{}'::jsonb") -> str:
    return (
        f"SELECT {field} AS field, {code} AS code, {value} AS value, {params} AS params WHERE ({unless}) IS NOT TRUE"
    )  # fmt: skip


def _field_of(condition: Condition) -> str:
    """The column that the problem stands at."""
    spec, kind = condition.spec, condition.kind
    if kind.name == "fact":
        return str(spec["fact"])
    if kind.name in ("age", "born") and spec.get("of") == "child":
        return "child_birth_date"
    return kind.column
