"""Every report that officials can call up and issue."""

from __future__ import annotations

from typing import Final

from reports.statistics import balances, channels, circulation, shops, usage
from reports.statistics.definitions import Definition

REPORTS: Final[dict[str, Definition]] = {
    report.code: report for report in (circulation.REPORT, balances.REPORT, usage.REPORT, channels.REPORT, shops.REPORT)
}
"""By the code that stands in addresses and in what was issued."""
