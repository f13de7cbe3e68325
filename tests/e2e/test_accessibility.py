"""Every page of the admin against WCAG 2.1 AA, as far as a machine can tell (KWCAG 2.2 asks for the same).

Pages come from the permission table, which no page can be missing from; each is shown once, to a role that may do most
there. Django's client renders them and the browser loads them with their styles and scripts, so nobody needs to log in.
"""

from __future__ import annotations

import mimetypes
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import axe_playwright_python
import pytest
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page

from tests.consistency.test_permissions import LETTERS, MODELS, PAGE_RIGHTS, client_of, rows_of
from tests.factories.everything import Everything, make_everything
from tests.factories.lists import make_list, open_office, submitted
from vouchers.reconciliation.models import BankLine

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

_STATIC: Final = "/static/"
AXE: Final = f"{_STATIC}axe.js"
_AXE_FILE: Final = Path(axe_playwright_python.__file__).with_name("axe.min.js")
_RULES: Final = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"], "resultTypes": ["violations"], "preload": False}
_RUN: Final = """([around, rules]) => axe.run({exclude: around}, rules).then(found => found.violations.flatMap(
    rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`)))"""
_SAME_EVERYWHERE: Final = [["#nav-sidebar"], ["#header-inner"]]
"""What stands around every page; looked at on the first one."""

PLACES: Final = ("index", "password_change", "password_change_done")
"""Pages of Django's own that everybody may see."""


def _pages_by_reader() -> dict[str, list[tuple[str, Any]]]:
    """Letter of the role → (name of the page, the model whose row it shows, None: it shows none)."""
    found: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    for label, (view, add, history) in MODELS.items():
        name, reader = label.lower().replace(".", "_"), (add or view)[0]
        found[reader] += [(f"{name}_changelist", None), (f"{name}_change", label)]
        found[reader] += [(f"{name}_add", None)] if add else []
        if history != "-":
            found[reader if reader in history else history[0]].append((f"{name}_history", label))
    for name, (method, model, allowed) in PAGE_RIGHTS.items():
        if method == "get":
            found[allowed[0]].append((name, model and model._meta.label))
    found["D"] += [(name, None) for name in PLACES]
    return {**found, "R": found["R"]}


PAGES_BY_READER: Final = _pages_by_reader()


def _at_work(world: Everything, letter: str, client: Client) -> list[str]:
    """What a page shows in the middle of the work, beside the row of everything: errors, something to decide."""
    if letter not in "DRS":
        return []
    office = open_office(world.city)
    if letter == "R":
        return [reverse("admin:batch_approval", args=[submitted(office, make_list(office, rows=2, people="나")).pk])]
    if letter == "S":
        return [reverse("admin:reconciliation_receive", args=[world.row(BankLine).pk]) + "?step=whole"]
    faulty = make_list(office, rows=3, bad=1)
    return [
        reverse("admin:batch_result", args=[faulty.pk]),
        reverse("admin:batch_row", args=[faulty.pk]) + "?row=4",
        reverse("admin:batch_mending", args=[faulty.pk]),
        reverse("admin:allowances_programme_add") + f"?type={office.programme.type_id}",
    ]


def _rendered(world: Everything, letter: str) -> dict[str, HttpResponse]:
    """Address → answer of every page that the role is to look at. Files and progress are no pages."""
    client, rows = client_of(world, LETTERS[letter]), rows_of(world, LETTERS[letter])
    addresses = [
        reverse(f"admin:{name}", args=[rows[label].pk] if label else []) for name, label in PAGES_BY_READER[letter]
    ]
    with world.city.scope():
        addresses += _at_work(world, letter, client)
    found = {}
    for address in addresses:
        answer = client.get(address, follow=True)
        assert answer.status_code == 200, address
        if answer["Content-Type"].startswith("text/html") and b"<html" in answer.content:
            shown = answer.request
            found[shown["PATH_INFO"] + (f"?{query}" if (query := shown["QUERY_STRING"]) else "")] = answer
    return found


class _Site(BaseHTTPRequestHandler):
    """Answers with what was rendered, and with the static files, which the browser keeps from page to page."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: Any, pages: dict[str, HttpResponse]) -> None:
        self.pages = pages
        super().__init__(*arguments)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """A page, a file, or nothing."""
        path, answer = self.path.partition("?")[0], self.pages.get(self.path)
        if answer is not None:
            self._send(200, answer.content, dict(answer.items()))
        elif (
            file := _AXE_FILE if path == AXE else path.startswith(_STATIC) and finders.find(path.removeprefix(_STATIC))
        ):
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            self._send(200, Path(str(file)).read_bytes(), {"Content-Type": kind, "Cache-Control": "max-age=3600"})
        else:
            self._send(404, b"", {})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def pages() -> dict[str, HttpResponse]:
    """What the site answers with; the test fills it."""
    return {}


@pytest.fixture
def site(pages: dict[str, HttpResponse], browser: Browser) -> Iterator[Page]:
    """A browser before the rendered pages."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Site, pages=pages))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        context = browser.new_context(
            viewport={"width": 1366, "height": 768}, base_url=f"http://127.0.0.1:{server.server_port}",
            reduced_motion="reduce",
        )  # fmt: skip
        yield context.new_page()
        context.close()
    finally:
        server.shutdown()
        server.server_close()


def broken_rules(page: Page, *, url: str | None = None, around: list[list[str]] | None = None) -> list[str]:
    """Rule, element and what is wrong with it."""
    page.wait_for_load_state("load")
    if url is None:
        page.evaluate(_AXE_FILE.read_text())  # a real server's pages take no script that is not theirs
    else:
        page.add_script_tag(url=url)
    broken: list[str] = page.evaluate(_RUN, [around or [], _RULES])
    return broken


@pytest.mark.parametrize("letter", sorted(PAGES_BY_READER))
def test_every_page_of_a_role_breaks_no_rule(letter: str, site: Page, pages: dict[str, HttpResponse]) -> None:
    pages |= _rendered(make_everything(), letter)
    broken, around = {}, []
    for address in pages:
        site.goto(address)
        broken[address] = broken_rules(site, url=AXE, around=around)
        around = _SAME_EVERYWHERE
    assert {address: rules for address, rules in broken.items() if rules} == {}


def test_the_login_breaks_no_rule(site: Page, pages: dict[str, HttpResponse]) -> None:
    pages["/admin/login/"] = Client().get(reverse("admin:login"))
    site.goto("/admin/login/")
    assert broken_rules(site, url=AXE) == []
