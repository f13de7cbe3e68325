"""The getting-started page: every line on it is run by bash, with curl and openssl, against a real server."""

from __future__ import annotations

import html
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests import factories
from tests.api.conftest import Market, make_market
from tests.api.test_over_http import Server, left_in
from tests.factories import AT
from vouchers.partners import selectors
from vouchers.partners.services import issue_key

BLOCK = re.compile(r'<pre data-run="(\w+)"((?: data-\w+="[^"]*")*)><code>(.*?)</code></pre>', re.DOTALL)
SETTING_UP = ("sign", "keypair", "ed25519")


@dataclass(frozen=True)
class Block:
    """Lines of the page, and what the page says that they are answered with."""

    name: str
    lines: str
    status: str
    header: str


def blocks(address: str, language: str) -> list[Block]:
    connection = HTTPConnection(address.removeprefix("http://"), timeout=30)
    connection.request("GET", f"/api/start/?lang={language}", headers={"Accept": "text/html"})
    page = connection.getresponse().read().decode()
    connection.close()
    assert f'<html lang="{language}">' in page
    return [
        Block(
            name, html.unescape(lines), *(html.unescape("".join(re.findall(f'data-{said}="([^"]*)"', attributes)))
                                          for said in ("status", "header")),
        ) for name, attributes, lines in BLOCK.findall(page)
    ]  # fmt: skip


@pytest.fixture
def server(committed_db: str) -> Iterator[Server]:
    started = Server("--no-worker")
    yield started
    assert started.stop() == 0


@pytest.fixture
def market(server: Server) -> Market:
    return make_market("41280", "고양시", money=100_000)


def run(found: list[Block], folder: Path, **environment: str) -> dict[str, str]:
    """What bash printed for each block, all of them in one shell."""
    script = "set -euo pipefail\n" + "".join(f"printf '\\n<<{block.name}>>\\n'\n{block.lines}\n" for block in found)
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env={"PATH": "/usr/local/bin:/usr/bin:/bin"} | environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    printed = re.split(r"\n<<(\w+)>>\n", done.stdout)
    return dict(zip(printed[1::2], printed[2::2], strict=True))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_runs_from_top_to_bottom(server: Server, market: Market, tmp_path: Path, language):
    address = f"http://127.0.0.1:{server.port}"
    found = blocks(address, language)
    assert [block.name for block in found] == [
        "read", "sign", "pay", "again", "lost", "cancel", "refused", "keypair", "ed25519",
    ]  # fmt: skip
    assert all(block.status for block in found if block.name not in SETTING_UP)
    secret = selectors.credential(key_id=market.token.partition(".")[0]).signing_key.decode()
    world = {"JANGTEO_URL": address, "JANGTEO_WALLET": str(market.wallet), "JANGTEO_QR": market.qr}
    printed = run(found, tmp_path, JANGTEO_TOKEN=market.token, JANGTEO_SECRET=secret, **world)
    for block in found:
        if block.status:
            head, _, body = printed[block.name].replace("\r\n", "\n").partition("\n\n")
            assert head.startswith(f"HTTP/1.1 {block.status} "), printed[block.name]
            assert block.header.lower() in head.lower()
            assert body
    assert '"payments":[]' in printed["read"]
    assert '"refund_exceeds_payment"' in printed["refused"]
    assert left_in(market) == 100_000 - 600

    public = printed["keypair"].strip()
    with market.city.scope():
        issued = issue_key(partner=factories.make_partner(market.city), at=AT, public_key=public)
    pair = [block for name in ("sign", "ed25519", "pay", "again") for block in found if block.name == name]
    printed = run(pair, tmp_path, JANGTEO_TOKEN=issued.token, JANGTEO_SECRET="", **world)
    assert printed["pay"].startswith("HTTP/1.1 201 ")
    assert "idempotency-replayed: true" in printed["again"].lower()
    assert left_in(market) == 100_000 - 600 - 1_000


def test_nothing_on_the_page_is_korean_in_english_or_comes_from_elsewhere(market: Market):
    page = market.client.get("/api/start/", headers={"accept-language": "en"})
    assert not re.search("[가-힣]", page.text.replace("한국어", ""))
    assert "style-src 'self'" in page["Content-Security-Policy"]
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert all(address.startswith(("/", "?")) and not address.startswith("//") for address in addresses)
    assert market.client.get("/api/start/?lang=xx").status_code == 200
    assert market.client.post("/api/start/").status_code == 405
