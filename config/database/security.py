"""Least privilege and row-level security, derived from the models after every migration.

A model with a ``municipality`` field (or a ``tenant_column``) is a tenant table: its rows are visible only inside a
scope that names their municipality. A model without one must stand in GLOBAL, with the reason. ``app_privileges`` of a
model says what the application role may do with its table; the default is everything but TRUNCATE.
"""

from __future__ import annotations

from typing import Final

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

GLOBAL: Final[dict[str, str]] = {
    "admin.LogEntry": "who did what; visible to the official who did it",
    "allowances.AllowanceType": "the catalogue is shared by all municipalities",
    "allowances.ExclusiveGroup": "national rules against double payment hold in every municipality",
    "auth.Group": "unused table of django.contrib.auth",
    "auth.Group_permissions": "unused table of django.contrib.auth",
    "auth.Permission": "names of permissions, the same everywhere",
    "contenttypes.ContentType": "names of models, the same everywhere",
    "merchants.OpenDataMinute": "counts requests of addresses, by keyed hash; asked before any municipality is known",
    "merchants.Violation": "offences and their fines are national law",
    "merchants.MerchantCategory": "business categories are shared by all municipalities",
    "procrastinate.ProcrastinateEvent": "jobs carry ids only",
    "procrastinate.ProcrastinateJob": "jobs carry ids only",
    "procrastinate.ProcrastinatePeriodicDefer": "jobs carry ids only",
    "procrastinate.ProcrastinateWorker": "jobs carry ids only",
    "sessions.Session": "read before anybody is known; holds no tenant data",
    "vouchers.GuidelineLimit": "the ministry's guideline holds in every municipality",
    "vouchers.IncompatibleRoles": "the pairs hold in every municipality",
}

APP_FUNCTIONS: Final[tuple[str, ...]] = (
    "ledger.refuse", "ledger.require_scope", "ledger.uuid_floor", "ledger.id_at",
    "ledger.ensure_partitions", "ledger.open_account", "ledger.open_wallets", "ledger.open_corporate_wallet",
    "ledger.link_wallet", "ledger.fund", "ledger.divert",
    "ledger.allot", "ledger.reserve", "budgets.of_programmes",
    "ledger.expire",
    "ledger.endow", "incentives.quote_top_up", "incentives.restart", "incentives.simulate",
    "incentives.left_of", "payments.follow_up", "payments.municipalities_to_follow_up",
    "payments.cashback", "payments.prune",
    "ledger.fence", "ledger.transactions_now", "ledger.transactions_ended", "ledger.municipalities",
    "officials.municipalities_of", "officials.begin_login", "officials.login_failed", "officials.forget_failures",
    "partners.partner_by_key", "partners.remember", "partners.lease",
    "webhooks.emit", "webhooks.emit_many", "webhooks.municipalities", "webhooks.municipalities_due", "webhooks.claim", "webhooks.record",
    "webhooks.ping", "webhooks.replay", "webhooks.replay_failed", "webhooks.stop", "webhooks.delete_endpoint",
    "webhooks.prune",
    "wallets.wallet", "wallets.lots", "wallets.movements", "gifts.give", "gifts.gift",
    "payments.pay", "payments.cancel", "payments.payment", "payments.payment_in_full", "payments.payments_of_order",
    "dashboard.next_day", "dashboard.municipalities_due", "dashboard.sum_day",
    "points.take_in", "points.look_again", "points.withdraw", "points.of_citizen", "points.compute", "points.confirm",
    "points.cancel",
    "points.post_chunk", "points.finish", "points.fail",
    "reconciliation.next_day", "reconciliation.sum_day", "reconciliation.hold", "reconciliation.movements",
    "reconciliation.review", "reconciliation.match_equal", "reconciliation.receive_line", "reconciliation.receive_reported",
    "reconciliation.deposits_of",
    "payments.cancellation", "payments.new_sale_qr", "payments.sale_qr", "payments.new_token", "payments.pay_by_token",
    "top_ups.request", "top_ups.deposit", "top_ups.cancel", "top_ups.refund_balance", "top_ups.top_up",
    "top_ups.top_ups_of_order", "top_ups.refund", "top_ups.begin_payout", "top_ups.take_from_payout", "top_ups.finish_payout",
    "payments.register_card", "payments.end_card", "payments.card", "payments.authorise", "payments.reverse", "payments.approval",
    "payments.trace_of", "payments.preview", "payments.payments_of_shop",
    "payments.cancel_at_shop",
    "payments.prepare_order", "payments.confirm_order", "payments.online_order", "payments.order_of_channel",
    "top_ups.run_rules",
    "reports.verify",
    "settlement.close_day", "settlement.municipalities_to_close", "settlement.exchange", "settlement.exchangeable",
    "settlement.exchange_by_shop", "settlement.exchange_of_shop", "settlement.exchangeable_of_shop", "settlement.adjust",
    "payouts.candidates", "payouts.make_batch", "payouts.approve", "payouts.send", "payouts.cancel", "payouts.mended",
    "payouts.record",
    "batches.compare", "batches.mask_name", "approvals.entitle", "approvals.measure", "approvals.seal", "approvals.digest",
    "approvals.person",
    "clawback.payments", "clawback.claim", "clawback.repay", "clawback.write_off",
    "disbursement.plan", "disbursement.post_chunk", "disbursement.hold_still", "disbursement.cancel_rest",
    "disbursement.credit_list", "disbursement.release_expired", "disbursement.give_up",
    "disbursement.due_of", "disbursement.stop", "disbursement.restore",
)  # fmt: skip
"""What the application role may call. The rest of the kernel is reached through these alone."""

