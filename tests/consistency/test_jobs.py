"""Every background job stands here with the room that owns it; a new one that does not is found by this test."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from procrastinate.contrib.django import app

from config.environment import BASE_DIR

OWNERS = {
    "allowances.batches.compare": "allowances.batches",
    "allowances.batches.inspect": "allowances.batches",
    "allowances.batches.read": "allowances.batches",
    "allowances.approvals.complete_submission": "allowances.approvals",
    "allowances.approvals.queue_digests": "allowances.approvals",
    "allowances.approvals.send_digests": "allowances.approvals",
    "allowances.clawback.sweep": "allowances.clawback",
    "allowances.clawback.sweep_all": "allowances.clawback",
    "allowances.disbursement.run": "allowances.disbursement",
    "allowances.disbursement.begin": "allowances.disbursement",
    "allowances.disbursement.begin_overdue": "allowances.disbursement",
    "allowances.disbursement.match": "allowances.disbursement",
    "allowances.disbursement.match_all": "allowances.disbursement",
    "allowances.disbursement.release": "allowances.disbursement",
    "allowances.disbursement.release_all": "allowances.disbursement",
    "merchants.applications.forget": "merchants.applications",
    "merchants.applications.forget_all": "merchants.applications",
    "merchants.open_data.make_months": "merchants.open_data",
    "merchants.open_data.publish": "merchants.open_data",
    "merchants.open_data.publish_all": "merchants.open_data",
    "merchants.registry.apply_all_due": "merchants.registry",
    "merchants.registry.apply_due": "merchants.registry",
    "merchants.settlement.close": "merchants.settlement",
    "merchants.settlement.close_ended_days": "merchants.settlement",
    "reports.dashboard.sum": "reports.dashboard",
    "reports.dashboard.sum_all": "reports.dashboard",
    "reports.kits.make": "reports.kits",
    "reports.documents.make_register": "reports.documents",
    "reports.statements.make": "reports.statements",
    "reports.statistics.make": "reports.statistics",
    "vouchers.incentives.simulate": "vouchers.incentives",
    "vouchers.ledger.audit": "vouchers.ledger",
    "vouchers.ledger.audit_municipality": "vouchers.ledger",
    "vouchers.ledger.prepare_months": "vouchers.ledger",
    "vouchers.top_ups.request_all_due": "vouchers.top_ups",
    "vouchers.top_ups.request_due": "vouchers.top_ups",
    "vouchers.webhooks.deliver": "vouchers.webhooks",
    "vouchers.webhooks.prune": "vouchers.webhooks",
    "vouchers.webhooks.prune_all": "vouchers.webhooks",
    "vouchers.points.run": "vouchers.points",
    "vouchers.reconciliation.sum": "vouchers.reconciliation",
    "vouchers.reconciliation.sum_all": "vouchers.reconciliation",
    "vouchers.payments.follow_up": "vouchers.payments",
    "vouchers.payments.prune": "vouchers.payments",
    "vouchers.payments.prune_all": "vouchers.payments",
}
"""Job → the room whose tasks.py defines it, and whose people answer for it."""

PERIODIC = {
    "allowances.clawback.sweep_all": "30 15 * * *",
    "allowances.approvals.queue_digests": "30 23 * * 0-4",
    "allowances.disbursement.begin_overdue": "*/5 * * * *",
    "allowances.disbursement.match_all": "10 17 * * *",
    "allowances.disbursement.release_all": "20 * * * *",
    "merchants.applications.forget_all": "40 18 * * *",
    "merchants.open_data.publish_all": "30 17 * * *",
    "merchants.registry.apply_all_due": "1 * * * *",
    "merchants.settlement.close_ended_days": "10 * * * *",
    "reports.dashboard.sum_all": "* * * * *",
    "vouchers.ledger.audit": "30 * * * *",
    "vouchers.ledger.prepare_months": "40 3 * * *",
    "vouchers.top_ups.request_all_due": "*/5 * * * *",
    "vouchers.webhooks.prune_all": "50 17 * * *",
    "vouchers.reconciliation.sum_all": "20 * * * *",
    "vouchers.payments.prune_all": "20 18 * * *",
}
"""Periodic job → when it runs, in UTC."""


REPEATED = {"vouchers.ledger.audit_municipality"}
"""Jobs that a periodic job queues again before long, so they need no second try of their own."""


@pytest.fixture(scope="module", autouse=True)
def _tasks() -> None:
    app.perform_import_paths()


def _own_tasks() -> dict[str, str]:
    return {name: task.func.__module__ for name, task in app.tasks.items() if "procrastinate" not in name}


def test_every_job_has_an_owner() -> None:
    assert _own_tasks() == {name: f"{room}.tasks" for name, room in OWNERS.items()}


def test_every_periodic_job_has_an_owner() -> None:
    assert {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()} == PERIODIC


def test_every_room_with_tasks_is_in_its_apps_seam() -> None:
    rooms = {path.parent for path in BASE_DIR.glob("*/*/tasks.py") if "tests" not in path.parts}
    found = {f"{room.parent.name}.{room.name}" for room in rooms}
    assert found == set(OWNERS.values())


@pytest.mark.parametrize("name", sorted(set(OWNERS) - set(PERIODIC) - REPEATED))
def test_every_job_is_tried_again_a_limited_number_of_times(name: str) -> None:
    strategy = app.tasks[name].retry_strategy
    assert strategy is not None
    assert 0 < strategy.max_attempts <= 12


@pytest.mark.parametrize("room", sorted(set(OWNERS.values())))
def test_jobs_say_what_they_are_for(room: str) -> None:
    module = import_module(f"{room}.tasks")
    assert module.__doc__
    assert all(app.tasks[name].func.__doc__ for name, owner in OWNERS.items() if owner == room)
    assert Path(str(module.__file__)).name == "tasks.py"
