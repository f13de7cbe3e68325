#!/usr/bin/env python
"""Jangteo's commands."""

from __future__ import annotations

import os
import signal
import sys

WITHOUT_DATABASE = {"bench", "collectstatic", "compilemessages", "help", "makemessages", "spectacular", "version"}


def _leave(number: int, _frame: object) -> None:
    """End as by Ctrl-C: what the command started is stopped on the way out."""
    sys.exit(128 + number)


def main() -> None:
    """Run a command; start the embedded PostgreSQL first where no server is named."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if "DATABASE_URL" not in os.environ and "DATABASE_APP_URL" not in os.environ and command not in WITHOUT_DATABASE:
        from config.database import embedded

        try:
            os.environ["DATABASE_URL"] = embedded.ensure()
        except embedded.EmbeddedDatabaseError as error:
            sys.exit(str(error))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
