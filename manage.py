#!/usr/bin/env python
"""Jangteo's commands."""

from __future__ import annotations

import os
import sys

WITHOUT_DATABASE = {"collectstatic", "compilemessages", "help", "makemessages", "spectacular", "version"}


def main() -> None:
    """Run a command; start the embedded PostgreSQL first where no server is named."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if "DATABASE_URL" not in os.environ and "DATABASE_APP_URL" not in os.environ and command not in WITHOUT_DATABASE:
        from config.database import embedded

        os.environ["DATABASE_URL"] = embedded.ensure()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
