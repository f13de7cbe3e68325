"""WSGI entry point of the web server."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, cast

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest  # noqa: E402 - needs the settings
from django.db import DEFAULT_DB_ALIAS, connections  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.middleware.security import SecurityMiddleware  # noqa: E402
from django.utils.log import log_response  # noqa: E402

from vouchers.common import problems  # noqa: E402
from vouchers.common.middleware import SHORT_WAY, serve_api  # noqa: E402


class Application(WSGIHandler):
    """Django's, with a shorter way for programs.

    Requests of the API go through SecurityMiddleware to their view and nothing else. Django's signals around a request
    walk over every connection and cache twice, which costs as much as a payment's own work in Python; here the thread
    keeps the one connection that the API uses. The pool has one for each thread.
    """

    def __init__(self) -> None:
        super().__init__()
        self._api = SecurityMiddleware(serve_api)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer one request."""
        if not environ["PATH_INFO"].startswith(SHORT_WAY):
            return super().__call__(environ, start_response)
        request = WSGIRequest(environ)
        try:
            response = cast("HttpResponse", self._api(request))
        except Exception as error:  # noqa: BLE001 - a host that is not ours, most likely
            response = problems.response_to(error)
        finally:
            _look_after_the_connection()
        if response.status_code >= 400:
            log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return [response.content]


def _look_after_the_connection() -> None:
    """Give up a connection that may be broken; a good one waits for this thread's next request."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.errors_occurred or connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


application = Application()
