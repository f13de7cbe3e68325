"""What belongs to no room: health, the document, and every other address."""

from __future__ import annotations

from tests.api.routes import Route

ROUTES = {
    ("healthz", "GET"): Route(None, "/healthz", own=200, others=200),
    ("api-schema", "GET"): Route(None, "/api/schema/", own=200, others=200),
    ("api-docs", "GET"): Route(None, "/api/docs/", own=200, others=200),
    ("api-start", "GET"): Route(None, "/api/start/", own=200, others=200),
    ("api-unknown", "GET"): Route(None, "/api/v1/nothing", own=404, others=404),
}
