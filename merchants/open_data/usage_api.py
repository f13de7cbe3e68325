"""The public doors of the usage statistics, without login, in the shape and under the names of KOMSCO's APIs.

``page``, ``perPage`` and filters ``cond[field::EQ]``; the answer tells currentCount, matchCount, totalCount and data. What is
suppressed is null, and ``sprs_yn`` says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from merchants.open_data import services
from merchants.open_data.api import CACHE, LARGEST_PAGE, MOST_ROWS, caller_of
from merchants.open_data.models import OpenDataTerms, UsageCell, UsageMonth
from merchants.open_data.rules import spans
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.ledger.services import municipalities

_OF_CELLS: Final = {"par_gend": "sex", "par_ag": "age", "emd_cd": "dong_code"}
_OF_MONTHS: Final = ("crtr_ym", "usage_rgn_cd")
_DEFAULT_ROWS: Final = 10


class Refused(Exception):
    """A request that is not answered: KOMSCO's code and text, and the HTTP status."""

    def __init__(self, code: int, message: str, status: int) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


INVALID: Final = (-4, "등록되지 않았거나 올바르지 않은 요청 변수입니다.", 400)
TOO_MANY: Final = (-10, "요청 횟수가 한도를 넘었습니다.", 429)


@require_safe
def payments(request: HttpRequest) -> HttpResponse:
    """``paymentsV3``: what groups of people paid at the shops of each 읍면동, month by month."""
    return _answered(request, _OF_CELLS, _cells)


@require_safe
def operations(request: HttpRequest) -> HttpResponse:
    """``operationsV2``: cards, members and top-ups, month by month. There is no paper voucher, so its figures are 0."""
    return _answered(request, {}, _operations)


def _answered(request: HttpRequest, fields: Mapping[str, str], read: Any) -> HttpResponse:
    try:
        page, size = _number(request, "page", 1, LARGEST_PAGE), _number(request, "perPage", _DEFAULT_ROWS, MOST_ROWS)
        conditions = _conditions(request, fields)
        with scope(municipalities=municipalities()):
            months = _open_months(request)
            wanted = [month for month in months if _fits(month, conditions)]
            match, data = read(wanted, conditions, page, size)
            total = sum(month.rows for month in months) if fields else len(months)
    except Refused as refused:
        body = orjson.dumps({"code": refused.code, "msg": refused.message})
        return HttpResponse(body, status=refused.status, content_type="application/json; charset=utf-8")
    body = orjson.dumps({
        "page": page, "perPage": size, "totalCount": total, "currentCount": len(data), "matchCount": match, "data": data,
    })  # fmt: skip
    return HttpResponse(body, content_type="application/json; charset=utf-8", headers=CACHE)


def _open_months(request: HttpRequest) -> list[UsageMonth]:
    """The months of every municipality that publishes now: a row for each, however many people paid."""
    at = request.at  # type: ignore[attr-defined]
    in_force = OpenDataTerms.objects.filter(valid_from__lte=business_date(at)).order_by(
        "municipality_id", "-valid_from"
    )
    limits = {
        terms.municipality_id: terms.requests_per_minute
        for terms in in_force.distinct("municipality_id") if terms.is_open
    }  # fmt: skip
    if limits and services.take(address=caller_of(request), at=at) > min(limits.values()):
        raise Refused(*TOO_MANY)
    return list(UsageMonth.objects.filter(municipality__in=limits).order_by("municipality_id", "month"))


def _fits(month: UsageMonth, conditions: Mapping[str, str]) -> bool:
    return (
        conditions.get("crtr_ym", f"{month.month:%Y%m}") == f"{month.month:%Y%m}"
        and conditions.get("usage_rgn_cd", month.municipality_id) == month.municipality_id
    )


def _cells(
    months: Sequence[UsageMonth], conditions: Mapping[str, str], page: int, size: int
) -> tuple[int, list[dict[str, Any]]]:  # fmt: skip
    """How many cells match, and those of the page: by position, or within one month by what they say."""
    own = {column: conditions[name] for name, column in _OF_CELLS.items() if name in conditions}
    of = {month.pk: month for month in months}
    if own:
        if "crtr_ym" not in conditions:  # one month of each municipality is little enough to look through
            raise Refused(*INVALID)
        found = UsageCell.objects.filter(usage__in=of, position__isnull=False, **own).order_by(
            "municipality_id", "position"
        )
        return found.count(), [_told(cell, of[cell.usage_id]) for cell in found[(page - 1) * size : page * size]]
    data = []
    for span in spans([month.rows for month in months], page=page, size=size):
        month = months[span.release]
        block = UsageCell.objects.filter(usage=month, position__range=(span.first, span.last)).order_by("position")
        data += [_told(cell, month) for cell in block]
    return sum(month.rows for month in months), data


def _told(cell: UsageCell, month: UsageMonth) -> dict[str, Any]:
    figures = {
        "stlm_nocs": cell.payments, "stlm_amt": cell.amount, "card_use_amt": cell.card_amount,
        "mbl_user_cnt": cell.mobile_people, "mbl_use_amt": cell.mobile_amount,
    }  # fmt: skip
    return {
        "crtr_ym": f"{month.month:%Y%m}", "usage_rgn_cd": month.municipality_id, "par_gend": cell.sex, "par_ag": cell.age,
        **(dict.fromkeys(figures) if cell.is_hidden else figures),
        "emd_cd": cell.dong_code, "emd_nm": cell.dong_name, "sprs_yn": "Y" if cell.is_hidden else "N",
    }  # fmt: skip


def _operations(
    months: Sequence[UsageMonth], _conditions: Mapping[str, str], page: int, size: int
) -> tuple[int, list[dict[str, Any]]]:  # fmt: skip
    return len(months), [_operation(month) for month in months[(page - 1) * size : page * size]]


def _operation(month: UsageMonth) -> dict[str, Any]:
    figures = {
        "card_pblcn_qty": month.told("cards", "card_people"), "mbl_joiner_cnt": month.told("joiners", "joiners"),
        "mbl_chg_amt": month.told("charged", "charge_people"), "ppr_ntsl_amt": 0, "ppr_rtrvl_amt": 0,
    }  # fmt: skip
    return {
        "crtr_ym": f"{month.month:%Y%m}", "usage_rgn_cd": month.municipality_id, **figures,
        "sprs_yn": "Y" if None in figures.values() else "N",
    }  # fmt: skip


def _conditions(request: HttpRequest, fields: Mapping[str, str]) -> dict[str, str]:
    """Filters that we know; another one is refused, because ignored it would answer with what was not asked for."""
    found: dict[str, str] = {}
    for name, value in request.GET.dict().items():
        if not name.startswith("cond["):
            continue
        field, _separator, operator = name.removeprefix("cond[").removesuffix("]").partition("::")
        if operator != "EQ" or field not in (*_OF_MONTHS, *fields) or (field == "crtr_ym" and not _is_month(value)):
            raise Refused(*INVALID)
        found[field] = value
    return found


def _is_month(value: str) -> bool:
    try:
        return value.isascii() and len(value) == 6 and bool(date(int(value[:4]), int(value[4:]), 1))
    except ValueError:
        return False


def _number(request: HttpRequest, name: str, default: int, most: int) -> int:
    said = request.GET.get(name) or str(default)
    if not (said.isascii() and said.isdecimal() and len(said) < 10 and 1 <= int(said) <= most):
        raise Refused(*INVALID)
    return int(said)
