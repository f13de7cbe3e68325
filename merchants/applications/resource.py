"""What one row of a file says of a shop, through django-import-export: columns, and how each cell is read.

A cell that cannot be read raises ValueError with the reason in Korean; the library gathers them row by row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from import_export import resources, widgets
from import_export.fields import Field

from merchants.applications.rules import LONGEST, in_latin_letters
from merchants.registry.models import Merchant, MerchantCategory, MerchantStatus, RegistrationStandard
from merchants.registry.rules import findings
from vouchers.common.sheets import text_of
from vouchers.municipalities.models import Dong
from vouchers.officials.models import Official
from vouchers.privacy.rules import Unreadable, parse_business_number, parse_phone

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "business_number": ("사업자등록번호", "사업자번호"),
    "name": ("상호", "가맹점명", "상호명", "업체명"),
    "representative": ("대표자", "대표자명", "성명"),
    "category_id": ("업종", "업종명", "업종코드"),
    "address": ("소재지", "주소", "사업장주소", "도로명주소"),
    "name_ascii": ("영문상호",),
    "ksic_code": ("표준산업분류코드", "KSIC", "산업분류코드"),
    "is_chain": ("직영점·체인점", "체인점", "체인점여부"),
    "annual_sales": ("연매출액", "연매출액(원)", "연매출"),
    "lot_address": ("지번주소",),
    "main_products": ("주요상품", "주요품목"),
    "dong_id": ("읍면동", "행정동"),
    "phone": ("전화번호", "연락처"),
    "account_bank": ("정산은행", "은행코드", "정산은행코드"),
    "account_number": ("정산계좌", "계좌번호"),
    "account_holder": ("예금주",),
}
"""Field → the names that its column may have; the first is ours, and stands in the template."""
LABELS: Final = {field: names[0] for field, names in NAMES.items()}
COLUMNS: Final = {name: field for field, names in NAMES.items() for name in names}
REQUIRED: Final = frozenset({"business_number", "name", "representative", "category_id", "address"})
SECRET: Final = frozenset({"account_number", "account_holder", "representative"})
"""What is wrong with these is told without their value."""
BATCH: Final = 1_000
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_YES: Final = frozenset({"Y", "YES", "O", "1", "예", "해당", "TRUE"})
_NO: Final = frozenset({"", "N", "NO", "X", "0", "아니오", "아니요", "해당없음", "FALSE"})


@dataclass(frozen=True, kw_only=True)
class Register:
    """What rows are read against: names that lead to keys, and the standard of the day."""

    municipality: str
    official: Official | None
    categories: Mapping[str, str]
    dongs: Mapping[str, UUID]
    standard: RegistrationStandard | None


def register_of(*, municipality: str, official: Official | None, standard: RegistrationStandard | None) -> Register:
    """The municipality's names as they are now."""
    categories: dict[str, str] = {}
    for category in MerchantCategory.objects.all():
        categories |= {category.code: category.code, category.name: category.code}
    dongs = dict(Dong.objects.filter(municipality=municipality).values_list("name", "pk"))
    return Register(municipality=municipality, official=official, categories=categories, dongs=dongs, standard=standard)


def line(cell: Any, *, most: int, needed: bool = False) -> str:
    """One line of text that no spreadsheet takes for a formula. Raises ValueError."""
    said = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text_of(cell)))
    if needed and not said:
        raise ValueError(_("반드시 적어야 합니다."))
    if len(said) > most:
        raise ValueError(_("%(most)s자를 넘을 수 없습니다.") % {"most": most})
    if said.startswith(_FORMULA):
        raise ValueError(_("수식으로 읽힐 수 있는 글자(=, +, -, @)로 시작할 수 없습니다."))
    if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co"} for char in said):
        raise ValueError(_("보이지 않는 글자가 들어 있습니다. 지우고 다시 적으십시오."))
    return said


def _business_number(cell: Any) -> str:
    return _number(parse_business_number, cell)


def _phone(cell: Any) -> str:
    return _number(parse_phone, cell) if text_of(cell) else ""


def _number(parse: Callable[[str], str], cell: Any) -> str:
    try:
        return parse(text_of(cell))
    except Unreadable as error:
        raise ValueError(str(error)) from error


def _latin(cell: Any) -> str:
    said = line(cell, most=LONGEST)
    if said and not re.fullmatch(r"[\x20-\x7e]+", said):
        raise ValueError(_("영문자, 숫자, 기호로 25자까지 적습니다. 비워 두면 상호에서 만듭니다."))
    return said


def _ksic(cell: Any) -> str:
    said = text_of(cell).upper().lstrip("ABCDEFGHIJKLMNOPQRSTU")
    if said and not re.fullmatch(r"[0-9]{2,5}", said):
        raise ValueError(_("한국표준산업분류의 숫자 2~5자리여야 합니다."))
    return said


