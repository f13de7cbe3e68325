"""포인트: programmes and their rules, what partners witnessed, files, and payouts."""

from vouchers.points.admin import activities, programmes, runs, uploads

__all__ = ["activities", "programmes", "runs", "uploads"]
