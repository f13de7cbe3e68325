"""Logs without personal data."""

from __future__ import annotations

import logging
import re
from typing import Final

_QUOTED: Final = re.compile(r"^(DETAIL|CONTEXT|LINE \d+): .*$", re.MULTILINE)


class DiscreetFormatter(logging.Formatter):
    """Leaves out what PostgreSQL quotes in an error: the line of a COPY, the statement with the values in it. Rows that
    break a constraint it does not quote itself where row-level security holds."""

    def formatException(self, ei: logging._SysExcInfoType) -> str:  # noqa: N802 - the name that logging gives it
        """The traceback, with a note in place of each quotation."""
        return _QUOTED.sub(r"\1: (left out)", super().formatException(ei))
