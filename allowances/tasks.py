"""Seam: where Procrastinate finds the jobs of this app's rooms."""

from allowances.approvals import tasks as _approvals  # noqa: F401
from allowances.batches import tasks as _batches  # noqa: F401
from allowances.clawback import tasks as _clawback  # noqa: F401
from allowances.disbursement import tasks as _disbursement  # noqa: F401
