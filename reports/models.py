"""Seam: the reports app has no models of its own; its rooms read those of the others."""
