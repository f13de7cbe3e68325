"""The public doors, without login: the API of data.go.kr under its own names, and the whole list as a CSV file.

Requests cost a few rows of a key, whatever is asked for: filters choose whole releases, and pages are ranges of positions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any, Final
from urllib.parse import quote
from xml.etree import ElementTree as ET

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from merchants.open_data import services
from merchants.open_data.models import ShopRelease
from merchants.open_data.rules import COLUMNS, ENCODING, csv_line, writable
from merchants.open_data.selectors import Asked, Published, blocks_of, page_of, published
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.ledger.services import municipalities

DEFAULT_ROWS: Final = 10
MOST_ROWS: Final = 1_000
LARGEST_PAGE: Final = 1_000_000
CACHE: Final = {"Cache-Control": "public, max-age=600", "Access-Control-Allow-Origin": "*"}
_CSV_NAME: Final = "전국지역화폐가맹점표준데이터"

NORMAL, INVALID, NO_DATA, TOO_MANY = (
    ("00", "NORMAL_SERVICE"), ("10", "INVALID_REQUEST_PARAMETER_ERROR"), ("03", "NODATA_ERROR"),
    ("22", "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR"),
)  # fmt: skip
"""Result codes of data.go.kr."""


class Refused(Exception):
    """A request that is answered without data: ``result`` is the portal's code and text."""

    def __init__(self, result: tuple[str, str], *, status: int) -> None:
        super().__init__(result)
        self.result, self.status = result, status


Answering = Callable[[HttpRequest], HttpResponseBase]


def _refusals_in_the_envelope(view: Answering) -> Answering:
    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponseBase:
        try:
            return view(request)
        except Refused as refused:
            kind = "json" if request.GET.get("type") == "json" else "xml"
            response = _envelope(kind, refused.result, None, status=refused.status)
            if refused.status == 429:
                response["Retry-After"] = str(60 - request.at.second)  # type: ignore[attr-defined]
            return response

    return answer


@require_safe
@_refusals_in_the_envelope
def shops(request: HttpRequest) -> HttpResponseBase:
    """``tn_pubr_public_local_bill_api``: a page of the shops asked for, as XML or JSON."""
    page, size = _number(request, "pageNo", 1, LARGEST_PAGE), _number(request, "numOfRows", DEFAULT_ROWS, MOST_ROWS)
    kind = request.GET.get("type", "xml")
    if kind not in ("xml", "json"):
        raise Refused(INVALID, status=400)
    with scope(municipalities=municipalities()):
        found = _admitted(request)
        rows = page_of(found.releases, page=page, size=size)
    body = {"items": rows, "totalCount": found.rows, "numOfRows": size, "pageNo": page}
    return _envelope(kind, NORMAL if rows else NO_DATA, body)


@require_safe
@_refusals_in_the_envelope
def file(request: HttpRequest) -> HttpResponseBase:
    """All shops asked for as CSV, in CP949 or with ``encoding=utf-8``; ``header=name`` titles the columns by their names
    in the table. ``X-Altered-Rows``: how many rows hold something that CP949 cannot write."""
    encoding, header = request.GET.get("encoding", ENCODING).lower(), request.GET.get("header", "title")
    if encoding not in (ENCODING, "utf-8") or header not in ("title", "name"):
        raise Refused(INVALID, status=400)
    with scope(municipalities=municipalities()):
        found = _admitted(request)
    lines = _lines(found.releases, header=header, encoding=encoding)
    day = max((release.reference_day for release in found.releases), default=business_date(request.at))  # type: ignore[attr-defined]
    response = StreamingHttpResponse(lines, content_type=f"text/csv; charset={encoding}; header=present")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(f'{_CSV_NAME}_{day:%Y%m%d}.csv')}"
    altered = sum(release.altered_rows for release in found.releases) if encoding == ENCODING else 0
    for name, value in (CACHE | {"X-Altered-Rows": str(altered)}).items():
        response[name] = value
    return response


def _lines(releases: Sequence[ShopRelease], *, header: str, encoding: str) -> Iterator[bytes]:
    """Block by block. UTF-8 begins with the mark by which Excel knows it."""
    if encoding != ENCODING:
        yield b"\xef\xbb\xbf"
    yield csv_line([getattr(column, header) for column in COLUMNS]).encode(encoding)
    for release in releases:
        for block in blocks_of(release):
            if encoding == ENCODING:  # before signs are guarded: what looks like a minus becomes one
                block = [tuple(map(writable, values)) for values in block]
            yield "".join(map(csv_line, block)).encode(encoding)


def _admitted(request: HttpRequest) -> Published:
    """What is open, when the address has not asked too often."""
    at = request.at  # type: ignore[attr-defined]
    asked = Asked(
        province=request.GET.get("CTPV_NM", ""), city=request.GET.get("SGG_NM", ""),
        currency=request.GET.get("LOCAL_BILL", ""),
        institution=request.GET.get("instt_code", request.GET.get("INSTT_CODE", "")),
    )  # fmt: skip
    found = published(day=business_date(at), asked=asked)
    if (
        found.requests_per_minute is not None
        and services.take(address=caller_of(request), at=at) > found.requests_per_minute
    ):
        raise Refused(TOO_MANY, status=429)
    return found


def caller_of(request: HttpRequest) -> bytes:
    """Whoever asks, told apart by a keyed hash of the address; of an IPv6 address by the network that one customer gets."""
    address = request.META.get("REMOTE_ADDR") or ""
    if ":" in address:
        address = ":".join(address.split("%")[0].split(":")[:4])
    return hashlib.blake2b(address.encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=16).digest()


def _number(request: HttpRequest, name: str, default: int, most: int) -> int:
    said = request.GET.get(name) or str(default)
    if not (said.isascii() and said.isdecimal() and len(said) < 10 and 1 <= int(said) <= most):
        raise Refused(INVALID, status=400)
    return int(said)


def _envelope(
    kind: str, result: tuple[str, str], body: Mapping[str, Any] | None, *, status: int = 200
) -> HttpResponse:  # fmt: skip
    written = _json(result, body) if kind == "json" else _xml(result, body)
    headers = CACHE if status == 200 else {"Cache-Control": "no-store"}
    return HttpResponse(written, status=status, content_type=f"application/{kind}; charset=utf-8", headers=headers)


def _json(result: tuple[str, str], body: Mapping[str, Any] | None) -> bytes:
    keys = [column.key for column in COLUMNS]
    response: dict[str, Any] = {"header": {"resultCode": result[0], "resultMsg": result[1], "type": "json"}}
    if body is not None:
        response["body"] = {**body, "items": [dict(zip(keys, row, strict=True)) for row in body["items"]]}
    return orjson.dumps({"response": response})


def _xml(result: tuple[str, str], body: Mapping[str, Any] | None) -> bytes:
    response = ET.Element("response")
    header = ET.SubElement(response, "header")
    ET.SubElement(header, "resultCode").text, ET.SubElement(header, "resultMsg").text = result
    if body is not None:
        told = ET.SubElement(response, "body")
        items = ET.SubElement(told, "items")
        for row in body["items"]:
            item = ET.SubElement(items, "item")
            for column, value in zip(COLUMNS, row, strict=True):
                ET.SubElement(item, column.key).text = value
        for name in ("numOfRows", "pageNo", "totalCount"):
            ET.SubElement(told, name).text = str(body[name])
    return ET.tostring(response, encoding="UTF-8", xml_declaration=True, short_empty_elements=False)
