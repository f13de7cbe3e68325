"""Workbooks for whoever writes a list of applications: the empty one, and what is wrong with theirs. Never a formula."""

from __future__ import annotations

import io
from typing import Final

import xlsxwriter
from django.utils.translation import gettext

from merchants.applications.models import ApplicationUpload
from merchants.applications.resource import LABELS, REQUIRED
from merchants.registry.models import MerchantCategory
from vouchers.municipalities.models import Dong

_OPTIONS: Final = {"strings_to_formulas": False, "strings_to_urls": False}
_LAST_ROW: Final = 1_000
_WIDTHS: Final = {"address": 40, "lot_address": 40, "name": 24, "main_products": 24}
_EXAMPLE: Final = {
    "business_number": "124-81-00998", "name": "행복분식", "representative": "김장터", "category_id": "음식점",
    "address": "경기도 고양시 덕양구 고양시청로 10", "name_ascii": "HAENGBOK BUNSIK", "ksic_code": "56194",
    "is_chain": "아니오", "annual_sales": "120000000", "phone": "031-123-4567", "main_products": "김밥+떡볶이",
    "account_bank": "004", "account_number": "123456-78-901234", "account_holder": "김장터",
}  # fmt: skip


def template(*, municipality: str) -> io.BytesIO:
    """An empty list with one example on its second sheet, and the municipality's own names to choose from."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, _OPTIONS) as book:
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        sheet, names, example = (book.add_worksheet(name) for name in ("신청", "목록", "작성 예"))
        for at, (field, label) in enumerate(LABELS.items()):
            title = f"{label}*" if field in REQUIRED else label
            sheet.set_column(at, at, _WIDTHS.get(field, 16), text)
            sheet.write(0, at, title, bold)
            example.write(0, at, title, bold)
            example.write(1, at, _EXAMPLE.get(field, ""))
            example.set_column(at, at, _WIDTHS.get(field, 16))
        sheet.freeze_panes(1, 0)
        for column, (field, said) in enumerate(_lists(municipality).items()):
            names.write_column(0, column, [LABELS[field], *said])
            if said:
                letter, at = "AB"[column], list(LABELS).index(field)
                source = f"=목록!${letter}$2:${letter}${len(said) + 1}"
                sheet.data_validation(1, at, _LAST_ROW, at, {"validate": "list", "source": source})
        names.set_column(0, 1, 24)
    file.seek(0)
    return file


def _lists(municipality: str) -> dict[str, list[str]]:
    return {
        "category_id": list(MerchantCategory.objects.order_by("code").values_list("name", flat=True)),
        "dong_id": list(Dong.objects.filter(municipality=municipality).order_by("code").values_list("name", flat=True)),
    }


def problems(upload: ApplicationUpload) -> io.BytesIO:
    """Each thing to mend or to look at, by the row that Excel shows."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, _OPTIONS) as book:
        sheet = book.add_worksheet()
        sheet.set_column(0, 4, 24)
        sheet.freeze_panes(1, 0)
        header = [gettext("엑셀 행"), gettext("열"), gettext("값"), gettext("사유"), gettext("처리")]
        sheet.write_row(0, 0, header, book.add_format({"bold": True}))
        for number, told in enumerate(upload.problems, start=1):
            done = gettext("고쳐야 함") if told["blocks"] else gettext("확인")
            sheet.write_row(number, 0, [told["row"], told["column"], told["value"], told["reason"], done])
    file.seek(0)
    return file
