"""Seam: where Procrastinate finds the jobs of this app's rooms."""

from reports.documents import tasks as _documents  # noqa: F401
