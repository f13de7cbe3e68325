"""Every report that officials can call up and issue."""

from __future__ import annotations

from typing import Final

from reports.statistics import (
    balances,
    budgets,
    channels,
    circulation,
    decisions,
    registers,
    settlements,
    shops,
    usage,
)
from reports.statistics.definitions import Definition

REPORTS: Final[dict[str, Definition]] = {
    report.code: report
    for report in (
        circulation.REPORT,
        settlements.REPORT,
        registers.REPORT,
        decisions.REPORT,
        budgets.REPORT,
        shops.REPORT,
        channels.REPORT,
        usage.REPORT,
        balances.REPORT,
    )
}
"""By the code that stands in addresses and in what was issued."""
