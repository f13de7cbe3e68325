"""Seam: where Procrastinate finds the jobs of this app's rooms."""

from merchants.settlement import tasks as _settlement  # noqa: F401
