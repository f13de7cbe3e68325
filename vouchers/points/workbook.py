"""Workbooks for officials: what caps took off, and what is wrong with a partner's file. Text stays text, never a formula."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

import xlsxwriter
from django.utils.translation import gettext

from vouchers.common.seoul import SEOUL
from vouchers.points import selectors, uploads
from vouchers.points.models import ActivityUpload, PointRun

MOST_ROWS: Final = 1_000_000
"""Excel has room for 1,048,576, the header among them."""
_OPTIONS: Final = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
_WIDTH: Final = 24


def cuts(run: PointRun) -> io.BytesIO:
    """Every activity from which caps took points off, by the number that its partner gave it: nobody is named."""
    header = [
        gettext("한도"), gettext("활동"), gettext("활동일시"), gettext("실적 제공 기관"), gettext("기관의 실적번호"),
        gettext("줄어든 포인트"),
    ]  # fmt: skip
    found = run.cuts.select_related("activity__kind", "activity__partner").order_by("cap", "-points", "activity_id")
    return _workbook(header, (
        [
            str(cut.get_cap_display()), cut.activity.kind.name,
            f"{cut.activity.occurred_at.astimezone(SEOUL):%Y-%m-%d %H:%M}", cut.activity.partner.name,
            cut.activity.external_id, cut.points,
        ]
        for cut in found[:MOST_ROWS].iterator(chunk_size=selectors.STREAMED)
    ))  # fmt: skip


def problems(upload: ActivityUpload) -> io.BytesIO:
    """Each cell of a partner's file that cannot be read, and each row that does not count, with the reason."""
    header = [gettext("엑셀 행"), gettext("열"), gettext("값"), gettext("사유"), gettext("처리")]
    return _workbook(header, (
        [
            row["row"], row["column"], row["value"], uploads.reason_of(row),
            gettext("고쳐야 함") if row["blocks"] else gettext("반려"),
        ]
        for row in upload.problems
    ))  # fmt: skip


def _workbook(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> io.BytesIO:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, _OPTIONS) as book:
        sheet = book.add_worksheet()
        sheet.set_column(0, len(header) - 1, _WIDTH)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, header, book.add_format({"bold": True}))
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, row)
    file.seek(0)
    return file
