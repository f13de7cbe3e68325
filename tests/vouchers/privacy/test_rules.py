from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vouchers.privacy import rules


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("", ""),
        ("김", "김*"),
        ("김용", "김*"),
        ("김철용", "김*용"),
        (" 김철용 ", "김*용"),
        ("김빛나라", "김**라"),
        ("남궁민수", "남궁**"),
        ("남궁민", "남궁*"),
        ("제갈공명", "제갈**"),
        ("NGUYEN VAN A", "NGUY** *** *"),
        ("KIM", "K**"),
        ("A", "*"),
        ("김*용", "김*용"),
    ],
)
def test_mask_name(name, masked):
    assert rules.mask_name(name) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("711231-1234567", "711231-*******"),
        ("7112311234567", "711231-*******"),
        ("711231-1******", "***"),
        ("711231", "***"),
        ("", ""),
    ],
)
def test_mask_resident_number(number, masked):
    assert rules.mask_resident_number(number) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("010-1234-5678", "010-****-5678"),
        ("01012345678", "010-****-5678"),
        ("1012345678", "010-****-5678"),
        ("011-123-4567", "011-***-4567"),
        ("02-123-4567", "02-***-4567"),
        ("031-1234-5678", "031-****-5678"),
        ("1588-1234", "1588-****"),
        ("구내 1234", "***"),
        (" ", ""),
    ],
)
def test_mask_phone(number, masked):
    assert rules.mask_phone(number) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("110-123-456789", "***-***-**6789"),
        ("3333012345678", "*********5678"),
        ("1234567", "***"),
        ("", ""),
    ],
)
def test_mask_account(number, masked):
    assert rules.mask_account(number) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("hong.gildong@example.com", "ho***@example.com"),
        ("abc@example.com", "a***@example.com"),
        ("a@example.com", "***@example.com"),
        ("a@b@example.com", "a***@example.com"),
        ("@example.com", "***"),
        ("hong", "***"),
        ("", ""),
    ],
)
def test_mask_email(address, masked):
    assert rules.mask_email(address) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("경기도 고양시 일산동구 마두동 123-4 101동 202호", "경기도 고양시 일산동구 마두동 ***"),
        ("경기 고양시 일산동구 중앙로 1234, 101동 202호 (마두동)", "경기 고양시 일산동구 중앙로 ***"),
        ("서울 종로구 종로1가 1", "서울 종로구 종로1가 ***"),
        ("경기도 양평군 양평읍 양근로123번길 5", "경기도 양평군 양평읍 양근로123번길 ***"),
        ("경기도 파주시 문산읍 선유리 산 12-3", "경기도 파주시 문산읍 선유리 ***"),
        ("경기도 고양시 마두1동", "경기도 고양시 마두1동"),
        ("강촌마을 203동 1204호", "***"),
        ("", ""),
    ],
)
def test_mask_address(address, masked):
    assert rules.mask_address(address) == masked


def test_mask_birth_date():
    assert rules.mask_birth_date(date(1985, 1, 2)) == "1985-**-**"
    assert rules.mask_birth_date(None) == ""


@given(st.text(max_size=40))
def test_masks_never_raise_and_never_show_a_whole_number(text):
    masks = (rules.mask_name, rules.mask_resident_number, rules.mask_phone, rules.mask_account, rules.mask_email)
    for mask in masks:
        masked = mask(text)
        assert masked == "" or "*" in masked
    rules.mask_address(text)


def resident_number(digits: str, *, foreigner: bool = False) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(digits, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True))
    return digits + str(((13 if foreigner else 11) - total % 11) % 10)


