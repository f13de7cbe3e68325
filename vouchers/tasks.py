"""Seam: where Procrastinate finds the jobs of this app's rooms."""

from vouchers.incentives import tasks as _incentives  # noqa: F401
from vouchers.ledger import tasks as _ledger  # noqa: F401
from vouchers.payments import tasks as _payments  # noqa: F401
from vouchers.points import tasks as _points  # noqa: F401
from vouchers.reconciliation import tasks as _reconciliation  # noqa: F401
from vouchers.top_ups import tasks as _top_ups  # noqa: F401
from vouchers.webhooks import tasks as _webhooks  # noqa: F401
