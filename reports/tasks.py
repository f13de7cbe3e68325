"""Seam: where Procrastinate finds the jobs of this app's rooms."""

from reports.dashboard import tasks as _dashboard  # noqa: F401
from reports.documents import tasks as _documents  # noqa: F401
from reports.kits import tasks as _kits  # noqa: F401
from reports.statements import tasks as _statements  # noqa: F401
from reports.statistics import tasks as _statistics  # noqa: F401
