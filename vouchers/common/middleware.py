"""A short way for programs: requests of the API skip what exists for people with browsers."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch, resolve
from django.utils import timezone, translation

from vouchers.common import problems

SHORT_WAY = "/api/v1/"
UNKNOWN = "api-unknown"
"""The name of the route that takes every other address; those are as many as anybody likes to send."""


class ApiMiddleware:
    """Calls the view of an API request at once. Stands right below SecurityMiddleware.

    The web server's entry point (config/wsgi.py) takes a shorter way still; this one is for every other handler.

    Sessions, cookies, CSRF, login, messages and frames mean nothing to a program with a bearer key, and passing through
    those seven layers costs as much as all of Python's own work for a payment. Left is what the API needs: the
    request's one clock reading, its language, and an answer in the API's form for every address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request by the short way, or hand it on."""
        return serve_api(request) if request.path_info.startswith(SHORT_WAY) else self.get_response(request)


def serve_api(request: HttpRequest) -> HttpResponse:
    """Call the view of a request of the API. Whatever goes wrong comes out as a problem document."""
    request.at = timezone.now()  # type: ignore[attr-defined]
    language = translation.get_language_from_request(request)
    with translation.override(language):
        response = _answer(request)
    response.headers.setdefault("Content-Language", language)
    response.headers.setdefault("Vary", "Accept-Language")
    response.headers.setdefault("Content-Length", str(len(response.content)))
    return response


def _answer(request: HttpRequest) -> HttpResponse:
    try:
        match = _match(request.path_info)
        request.resolver_match = match
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    except Exception as error:  # noqa: BLE001 - logged there, unless it was foreseen
        return problems.response_to(error)
    return response


_fixed: dict[str, ResolverMatch] = {}
"""Routes without parameters, once found: Django goes through every route before it for each request."""


def _match(path: str) -> ResolverMatch:
    match = _fixed.get(path)
    if match is None:
        match = resolve(path)
        if not match.kwargs and not match.args and match.url_name != UNKNOWN:
            _fixed[path] = match
    return match
