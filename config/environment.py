"""Configuration from the environment; for development, from ``var/environment`` made on first use.

Secrets come from the environment alone. Where none are set and JANGTEO_PRODUCTION is not 1, random ones are written
to ``var/environment`` (readable by its owner only), so that a fresh clone works and two clones share nothing.
"""

from __future__ import annotations

import base64
import os
import secrets
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"


def _new_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


_DEVELOPMENT_SECRETS = {
    "JANGTEO_SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "JANGTEO_FIELD_KEYS": lambda: f"1:{_new_key()}",
    "JANGTEO_INDEX_KEY": _new_key,
    "JANGTEO_QR_KEYS": lambda: f"01:{_new_key()}",
}


def is_production() -> bool:
    """Whether missing secrets are an error instead of being made up."""
    return os.environ.get("JANGTEO_PRODUCTION") == "1"


def load(path: Path | None = None) -> None:
    """Complete ``os.environ`` from the development file; what is set already wins."""
    if is_production():
        return
    path = path or VAR_DIR / "environment"
    stored = dict(line.split("=", 1) for line in _lines(path))
    missing = {name: make() for name, make in _DEVELOPMENT_SECRETS.items() if name not in stored}
    if missing:
        path.parent.mkdir(parents=True, exist_ok=True)
        stored |= missing
        _write_private(path, "".join(f"{name}={value}\n" for name, value in stored.items()))
    for name, value in stored.items():
        os.environ.setdefault(name, value)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _write_private(path: Path, text: str) -> None:
    temporary = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)


def require(name: str) -> str:
    """The value of a setting that has no default."""
    value = os.environ.get(name, "")
    if not value:
        raise SystemExit(f"{name} is not set; see README.md, section 'A real server'")
    return value


def app_url(owner_url: str, *, role: str, password: str) -> str:
    """The application role's URL on the owner's server, for when DATABASE_APP_URL is not set."""
    scheme, _, rest = owner_url.partition("://")
    location = rest.rpartition("@")[2] if "@" in rest else rest
    return f"{scheme}://{quote(role)}:{quote(password)}@{location}"


def networks(name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The addresses and networks of a list with commas; none where it is not set."""
    told = [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]
    try:
        return tuple(ip_network(part) for part in told)
    except ValueError as error:
        raise SystemExit(f"{name}: {error}; see README.md, section 'A real server'") from error


def mail(url: str) -> dict[str, Any]:
    """Django's mail settings from one address: ``smtp://user:password@host:587?tls=1`` (or ``ssl=1``), or ``console:``."""
    parts = urlsplit(url)
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if parts.scheme != "smtp" or not parts.hostname:
        raise SystemExit("EMAIL_URL must be console: or smtp://host…; see README.md, section 'A real server'")
    options = dict(parse_qsl(parts.query))
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or 25,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": options.get("tls") == "1",
        "EMAIL_USE_SSL": options.get("ssl") == "1",
    }
