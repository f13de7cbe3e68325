from django.db import migrations

from vouchers.common.migrations import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("merchants", "0001_initial"), ("vouchers", "0002_ledger")]

    operations = [
        run_sql_file("merchants/registry/sql/0001_benefits.sql"),
        run_sql_file("merchants/registry/sql/0002_changes.sql"),
        run_sql_file("merchants/dispositions/sql/0001_final.sql"),
        run_sql_file("merchants/dispositions/sql/0002_follow_ups.sql"),
        run_sql_file("merchants/settlement/sql/0001_tables.sql"),
        run_sql_file("merchants/settlement/sql/0002_functions.sql"),
        run_sql_file("merchants/settlement/sql/0003_exchange.sql"),
        run_sql_file("merchants/settlement/sql/0004_exchange_api.sql"),
        run_sql_file("merchants/settlement/sql/0005_fees.sql"),
        run_sql_file("merchants/payouts/sql/0001_tables.sql"),
        run_sql_file("merchants/payouts/sql/0002_batches.sql"),
        run_sql_file("merchants/payouts/sql/0003_results.sql"),
    ]