@pytest.mark.parametrize(
    ("first_twelve", "birth_date", "sex", "foreigner"),
    [
        ("850101123456", date(1985, 1, 1), "M", False),
        ("850101223456", date(1985, 1, 1), "F", False),
        ("000229312345", date(2000, 2, 29), "M", False),
        ("241231412345", date(2024, 12, 31), "F", False),
        ("991231912345", date(1899, 12, 31), "M", False),
        ("991231012345", date(1899, 12, 31), "F", False),
        ("880515512345", date(1988, 5, 15), "M", True),
        ("880515612345", date(1988, 5, 15), "F", True),
        ("050515712345", date(2005, 5, 15), "M", True),
        ("050515812345", date(2005, 5, 15), "F", True),
    ],
)
def test_parse_resident_number(first_twelve, birth_date, sex, foreigner):
    digits = resident_number(first_twelve, foreigner=foreigner)
    number = rules.parse_resident_number(f" {digits[:6]}–{digits[6:]} ")
    assert (number.digits, number.birth_date, number.sex, number.foreigner) == (digits, birth_date, sex, foreigner)
    assert number.check_fits
    assert digits not in repr(number)
    assert str(number) == f"{digits[:6]}-*******"


def test_a_wrong_check_digit_is_only_told():
    """Since 2020-10-05 the last six digits are random."""
    right = resident_number("850101123456")
    wrong = right[:12] + str((int(right[12]) + 1) % 10)
    assert rules.parse_resident_number(wrong).check_fits is False


@pytest.mark.parametrize(
    "text", ["", "850101", "850101-123456", "851301-1234567", "850230-1234567", "850101-1******", "8501O1-1234567"]
)
def test_unreadable_resident_numbers(text):
    with pytest.raises(rules.ResidentNumberUnreadable) as caught:
        rules.parse_resident_number(text)
    assert caught.value.code == "resident_number_unreadable"
    assert not text or text not in str(caught.value)


def test_full_width_digits_are_read():
    assert rules.parse_business_number("１２４－８１－００９９８") == "1248100998"


@pytest.mark.parametrize("text", ["124-81-00998", "1248100998", "124.81.00998", " 124 81 00998 "])
def test_parse_business_number(text):
    assert rules.format_business_number(rules.parse_business_number(text)) == "124-81-00998"


@pytest.mark.parametrize("text", ["", "124-81-00997", "142-81-00998", "124-81-0099", "124-81-009980", "abc-81-00998"])
def test_invalid_business_numbers(text):
    with pytest.raises(rules.BusinessNumberInvalid):
        rules.parse_business_number(text)


@given(st.from_regex(r"[0-9]{9}", fullmatch=True))
def test_exactly_one_check_digit_fits_each_business_number(first_nine):
    fitting = [digit for digit in "0123456789" if business_number_fits(first_nine + digit)]
    assert len(fitting) == 1


def business_number_fits(digits: str) -> bool:
    try:
        return bool(rules.parse_business_number(digits))
    except rules.BusinessNumberInvalid:
        return False


def test_corporate_number():
    digits = rules.parse_corporate_number("130111-0006246")
    assert rules.format_corporate_number(digits) == "130111-0006246"
    assert rules.corporate_check_fits(digits)
    assert not rules.corporate_check_fits("1301110006247")
    with pytest.raises(rules.CorporateNumberUnreadable):
        rules.parse_corporate_number("130111-000624")


@pytest.mark.parametrize(
    ("text", "formatted"),
    [
        ("010-1234-5678", "010-1234-5678"),
        ("010 1234 5678", "010-1234-5678"),
        ("1012345678", "010-1234-5678"),
        ("+82 10-1234-5678", "010-1234-5678"),
        ("+82 010-1234-5678", "010-1234-5678"),
        ("0161234567", "016-123-4567"),
        ("(02)123-4567", "02-123-4567"),
        ("02-1234-5678", "02-1234-5678"),
        ("313331234", "031-333-1234"),
        ("070-1234-5678", "070-1234-5678"),
        ("0505-123-4567", "0505-123-4567"),
        ("1588-1234", "1588-1234"),
        ("０１０－１２３４－５６７８", "010-1234-5678"),
    ],
)
def test_phone(text, formatted):
    assert rules.format_phone(rules.parse_phone(text)) == formatted


@pytest.mark.parametrize("text", ["", "0", "010-1234-567", "010-1234-56789", "030-123-4567", "없음", "010-1234-5678/1"])
def test_unreadable_phones(text):
    with pytest.raises(rules.PhoneUnreadable):
        rules.parse_phone(text)


def test_digits_of_no_known_form_are_not_formatted():
    assert rules.format_phone("123") == "123"
