"""What every request gets from the site as a whole: whose it is behind proxies, its language, its security headers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import get_supported_language_variant

# Alpine, which Unfold is built on, compiles the expressions in its attributes. No inline script, no other host.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGES = ("/admin/", "/i18n/", "/verify/")
"""What people open in a browser."""
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class ClientAddressMiddleware:
    """REMOTE_ADDR is who asks, not the proxy that hands the request on: for limits, allowed addresses and access records.

    Only proxies that the installation names are believed (settings.TRUSTED_PROXIES); what anybody else says of where a
    request comes from is ignored.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Put the client's address where everything looks for it."""
        request.META["REMOTE_ADDR"] = client_address(
            peer=request.META.get("REMOTE_ADDR") or "", forwarded=request.META.get("HTTP_X_FORWARDED_FOR", ""),
            trusted=settings.TRUSTED_PROXIES,
        )  # fmt: skip
        return self.get_response(request)


def client_address(*, peer: str, forwarded: str, trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """The last address that no trusted proxy has; each proxy adds the one it was asked from to the end of ``forwarded``.

    What stands before an address that cannot be read may be made up, so the last that was read counts.
    """
    found = peer
    for told in [peer, *reversed(forwarded.split(","))]:
        address = _read(told)
        if address is None:
            return found
        found = str(address)
        if not any(address in network for network in trusted):
            return found
    return found


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


class ChosenLanguageMiddleware:
    """Korean, until somebody chooses another language in the menu. What the browser prefers does not count here: an
    official's browser in English is no wish for English papers. The API has its own way (Accept-Language)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve in the chosen language."""
        if not request.path.startswith(PAGES):
            return self.get_response(request)
        with translation.override(chosen_language(request)):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            response.headers["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
            return response


def chosen_language(request: HttpRequest) -> str:
    """The language of the cookie, when it is one of ours."""
    try:
        return get_supported_language_variant(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))
    except LookupError:
        return settings.LANGUAGE_CODE


class SecurityHeadersMiddleware:
    """The admin loads nothing from elsewhere, sends nothing elsewhere, and stays in no shared cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers that a view has not set itself."""
        response = self.get_response(request)
        if request.path.startswith(PAGES):
            response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
            response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response
