"""A programme's rules over a whole list: the amounts as it is staged, its problems, and whether they still hold later.

Everything is a statement over the list, whatever its length. What depends on earlier payments, on other programmes or on
a quota may change between the check and the submission; ``require_still_true`` asks again under a lock.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import connection

from allowances.batches.errors import NoLongerEntitled, QuotaExceeded
from allowances.eligibility.compiler import Compiled, Setting, compile_rules
from allowances.eligibility.judging import Judgement
from allowances.eligibility.rules import Effective, effective, takes_own_amounts
from allowances.programmes.models import Cycle, QuotaPeriod
from allowances.programmes.selectors import excluded_rounds, excludes_others, payment_rounds

_SQL: Final = Path(__file__).parent / "sql"
_INSERT: Final = (_SQL / "insert_problems.sql").read_text(encoding="utf-8")
_EXCLUDED: Final = (_SQL / "excluded.sql").read_text(encoding="utf-8")
_QUOTA: Final = (_SQL / "quota.sql").read_text(encoding="utf-8")
_LATE_AMOUNTS: Final = (_SQL / "late_amounts.sql").read_text(encoding="utf-8")
_CHANGED: Final = (_SQL / "changed_since.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules that one list is checked by: those of its round (``conditions``), as they were when it was taken up.

    ``columns``: the facts that the list has columns for; None while that is not known.
    """

    cycle: Cycle
    batch_id: UUID
    conditions: dict[str, Any]
    columns: frozenset[str] | None = None

    @property
    def terms(self) -> dict[str, Any]:
        """The version of the programme's terms."""
        found: dict[str, Any] = self.conditions["terms"]
        return found

    @property
    def with_strangers(self) -> bool:
        """Whether money is held for those who have not joined."""
        return self.terms["claim_days"] is not None

    @cached_property
    def effective(self) -> Effective:
        """Of terms with tranches, those of the tranche that the round pays. Raises RulesInvalid."""
        return effective(self.terms, tranche=self.conditions["tranche"])

    @property
    def takes_own_amounts(self) -> bool:
        """Whether the list has to say how much somebody gets."""
        return takes_own_amounts(self.effective.components)

    def setting(self, *, rows: str = "allowances_batchrow") -> Setting:
        """What the rules are judged in."""
        return Setting(
            municipality=self.cycle.municipality_id, reference_date=date.fromisoformat(self.conditions["reference_date"]),
            batch=self.batch_id, series=UUID(self.conditions["series"]), rows=rows, columns=self.columns,
            with_strangers=self.with_strangers, cycles=lambda spec: payment_rounds(cycle=self.cycle, spec=spec),
        )  # fmt: skip

    def staged_amount(self) -> Compiled:
        """The amount of a row that is just being staged."""
        setting = self.setting(rows="batch_staging")
        return compile_rules(groups=[], components=self.effective.components, setting=setting, prefix="staged_")

    @cached_property
    def judgement(self) -> Judgement:
        """All rules, over the list's rows."""
        return self.judgement_over("allowances_batchrow")

    def judgement_over(self, rows: str) -> Judgement:
        """All rules, over a relation with the columns of the list's rows."""
        compiled = compile_rules(
            groups=self.effective.groups, components=self.effective.components, setting=self.setting(rows=rows)
        )
        return Judgement(
            compiled=compiled, rows=rows, amount_max=self.terms["amount_max"],
            residents_only=self.terms["residents_only"], with_strangers=self.with_strangers,
            own_amounts=self.takes_own_amounts and len(self.effective.components[0]["tiers"]) == 1,
        )  # fmt: skip

    @property
    def parameters(self) -> dict[str, Any]:
        """The named parameters of this module's statements."""
        return {
            "municipality": self.cycle.municipality_id, "batch": self.batch_id,
            "reference_date": self.conditions["reference_date"], "with_strangers": self.with_strangers,
            "quota": self.terms["quota"], "quota_rounds": self._quota_rounds, "excluded_rounds": self._excluded_rounds,
            **self.judgement.values,
        }  # fmt: skip

    @cached_property
    def _quota_rounds(self) -> list[UUID]:
        whole = self.terms["quota_period"] == QuotaPeriod.PROGRAMME
        return list(self.cycle.programme.cycles.values_list("pk", flat=True)) if whole else [self.cycle.pk]

    @cached_property
    def _excluded_rounds(self) -> str:
        rounds = [asdict(found) for found in excluded_rounds(cycle=self.cycle)]
        for found in rounds:
            found["group_name"] = found.pop("group")
        return json.dumps(rounds, ensure_ascii=False, default=str)

    def checks(self) -> list[str]:
        """The statements that write down what is wrong with the list's rows, in their order."""
        selects = [self.judgement.problems(), _EXCLUDED if self._excluded_rounds != "[]" else ""]
        found = [_INSERT.replace("{problems}", select) for select in selects if select]
        return found if self.judgement.own_amounts else [self._late_amounts(), *found]

    def _late_amounts(self) -> str:
        compiled = self.judgement.compiled
        return _LATE_AMOUNTS.replace("{amount}", compiled.amount).replace("{joins}", compiled.joins)

    def last_checks(self) -> list[str]:
        """What counts only the rows that are good otherwise, or whose problems somebody has accepted."""
        return [_INSERT.replace("{problems}", _QUOTA)] if self.terms["quota"] else []


def require_still_true(rules: Rules) -> None:
    """Ask again, of a list whose rows are entitled in this transaction, what other lists may have changed meanwhile.

    Lists that could get in each other's way wait for one another here; whoever comes second is refused, with figures.
    Raises QuotaExceeded and NoLongerEntitled.
    """
    _take_turns(rules)
    if rules.terms["quota"]:
        _require_room(rules)
    history = rules.judgement.problems(history_only=True)
    for select in (history, _EXCLUDED if rules._excluded_rounds != "[]" else ""):
        if select:
            _require_nothing_new(rules, select)


def _take_turns(rules: Rules) -> None:
    """Locks in one order: the programme's series, then the groups whose rounds exclude each other. Which rounds those are
    is asked afterwards: another programme may open its first one while this list waits."""
    keys = {f"series:{rules.conditions['series']}"}
    if excludes_others(cycle=rules.cycle):
        keys.add(f"exclusive:{rules.cycle.municipality_id}")
    with connection.cursor() as cursor:
        for key in sorted(keys):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _require_room(rules: Rules) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE batch_id <> %(batch)s), count(*) FILTER (WHERE batch_id = %(batch)s)"
            " FROM allowances_entitlement WHERE municipality_id = %(municipality)s AND cycle_id = ANY (%(quota_rounds)s)"
            " AND sequence = 0 AND NOT void",
            rules.parameters,
        )
        taken, wanted = cursor.fetchone()
    quota = rules.terms["quota"]
    if taken + wanted > quota:
        raise QuotaExceeded(
            quota=f"{quota:,}", taken=f"{taken:,}", wanted=f"{wanted:,}", left=f"{max(0, quota - taken):,}"
        )


def _require_nothing_new(rules: Rules, select: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED.replace("{problems}", select), rules.parameters)
        found = cursor.fetchall()
    if found:
        raise NoLongerEntitled(rows=f"{sum(count for _code, count in found):,}", codes=[code for code, _count in found])
