"""Django settings. Everything that differs between installations comes from the environment (config/environment.py)."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from config import environment

environment.load()

BASE_DIR = environment.BASE_DIR
VAR_DIR = environment.VAR_DIR

SECRET_KEY = environment.require("JANGTEO_SECRET_KEY")
FIELD_KEYS = environment.require("JANGTEO_FIELD_KEYS")
INDEX_KEY = environment.require("JANGTEO_INDEX_KEY")
QR_KEYS = environment.require("JANGTEO_QR_KEYS")
DEBUG = os.environ.get("JANGTEO_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("JANGTEO_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("JANGTEO_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "config.apps.JangteoAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "import_export",
    "simple_history",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
    "vouchers",
    "merchants",
    "allowances",
    "reports",
    "config.apps.ConfigConfig",
]

TRUSTED_PROXIES = environment.networks("JANGTEO_PROXIES")
MIDDLEWARE = [
    "config.middleware.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "vouchers.common.middleware.ApiMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "config.middleware.ChosenLanguageMiddleware",
    "config.middleware.SecurityHeadersMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "vouchers.officials.middleware.OfficialScopeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Database: the owner migrates, the application role runs under row-level security (DESIGN: tenancy).

APP_ROLE = "jangteo_app"
APP_ROLE_PASSWORD = hmac.new(SECRET_KEY.encode(), b"database role jangteo_app", hashlib.sha256).hexdigest()


def _database(url: str, **extra: Any) -> dict[str, Any]:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": options.pop("port", parts.port or ""),
        "OPTIONS": options | extra.pop("OPTIONS", {}),
    } | extra


_owner_url = os.environ.get("DATABASE_URL", "postgresql://postgres@/jangteo")
_app_url = os.environ.get("DATABASE_APP_URL") or environment.app_url(
    _owner_url, role=APP_ROLE, password=APP_ROLE_PASSWORD
)
DATABASE_POOL_SIZE = int(os.environ.get("JANGTEO_DATABASE_POOL", "0"))
# Seconds. While the database is away, a request waits so long before it is told to come back, and keeps a thread busy
# meanwhile. The pool's own attempts become rarer the longer they fail; given up early, the next request makes a new one.
_POOL = {"min_size": 2, "max_size": DATABASE_POOL_SIZE, "timeout": 3, "reconnect_timeout": 5}
DATABASES = {
    "default": _database(
        _app_url,
        OPTIONS={"pool": _POOL} if DATABASE_POOL_SIZE else {},
        CONN_MAX_AGE=0 if DATABASE_POOL_SIZE else 60,
    ),
    "owner": _database(_owner_url),
}
DATABASE_ROUTERS = ["config.database.router.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People

AUTH_USER_MODEL = "vouchers.Official"
AUTHENTICATION_BACKENDS = ["vouchers.officials.backends.OfficialBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_AGE = int(os.environ.get("JANGTEO_IDLE_SECONDS", "1800"))
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
_over_tls = os.environ.get("JANGTEO_TLS") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _over_tls
SECURE_HSTS_SECONDS = 31_536_000 if _over_tls else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _over_tls else None
X_FRAME_OPTIONS = "DENY"

# Language and time

LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", _("한국어")), ("en", _("영어"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Seoul"
USE_THOUSAND_SEPARATOR = True

# The admin's face. The menu: config/menu.py

UNFOLD = {
    "SITE_TITLE": _("장터"),
    "SITE_HEADER": _("장터"),
    "SITE_SUBHEADER": "config.menu.place",
    "SITE_SYMBOL": "storefront",
    "SITE_URL": None,
    "LOGIN": {"form": "vouchers.officials.forms.LoginForm"},
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "THEME": "light",
    "BORDER_RADIUS": "6px",
    "DASHBOARD_CALLBACK": "reports.dashboard.admin.home",
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": "config.menu.navigation"},
    "STYLES": ["config.menu.stylesheet"],
    "SCRIPTS": ["config.menu.script"],
    "COLORS": {
        "primary": {
            "50": "#eef4fb", "100": "#d9e6f6", "200": "#b5cdec", "300": "#86abdd", "400": "#5685c9", "500": "#3367b1",
            "600": "#1f5199", "700": "#1b437d", "800": "#183863", "900": "#142c4d", "950": "#0d1c33",
        },
    },
}  # fmt: skip

# Mail: the daily digest. Without EMAIL_URL it is printed on the console.

_mail = environment.mail(os.environ.get("EMAIL_URL") or "console:")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = _mail.get("EMAIL_HOST", "localhost"), _mail.get("EMAIL_PORT", 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_USER", ""), _mail.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("JANGTEO_MAIL_FROM", "jangteo@localhost")
SITE_URL = os.environ.get("JANGTEO_URL", "http://localhost:8000").rstrip("/")

# Files

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
SEALED_FILES_DIR = VAR_DIR / "files"
UPLOAD_LIMIT_BYTES = int(os.environ.get("JANGTEO_UPLOAD_LIMIT", str(300 * 1024 * 1024)))
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["vouchers.privacy.uploads.BoundedUploadHandler"]
FILE_UPLOAD_TEMP_DIR = os.environ.get("JANGTEO_UPLOAD_DIR")

# API

WEBHOOKS_TO_LOOPBACK = not environment.is_production()
"""Whether partners may be told at this machine, without TLS: for developing an app against a server of one's own."""
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Jangteo API",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SORT_OPERATIONS": False,
    "POSTPROCESSING_HOOKS": ["vouchers.partners.api.documents.complete"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"discreet": {"()": "config.logs.DiscreetFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "discreet"}},
    "root": {"handlers": ["console"], "level": os.environ.get("JANGTEO_LOG_LEVEL", "WARNING")},
}
