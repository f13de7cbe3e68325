from django.db import migrations

from vouchers.common.migrations import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("allowances", "0001_initial"), ("vouchers", "0002_ledger")]

    operations = [
        run_sql_file("allowances/budgets/sql/0001_entries.sql"),
        run_sql_file("allowances/batches/sql/0001_tables.sql"),
        run_sql_file("allowances/batches/sql/0002_comparison.sql"),
        run_sql_file("allowances/batches/sql/0003_mending.sql"),
        run_sql_file("allowances/approvals/sql/0001_signatures.sql"),
        run_sql_file("allowances/approvals/sql/0002_digest.sql"),
        run_sql_file("allowances/disbursement/sql/0001_chunks.sql"),
        run_sql_file("allowances/disbursement/sql/0002_claims.sql"),
        run_sql_file("allowances/disbursement/sql/0003_stops.sql"),
        run_sql_file("allowances/clawback/sql/0001_tables.sql"),
        run_sql_file("allowances/clawback/sql/0002_functions.sql"),
    ]
