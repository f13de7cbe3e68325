from django.db import migrations

from vouchers.common.migrations import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial"), ("allowances", "0001_initial"), ("vouchers", "0002_ledger")]

    operations = [
        run_sql_file("reports/statistics/sql/0001_issued.sql"),
        run_sql_file("reports/dashboard/sql/0001_sums.sql"),
        run_sql_file("reports/statements/sql/0001_frozen.sql"),
    ]
