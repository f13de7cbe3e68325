"""Funds, policies and their publication. Each service asks the official's authority and writes in one transaction."""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connections, transaction

from vouchers.common import jobs
from vouchers.common.database import domain_errors
from vouchers.common.errors import DomainError, NotPermitted
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.incentives import errors
from vouchers.incentives.models import (
    BenefitFund,
    BenefitHalt,
    BenefitKind,
    BenefitPolicy,
    BenefitSimulation,
    BenefitTerms,
    BenefitTier,
    FundEntry,
    SimulationState,
    TermsState,
)
from vouchers.ledger import services as ledger
from vouchers.ledger.models import AccountKind
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority

TRIAL: Final = "vouchers.incentives.simulate"


def save_fund(*, fund: BenefitFund, official: Official, authority: Authority) -> BenefitFund:
    """Store a new or edited fund and open its ledger account, which an edit leaves as it is."""
    _require(authority, "benefits.fund", fund.municipality_id)
    fund._history_user = official  # type: ignore[attr-defined]
    with transaction.atomic(), domain_errors():
        fund.save()
        ledger.open_account(
            municipality=fund.municipality_id, currency=fund.currency_id, kind=AccountKind.BENEFIT, owner=fund.pk
        )
    return fund


def endow(
    *, fund: BenefitFund, amount: int, reason: str, official: Official, authority: Authority, at: datetime,
    document_number: str = "", id: UUID | None = None,
) -> FundEntry:  # fmt: skip
    """Enter ``amount`` won that came to a fund, or with a negative amount left it. The form's ``id`` counts once.

    Raises NotPermitted, FundEntryEmpty, FundEntryRepeated and the ledger's BenefitFundExceeded.
    """
    _require(authority, "benefits.fund", fund.municipality_id)
    if not amount or not reason.strip():
        raise errors.FundEntryEmpty
    with transaction.atomic(), domain_errors():
        journal: UUID = id or ledger.call("ledger.id_at", at)[0]
        ledger.call("ledger.endow", fund.municipality_id, journal, fund.currency_id, fund.pk, amount, at)
        entry = FundEntry(
            municipality_id=fund.municipality_id, fund=fund, amount=amount, reason=reason.strip(),
            document_number=document_number.strip(), official=official, at=at, journal_id=journal,
        )  # fmt: skip
        FundEntry.objects.bulk_create([entry], ignore_conflicts=True)
        return FundEntry.objects.get(municipality=fund.municipality_id, journal_id=journal)


def save_policy(*, policy: BenefitPolicy, official: Official, authority: Authority) -> BenefitPolicy:
    """Store a new or renamed policy."""
    _require(authority, "benefits.edit", policy.municipality_id)
    policy._history_user = official  # type: ignore[attr-defined]
    with transaction.atomic(), domain_errors():
        policy.save()
    return policy


def save_terms(
    *, terms: BenefitTerms, tiers: Sequence[BenefitTier], official: Official, authority: Authority
) -> BenefitTerms:
    """Store a draft with its tiers, in the place of those it had. Whoever changes a draft is its author.

    Raises NotPermitted, TermsPublished, TermsUnsound and FundElsewhere.
    """
    _require(authority, "benefits.edit", terms.municipality_id)
    _require_sound(terms, tiers)
    terms.author = official
    terms._history_user = official  # type: ignore[attr-defined]
    with transaction.atomic(), domain_errors():
        terms.save()
        terms.tiers.all().delete()
        for tier in tiers:
            tier.terms, tier.municipality_id = terms, terms.municipality_id
        BenefitTier.objects.bulk_create(tiers)
    return terms


def save_draft(*, terms: BenefitTerms, official: Official, authority: Authority) -> BenefitTerms:
    """Store a draft without touching its tiers. Raises NotPermitted, TermsPublished, TermsUnsound and FundElsewhere."""
    _require(authority, "benefits.edit", terms.municipality_id)
    _require_sound(terms, ())
    terms.author = official
    terms._history_user = official  # type: ignore[attr-defined]
    with transaction.atomic(), domain_errors():
        terms.save()
    return terms


def _require_sound(terms: BenefitTerms, tiers: Sequence[BenefitTier]) -> None:
    funds = {terms.own_fund, *(tier.fund for tier in tiers)}
    if any(fund.currency_id != terms.policy.currency_id for fund in funds):
        raise errors.FundElsewhere
    if terms.policy.kind != BenefitKind.CASHBACK and (terms.budget_month or terms.budget_year):
        raise errors.TermsUnsound  # what a top-up adds stops where its fund's money ends
    percents, factors = terms.step_percents, terms.step_factors
    falling = all(before > after for before, after in zip([10_000, *factors], factors, strict=False))
    if len(percents) != len(factors) or not falling or sorted({*percents}) != percents:
        raise errors.TermsUnsound
    if percents and not (percents[0] > 0 and percents[-1] < 100 and (terms.budget_month or terms.budget_year)):
        raise errors.TermsUnsound