def _chain(cell: Any) -> bool:
    said = "1" if cell is True else "0" if cell is False else text_of(cell).upper().replace(" ", "")
    if said not in _YES | _NO:
        raise ValueError(_("예 또는 아니오로 적어야 합니다."))
    return said in _YES


def _won(cell: Any) -> int:
    said = re.sub(r"[,\s원]", "", text_of(cell))
    if not re.fullmatch(r"[0-9]{0,15}", said):
        raise ValueError(_("0 이상의 정수(원)여야 합니다."))
    return int(said or 0)


def _bank(cell: Any) -> str:
    said = text_of(cell)
    if said and not re.fullmatch(r"[0-9]{1,3}", said):
        raise ValueError(_("금융회사 코드 3자리여야 합니다. 예: 004"))
    return said.zfill(3) if said else ""


def _account(cell: Any) -> str | None:
    said = text_of(cell).replace(" ", "")
    if said and not re.fullmatch(r"[0-9-]{8,20}", said):
        raise ValueError(_("계좌번호는 숫자와 붙임표 8~20자여야 합니다."))
    return said or None


READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "business_number": _business_number,
    "name": lambda cell: line(cell, most=60, needed=True),
    "representative": lambda cell: line(cell, most=40, needed=True),
    "address": lambda cell: line(cell, most=200, needed=True),
    "name_ascii": _latin,
    "ksic_code": _ksic,
    "is_chain": _chain,
    "annual_sales": _won,
    "lot_address": lambda cell: line(cell, most=200),
    "main_products": lambda cell: line(cell, most=200),
    "phone": _phone,
    "account_bank": _bank,
    "account_number": _account,
    "account_holder": lambda cell: line(cell, most=60),
}


class Reading(widgets.Widget):
    """Reads a cell by one function."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        super().__init__()
        self._read = read

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        """Raises ValueError with the reason."""
        return self._read(value)


class ApplicationResource(resources.ModelResource):
    """Rows that become applications. Use it once."""

    class Meta:
        model = Merchant
        fields: ClassVar[list[str]] = []
        import_id_fields: ClassVar[list[str]] = []
        force_init_instance = True
        use_bulk = True
        batch_size = BATCH
        skip_diff = True

    def __init__(self, register: Register, codes: Callable[[], str]) -> None:
        super().__init__()
        self._register, self._codes = register, codes
        readers = READERS | {"category_id": self._category, "dong_id": self._dong}
        self.fields = {name: Field(attribute=name, column_name=name, widget=Reading(readers[name])) for name in NAMES}
        self.read: list[tuple[int, Merchant]] = []

    def _category(self, cell: Any) -> str:
        said = text_of(cell)
        if said not in self._register.categories:
            raise ValueError(_("업종 목록에 없는 이름입니다. 서식의 업종 목록에서 골라 적으십시오."))
        return self._register.categories[said]

    def _dong(self, cell: Any) -> UUID | None:
        said = text_of(cell)
        if said and said not in self._register.dongs:
            raise ValueError(_("이 지자체의 읍면동 이름이 아닙니다."))
        return self._register.dongs.get(said)

    def init_instance(self, row: Any = None) -> Merchant:
        """An application: nobody has reviewed it."""
        return Merchant(
            municipality_id=self._register.municipality, status=MerchantStatus.APPLIED, code=self._codes(),
            entered_by=self._register.official,
        )  # fmt: skip

    def validate_instance(
        self, instance: Merchant, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        """What the cells say together, and what the registration standard refuses."""
        wrong = dict(import_validation_errors or {})
        if "name" not in wrong and not instance.name_ascii:
            instance.name_ascii = in_latin_letters(instance.name) or f"SHOP {instance.business_number}"
        account = [instance.account_bank, instance.account_number, instance.account_holder]
        if any(account) and not all(account) and not wrong.keys() & {"account_bank", "account_number"}:
            wrong["account_bank"] = ValidationError(_("정산 은행, 계좌번호, 예금주는 함께 적거나 모두 비워 둡니다."))
        for finding in self.findings(instance):
            if finding.refuses:
                wrong.setdefault(finding.field, ValidationError(str(finding.text)))
        if wrong:
            raise ValidationError(wrong)

    def findings(self, shop: Merchant) -> list[Any]:
        """What the standard says of a row."""
        if self._register.standard is None:
            return []
        return findings(
            standard=self._register.standard, ksic_code=shop.ksic_code, annual_sales=shop.annual_sales,
            is_chain=shop.is_chain,
        )  # fmt: skip

    def before_save_instance(self, instance: Merchant, row: Any, **kwargs: Any) -> None:
        """Remember what was read, with its place in the file."""
        self.read.append((kwargs["row_number"], instance))

    def bulk_create(self, *args: Any, **kwargs: Any) -> None:
        """Inserts nothing: the service does, when every row is right also among the others and against the register."""
        self.create_instances.clear()
