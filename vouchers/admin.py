"""Seam: where Django finds the admin classes and pages of this app's rooms."""

from vouchers.citizens import admin as citizens
from vouchers.currencies import admin as currencies
from vouchers.gifts import admin as gifts
from vouchers.guidelines import admin as guidelines
from vouchers.incentives import admin as incentives
from vouchers.ledger import admin as ledger
from vouchers.municipalities import admin as municipalities
from vouchers.officials import admin as officials
from vouchers.partners import admin as partners
from vouchers.payments import admin as payments
from vouchers.points import admin as points
from vouchers.privacy import admin as privacy
from vouchers.reconciliation import admin as reconciliation
from vouchers.top_ups import admin as top_ups
from vouchers.wallets import admin as wallets
from vouchers.webhooks import admin as webhooks

__all__ = [
    "citizens",
    "currencies",
    "gifts",
    "guidelines",
    "incentives",
    "ledger",
    "municipalities",
    "officials",
    "partners",
    "payments",
    "points",
    "privacy",
    "reconciliation",
    "top_ups",
    "wallets",
    "webhooks",
]
