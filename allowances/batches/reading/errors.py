"""Why a whole file is refused. Row numbers are those that Excel shows."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from allowances.batches.reading.fields import label_of
from vouchers.common.errors import DomainError


class ListUnreadable(DomainError):
    """The file cannot be taken as a recipient list; no row of it counts.

    ``params`` are plain JSON values: code and params can be stored, and the error made again in any language.
    """

    code = "list_unreadable"
    status = 422
    message = _("명단 파일을 읽을 수 없습니다.")


class FileEmpty(ListUnreadable):
    """No bytes, or nothing but blanks."""

    code = "file_empty"
    message = _("파일에 내용이 없습니다. 저장된 파일을 열어 내용을 확인한 뒤 다시 올리십시오.")


class ListTooLarge(ListUnreadable):
    """More bytes than the limit passed in."""

    code = "list_too_large"
    status = 413
    message = _("파일이 너무 큽니다. %(limit_mb)s MB 이하로 나누어 올리십시오.")


class FormatUnsupported(ListUnreadable):
    """The first bytes are those of a format that holds no table we read, whatever the file is called."""

    code = "format_unsupported"
    status = 415
    message = _(
        "%(kind)s 파일은 명단으로 읽을 수 없습니다. 원본을 엑셀에서 열어 "
        "‘다른 이름으로 저장 > Excel 통합 문서(.xlsx)’로 저장한 파일을 올리십시오."
    )


class HwpFile(ListUnreadable):
    """A document of the Hangul word processor."""

    code = "hwp_file"
    status = 415
    message = _(
        "한글(HWP) 문서는 명단으로 읽을 수 없습니다. 한글에서 표 전체를 복사해 엑셀에 붙여 넣고 "
        "‘Excel 통합 문서(.xlsx)’로 저장한 파일을 올리십시오."
    )


class PdfFile(ListUnreadable):
    """A PDF, also one that was given another name."""

    code = "pdf_file"
    status = 415
    message = _(
        "PDF 파일은 명단으로 읽을 수 없습니다. PDF로 만들기 전의 엑셀 원본을 찾아 그대로 올리십시오. "
        "원본이 없으면 보낸 부서에 엑셀 파일을 요청하십시오."
    )


class ArchiveFile(ListUnreadable):
    """A ZIP, 7Z, RAR or GZIP that is no workbook."""

    code = "archive_file"
    status = 415
    message = _("압축 파일(%(kind)s)은 읽지 않습니다. 압축을 풀고 그 안의 명단 파일을 올리십시오.")


class PasswordProtected(ListUnreadable):
    """The workbook opens only with a password."""

    code = "password_protected"
    message = _(
        "암호가 걸린 엑셀 파일입니다. 엑셀에서 열어 ‘파일 > 정보 > 통합 문서 보호 > 암호 설정’의 암호를 지우고 저장한 뒤 올리십시오. "
        "올린 파일은 암호화하여 보관합니다."
    )


class WorkbookDamaged(ListUnreadable):
    """The workbook breaks off or contradicts itself."""

    code = "workbook_damaged"
    message = _(
        "엑셀 파일이 손상되었거나 끝까지 받아지지 않았습니다. 엑셀에서 열어 보고, 열리면 ‘다른 이름으로 저장 > Excel 통합 문서(.xlsx)’로 "
        "저장해 올리십시오. 열리지 않으면 원본을 다시 받으십시오."
    )


class WorkbookTooLarge(ListUnreadable):
    """Unpacked, the workbook would be larger than the limit: a bomb, or millions of formatted cells."""

    code = "workbook_too_large"
    status = 413
    message = _(
        "압축을 풀면 너무 큰 엑셀 파일입니다. 명단만 새 시트에 복사해 새 파일로 저장하거나 "
        "‘CSV UTF-8(쉼표로 분리)’로 저장해 올리십시오."
    )


class TooManyMerges(ListUnreadable):
    """More merged regions than the limit."""

    code = "too_many_merges"
    message = _("병합된 칸이 %(limit)s개를 넘습니다. 엑셀에서 전체를 선택해 ‘셀 분할’한 뒤 다시 올리십시오.")


class NoTable(ListUnreadable):
    """A web page without a table, or a workbook without a sheet of cells."""

    code = "no_table"
    message = _("파일 안에 표가 없습니다. 명단이 들어 있는 시트나 표가 있는지 확인한 뒤 다시 올리십시오.")


class SheetMissing(ListUnreadable):
    """The sheet that was asked for is not in the workbook."""

    code = "sheet_missing"
    message = _("‘%(sheet)s’ 시트가 파일에 없습니다. 시트를 다시 고르십시오.")


class ContainsNul(ListUnreadable):
    """A NUL byte: a binary file, a damaged one, or UTF-16 without its mark."""

    code = "contains_nul"
    message = _(
        "%(row_number)s행에 글자가 아닌 값이 있습니다. 파일이 손상되었으니 엑셀에서 CSV UTF-8로 다시 저장하십시오."
    )


class Undecodable(ListUnreadable):
    """Bytes that the file's own encoding does not know."""

    code = "undecodable"
    message = _(
        "%(row_number)s행에 %(encoding)s 방식으로 읽을 수 없는 글자가 있습니다. "
        "엑셀에서 파일을 열어 그 행을 확인하고 CSV UTF-8로 다시 저장하십시오."
    )