_SCOPE = "string_to_array(current_setting('app.municipalities', true), ',')"


def ensure_roles(connection: BaseDatabaseWrapper) -> None:
    """Create the application role where it is missing, and let it connect."""
    role, name = settings.APP_ROLE, connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('jangteo.roles'))")
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        verb = "ALTER" if cursor.fetchone() else "CREATE"
        quoted = connection.ops.quote_name(role)
        cursor.execute(
            f"{verb} ROLE {quoted} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD %s",
            [settings.APP_ROLE_PASSWORD],
        )
        cursor.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {connection.ops.quote_name(name)} TO {quoted}")


def tenant_column(model: type[models.Model]) -> str | None:
    """The column that names the row's municipality, or None for a global table."""
    explicit = getattr(model, "tenant_column", None)
    if explicit:
        return str(explicit)
    return "municipality_id" if any(field.name == "municipality" for field in model._meta.fields) else None


def apply(connection: BaseDatabaseWrapper) -> None:
    """Grant and protect every table and function. Idempotent; run as the owner."""
    role = connection.ops.quote_name(settings.APP_ROLE)
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")
        cursor.execute(f"GRANT SELECT ON django_migrations TO {role}")
        for model in apps.get_models(include_auto_created=True):
            if model._meta.proxy:
                continue
            _protect(cursor, model, role)
        _grant_functions(cursor, role)


def _protect(cursor: CursorWrapper, model: type[models.Model], role: str) -> None:
    table = f'"{model._meta.db_table}"'
    privileges = getattr(model, "app_privileges", "SELECT, INSERT, UPDATE, DELETE")
    cursor.execute(f"REVOKE ALL ON {table} FROM {role}, PUBLIC")
    cursor.execute(f"GRANT {privileges} ON {table} TO {role}")
    if getattr(model, "is_view", False):
        return  # made WITH (security_invoker): the policies of its tables hold
    if model._meta.label == "admin.LogEntry":
        condition = "user_id::text = nullif(current_setting('app.official', true), '')"
    elif column := tenant_column(model):
        condition = f"{column} = ANY ({_SCOPE})"
        if extra := getattr(model, "tenant_extra", None):
            condition = f"{condition} OR {extra}"
    else:
        return
    cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    cursor.execute(f"DROP POLICY IF EXISTS tenant ON {table}")
    cursor.execute(f"CREATE POLICY tenant ON {table} TO {role} USING ({condition})")


def _grant_functions(cursor: CursorWrapper, role: str) -> None:
    cursor.execute(
        "SELECT n.nspname, p.oid::regprocedure::text, n.nspname || '.' || p.proname"
        " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname <> 'public' AND n.nspname <> 'information_schema' AND NOT starts_with(n.nspname, 'pg_')"
    )
    functions = cursor.fetchall()
    for schema in sorted({schema for schema, _, _ in functions}):
        cursor.execute(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    for _schema, signature, name in functions:
        cursor.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC, {role}")
        if name in APP_FUNCTIONS:
            cursor.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {role}")