def request_trial(
    *, terms: BenefitTerms, official: Official, authority: Authority, at: datetime
) -> BenefitSimulation:  # fmt: skip
    """Queue a trial of terms on the payments of the month before ``at``; one that waits already is that trial.

    Raises NotPermitted and TrialOfPaymentsOnly.
    """
    if not authority.may("benefits.edit", terms.municipality_id):
        _require(authority, "benefits.publish", terms.municipality_id)
    if terms.policy.kind != BenefitKind.CASHBACK:
        raise errors.TrialOfPaymentsOnly
    last = business_date(at).replace(day=1) - timedelta(days=1)
    with transaction.atomic(), domain_errors():
        BenefitTerms.objects.select_for_update(of=("self",)).get(pk=terms.pk)  # two that ask at once get one trial
        trial, _ = BenefitSimulation.objects.get_or_create(
            municipality_id=terms.municipality_id, terms=terms, month=last.replace(day=1),
            state=SimulationState.WAITING, defaults={"official": official},
        )  # fmt: skip
        jobs.defer(TRIAL, lock=str(trial.pk), municipality=terms.municipality_id, simulation_id=str(trial.pk))
    return trial


def run_trial(*, municipality: str, simulation_id: UUID) -> None:
    """Compute a trial that was asked for; what refuses it leaves it failed, a lost connection leaves it to be tried again."""
    with scope(municipalities=[municipality]):
        open_states = [SimulationState.WAITING, SimulationState.RUNNING]
        trials = BenefitSimulation.objects.filter(pk=simulation_id, state__in=open_states)
        if not trials.update(state=SimulationState.RUNNING, done_payments=0):
            return
    try:
        with scope(municipalities=[municipality]):
            trial = trials.get()
            result = _replay(trial)
            done = {"payments": result["total"], "done_payments": result["done"]}
            trials.update(state=SimulationState.DONE, result=result, **done)
    except DomainError:
        with scope(municipalities=[municipality]):
            trials.update(state=SimulationState.FAILED)


def _replay(trial: BenefitSimulation) -> dict[str, Any]:
    """The month, day by day in the present transaction; how far it has come is committed beside it, for all to see."""
    so_far: Any = "{}"
    shown: dict[str, Any] = {}
    with ThreadPoolExecutor(1) as beside:
        try:
            for day in range(monthrange(trial.month.year, trial.month.month)[1]):
                day_of_month = trial.month + timedelta(days=day)
                so_far = ledger.call(
                    "incentives.simulate", trial.municipality_id, trial.terms_id, day_of_month, so_far
                )[0]
                shown = json.loads(so_far)
                beside.submit(_show, trial, payments=shown["total"], done_payments=shown["done"]).result()
        finally:
            beside.submit(connections.close_all).result()
    return shown


def _show(trial: BenefitSimulation, **progress: int) -> None:
    """Called in a thread of its own, whose connection and so whose transaction are others than the trial's."""
    with scope(municipalities=[trial.municipality_id]):
        BenefitSimulation.objects.filter(pk=trial.pk, state=SimulationState.RUNNING).update(**progress)


def publish(*, terms: BenefitTerms, official: Official, authority: Authority, at: datetime) -> BenefitTerms:
    """Put terms in force from their day on, which is today or later; never to be changed again.

    Raises NotPermitted, PublisherIsAuthor, TermsTooLate, TermsWithoutTier, TermsOfThatDayExist and TermsPublished.
    """
    _require(authority, "benefits.publish", terms.municipality_id)
    with transaction.atomic(), domain_errors():
        kept = BenefitTerms.objects.select_for_update(of=("self",)).get(pk=terms.pk)
        if kept.state == TermsState.PUBLISHED:
            raise errors.TermsPublished
        if kept.author_id == official.pk:
            raise errors.PublisherIsAuthor
        if kept.valid_from < business_date(at):
            raise errors.TermsTooLate
        tiers = list(kept.tiers.select_related("fund"))
        if not tiers:
            raise errors.TermsWithoutTier
        _require_sound(kept, tiers)
        kept.state, kept.publisher, kept.published_at = TermsState.PUBLISHED, official, at
        kept._history_user = official  # type: ignore[attr-defined]
        kept.save()
    return kept


def halt(
    *, policy: BenefitPolicy, reason: str, official: Official, authority: Authority, at: datetime
) -> BenefitHalt:  # fmt: skip
    """Give nothing for payments from now on. Raises NotPermitted, ReasonMissing and PolicyHalted."""
    _require(authority, "benefits.publish", policy.municipality_id)
    if not reason.strip():
        raise errors.ReasonMissing
    with transaction.atomic(), domain_errors():
        return BenefitHalt.objects.create(
            municipality_id=policy.municipality_id,
            policy=policy,
            begins_at=at,
            reason=reason.strip(),
            official=official,
        )


def resume(
    *, policy: BenefitPolicy, month: date, reason: str, official: Official, authority: Authority, at: datetime
) -> None:  # fmt: skip
    """End an official's halt, or where there is none, let the month go on whose budget has stopped or stepped down.

    Raises NotPermitted, ReasonMissing, PolicyRuns and BudgetUsedUp.
    """
    _require(authority, "benefits.publish", policy.municipality_id)
    if not reason.strip():
        raise errors.ReasonMissing
    with transaction.atomic(), domain_errors():
        ended = BenefitHalt.objects.filter(policy=policy, ended_at=None).update(
            ended_at=at, ended_by=official, end_reason=reason.strip()
        )
        if not ended:
            ledger.call("incentives.restart", policy.municipality_id, policy.pk, month, official.pk, reason.strip(), at)


def _require(authority: Authority, permission: str, municipality: str) -> None:
    if not authority.may(permission, municipality):
        raise NotPermitted