class QuotesBroken(ListUnreadable):
    """A quotation mark opens a cell and is not closed, or text follows the closing one: rows would be swallowed."""

    code = "quotes_broken"
    message = _(
        '%(row_number)s행의 큰따옴표(")가 짝이 맞지 않아 그 뒤의 행을 나눌 수 없습니다. 큰따옴표를 지우고 다시 올리십시오.'
    )


class RowTooLarge(ListUnreadable):
    """One row is longer than the limit; most often a quotation mark that never closes."""

    code = "row_too_large"
    message = _(
        '%(row_number)s행이 %(limit_kb)s KB보다 깁니다. 닫히지 않은 큰따옴표(")나 잘못 붙여 넣은 내용이 없는지 확인하십시오.'
    )


class TooManyColumns(ListUnreadable):
    """A row has more cells than the limit."""

    code = "too_many_columns"
    message = _("%(row_number)s행의 열이 %(limit)s개를 넘습니다. 명단에 필요한 열만 남기고 다시 올리십시오.")


class HeaderNotFound(ListUnreadable):
    """None of the first rows names at least two known columns. ``seen`` is the row that came nearest."""

    code = "header_not_found"
    message = _(
        "처음 %(rows)s행 안에서 제목 행(성명, 생년월일, 휴대전화, 지급액 등)을 찾지 못했습니다. 읽은 내용: %(seen)s"
    )


class ColumnMissing(ListUnreadable):
    """The header lacks columns that the programme needs. ``fields`` are brackets of which one is enough."""

    code = "column_missing"
    message = _("%(row_number)s행의 제목에 %(columns)s 열이 없습니다. 찾은 열: %(found)s")

    def __str__(self) -> str:
        needed = [_either(bracket) for bracket in self.params["fields"]]
        return str(self.message) % {
            **self.params,
            "columns": ", ".join(needed),
            "found": ", ".join(self.params["found"]) or "-",
        }


class ColumnAmbiguous(ListUnreadable):
    """Two columns claim to be the same; taking either could pay the wrong person or amount."""

    code = "column_ambiguous"
    message = _("%(column)s 열이 둘 이상입니다(%(found)s). 하나만 남기거나 제목을 다르게 고치십시오.")

    def __str__(self) -> str:
        label = label_of(self.params["field"])
        return str(self.message) % {"column": label, "found": ", ".join(self.params["found"])}


class UnitAmbiguous(ListUnreadable):
    """The rows above the list name two units of money."""

    code = "unit_ambiguous"
    message = _("금액 단위가 서로 다르게 적혀 있습니다(%(found)s). 하나만 남기십시오.")

    def __str__(self) -> str:
        return str(self.message) % {"found": ", ".join(self.params["found"])}


class NoRows(ListUnreadable):
    """A header and nobody under it."""

    code = "no_rows"
    message = _("제목 행 아래에 지급 대상자가 한 명도 없습니다.")


def _either(bracket: list[str] | tuple[str, ...]) -> str:
    return "/".join(map(label_of, bracket))
