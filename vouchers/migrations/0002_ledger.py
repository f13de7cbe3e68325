from django.db import migrations

from vouchers.common.migrations import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("vouchers", "0001_initial"), ("merchants", "0001_initial")]

    operations = [
        run_sql_file("vouchers/officials/sql/0001_roles.sql"),
        run_sql_file("vouchers/officials/sql/0002_login.sql"),
        run_sql_file("vouchers/officials/sql/0003_absences.sql"),
        run_sql_file("vouchers/partners/sql/0001_partners.sql"),
        run_sql_file("vouchers/ledger/sql/0001_tables.sql"),
        run_sql_file("vouchers/payments/sql/0001_tables.sql"),
        run_sql_file("vouchers/ledger/sql/0002_partitions.sql"),
        run_sql_file("vouchers/ledger/sql/0003_kernel.sql"),
        run_sql_file("vouchers/ledger/sql/0004_budgets.sql"),
        run_sql_file("vouchers/ledger/sql/0005_claims.sql"),
        run_sql_file("vouchers/ledger/sql/0006_recovery.sql"),
        run_sql_file("vouchers/ledger/sql/0007_top_ups.sql"),
        run_sql_file("vouchers/payments/sql/0002_functions.sql"),
        run_sql_file("vouchers/wallets/sql/0001_reads.sql"),
        run_sql_file("vouchers/payments/sql/0003_codes_and_tokens.sql"),
        run_sql_file("vouchers/payments/sql/0004_cards.sql"),
        run_sql_file("vouchers/payments/sql/0005_orders.sql"),
        run_sql_file("vouchers/payments/sql/0006_previews.sql"),
        run_sql_file("vouchers/payments/sql/0007_shops.sql"),
        run_sql_file("vouchers/payments/sql/0008_pruning.sql"),
        run_sql_file("vouchers/webhooks/sql/0001_outbox.sql"),
        run_sql_file("vouchers/webhooks/sql/0002_delivery.sql"),
        run_sql_file("vouchers/ledger/sql/0008_gifts.sql"),
        run_sql_file("vouchers/gifts/sql/0001_gifts.sql"),
        run_sql_file("vouchers/ledger/sql/0009_benefits.sql"),
        run_sql_file("vouchers/ledger/sql/0010_payouts.sql"),
        run_sql_file("vouchers/ledger/sql/0011_fees.sql"),
        run_sql_file("vouchers/incentives/sql/0001_tables.sql"),
        run_sql_file("vouchers/incentives/sql/0002_quote.sql"),
        run_sql_file("vouchers/points/sql/0001_points.sql"),
        run_sql_file("vouchers/points/sql/0002_payout.sql"),
        run_sql_file("vouchers/reconciliation/sql/0001_sums.sql"),
        run_sql_file("vouchers/reconciliation/sql/0002_review.sql"),
        run_sql_file("vouchers/reconciliation/sql/0003_receive.sql"),
        run_sql_file("vouchers/top_ups/sql/0001_tables.sql"),
        run_sql_file("vouchers/top_ups/sql/0002_functions.sql"),
        run_sql_file("vouchers/top_ups/sql/0003_auto.sql"),
        run_sql_file("vouchers/incentives/sql/0003_accrue.sql"),
        run_sql_file("vouchers/incentives/sql/0004_quote_cashback.sql"),
        run_sql_file("vouchers/incentives/sql/0005_simulate.sql"),
        run_sql_file("vouchers/payments/sql/0009_follow_up.sql"),
    ]
