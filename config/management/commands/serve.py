"""``manage.py serve``: the web server and the background worker, until Ctrl-C."""

from __future__ import annotations

import os
import socket
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config import serving


class Command(BaseCommand):
    """Start everything, wait, stop everything."""

    help = "Serve the admin and the API, and run the background jobs, until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen, and how much to run."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: only this machine)")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--processes", type=int, default=serving.default_processes(), help="web server processes")
        parser.add_argument("--threads", type=int, default=serving.THREADS, help="threads of a web server process")
        parser.add_argument("--no-worker", action="store_true", help="serve only; background jobs wait")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until a signal comes. Exit status 1: something ended by itself, and so the rest was stopped."""
        host, port = options["host"], options["port"]
        refuse_taken_port(host, port)
        call_command("collectstatic", interactive=False, verbosity=0)
        web = serving.web_server(host=host, port=port, processes=options["processes"], threads=options["threads"])
        programs = {"web server": web}
        if not options["no_worker"]:
            programs["worker"] = serving.worker()
        self.stdout.write(f"http://{host}:{port}/admin/ — API: http://{host}:{port}/api/docs/ (Ctrl-C stops)")
        self.stdout.flush()
        ended = serving.run_together(programs)
        if ended:
            raise CommandError(f"the {ended} ended by itself, so everything was stopped")


def refuse_taken_port(host: str, port: int) -> None:
    """Say so before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise CommandError(f"may not listen at port {port}: choose one above 1023 with --port") from error
        except OSError as error:
            raise CommandError(
                f"cannot listen at {host}:{port} ({os.strerror(error.errno or 0)}): choose another port with --port"
            ) from error
