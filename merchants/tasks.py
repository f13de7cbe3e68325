"""Seam: where Procrastinate finds the jobs of this app's rooms."""

from merchants.applications import tasks as _applications  # noqa: F401
from merchants.open_data import tasks as _open_data  # noqa: F401
from merchants.payouts import alarms as _payouts  # noqa: F401  (the daily mail tells them)
from merchants.registry import tasks as _registry  # noqa: F401
from merchants.settlement import tasks as _settlement  # noqa: F401
