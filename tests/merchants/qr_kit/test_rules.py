import dataclasses
import string

import cemacqr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merchants.qr_kit import rules
from merchants.qr_kit.rules import StaticQR

KEYS = {1: b"first key".ljust(32, b"."), 2: b"second key".ljust(32, b".")}
SHOP = StaticQR(
    municipality="41280",
    merchant_code="M000012345",
    terminal="T0001",
    name="HANBIT SIKDANG",
    city="GOYANG-SI",
    category="5812",
)
PAYLOAD = (
    "000201010211"
    "26560013KR.GO.JANGTEO0110M000012345021202LJPGF7R72N030541280"
    "520458125303410"
    "5802KR5914HANBIT SIKDANG6009GOYANG-SI"
    "62090705T00016304019F"
)

codes = st.text(string.ascii_uppercase + string.digits + "-", min_size=1, max_size=25)
texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1)
static_qrs = st.builds(
    StaticQR,
    municipality=st.from_regex(r"[0-9]{5}", fullmatch=True),
    merchant_code=codes,
    terminal=codes,
    name=texts.map(lambda text: text[:25]),
    city=texts.map(lambda text: text[:15]),
    category=st.from_regex(r"[0-9]{4}", fullmatch=True),
    amount=st.none() | st.integers(1, 10**13 - 1),
)


def test_a_worked_example():
    """Pinned: codes that hang in shops must stay readable for ever."""
    assert rules.encode(SHOP, keys=KEYS) == PAYLOAD
    assert rules.decode(PAYLOAD, keys=KEYS) == SHOP


@given(static_qrs)
def test_what_is_encoded_decodes_to_the_same(qr):
    assert rules.decode(rules.encode(qr, keys=KEYS), keys=KEYS) == qr


@given(static_qrs)
def test_an_outside_reader_finds_it_valid(qr):
    payload = cemacqr.parse_payload(rules.encode(qr, keys=KEYS))
    report = cemacqr.validate(payload, cemacqr.EMVCO)
    assert report.ok, str(report)
    assert payload.merchant_name == qr.name


def test_an_outside_reader_finds_a_changed_amount():
    payload = rules.encode(dataclasses.replace(SHOP, amount=15_000), keys=KEYS)
    changed = payload.replace("540515000", "540595000")
    assert changed != payload
    assert not cemacqr.validate(cemacqr.parse_payload(changed), cemacqr.EMVCO).ok


@given(st.data())
def test_no_single_changed_character_is_accepted(data):
    place = data.draw(st.integers(0, len(PAYLOAD) - 1))
    character = data.draw(st.characters(min_codepoint=0x20, max_codepoint=0x7E).filter(lambda c: c != PAYLOAD[place]))
    with pytest.raises(rules.QRError):
        rules.decode(PAYLOAD[:place] + character + PAYLOAD[place + 1 :], keys=KEYS)


@given(st.text(max_size=600))
def test_any_other_text_is_refused_with_a_code(text):
    with pytest.raises(rules.QRError):
        rules.decode(text, keys=KEYS)
    with pytest.raises(rules.QRError):
        rules.decode(sealed("000201" + text), keys=KEYS)


def sealed(text: str) -> str:
    """With the checksum that anybody can compute."""
    text += "6304"
    return text + cemacqr.crc16_hex(text.encode())


def rewritten(old: str, new: str) -> str:
    assert old in PAYLOAD
    return sealed(PAYLOAD[:-8].replace(old, new))


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ("", rules.QRSchemeUnknown),
        ("https://example.com/pay", rules.QRSchemeUnknown),
        ("3-12345678901234567890", rules.QRSchemeUnknown),
        (rewritten("KR.GO.JANGTEO", "KR.GO.ANOTHER"), rules.QRSchemeUnknown),
        (rewritten("2656", "2756"), rules.QRSchemeUnknown),
        (PAYLOAD[:-4] + "0000", rules.QRChecksumWrong),
        (PAYLOAD.replace("M000012345", "M000099999"), rules.QRChecksumWrong),
        (PAYLOAD[:-4] + PAYLOAD[-4:].lower(), rules.QRChecksumWrong),
        (PAYLOAD[:-10], rules.QRChecksumWrong),
        (PAYLOAD + " ", rules.QRChecksumWrong),
        (PAYLOAD.replace("HANBIT SIKDANG", "한빛식당"), rules.QRNotAscii),
        (PAYLOAD + "\n", rules.QRNotAscii),
        (sealed(PAYLOAD), rules.QRMalformed),
        (rewritten("5802KR", "5802KR5802KR"), rules.QRMalformed),
        (rewritten("5802KR", "5802US"), rules.QRMalformed),
        (rewritten("5303410", "5303840"), rules.QRMalformed),
        (rewritten("010211", "010212"), rules.QRMalformed),
        (rewritten("5303410", ""), rules.QRMalformed),
        (rewritten("62090705T0001", ""), rules.QRMalformed),
        (rewritten("62090705T0001", "62090706T0001"), rules.QRMalformed),
        (rewritten("5914", "59+4"), rules.QRMalformed),
        (rewritten("5303410", "5303410540115.5"), rules.QRMalformed),
        (rewritten("5303410", "53034105401054"), rules.QRMalformed),
        (rewritten("5303410", "53034105400"), rules.QRMalformed),
        (rewritten("5303410", "530341054010"), rules.QRMalformed),
        (rewritten("02LJPGF7R72N", "XXLJPGF7R72N"), rules.QRMalformed),
        (rewritten("021202LJPGF7R72N", "99.............."), rules.QRMalformed),
        (rewritten("02LJPGF7R72N", "03LJPGF7R72N"), rules.QRKeyRetired),
        (rewritten("02LJPGF7R72N", "01LJPGF7R72N"), rules.QRForged),
        (rewritten("M000012345", "M000099999"), rules.QRForged),
        (rewritten("41280", "41281"), rules.QRForged),
        (rewritten("T0001", "T0002"), rules.QRForged),
        (rewritten("5303410", "530341054045000"), rules.QRForged),
        ("000201" + "59" * 400, rules.QRMalformed),
    ],
)
def test_what_is_refused(payload, error):
    with pytest.raises(rules.QRError) as caught:
        rules.decode(payload, keys=KEYS)
    assert type(caught.value) is error
    assert str(caught.value)


def test_every_refusal_has_its_own_code():
    errors = rules.QRError.__subclasses__()
    assert len({error.code for error in errors}) == len(errors) == 9


def test_codes_of_an_older_key_stay_valid_until_it_is_retired():
    old = rules.encode(SHOP, keys={1: KEYS[1]})
    assert rules.decode(old, keys=KEYS) == SHOP
    with pytest.raises(rules.QRKeyRetired):
        rules.decode(old, keys={2: KEYS[2]})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("municipality", "4128"),
        ("merchant_code", ""),
        ("merchant_code", "m1"),
        ("merchant_code", "A" * 26),
        ("terminal", "한"),
        ("name", "한빛식당"),
        ("name", ""),
        ("name", "A" * 26),
        ("city", "A" * 16),
        ("category", "58"),
        ("amount", 0),
        ("amount", -1),
        ("amount", 10**13),
    ],
)
def test_what_cannot_be_put_into_a_code(field, value):
    with pytest.raises(rules.QRFieldInvalid) as caught:
        dataclasses.replace(SHOP, **{field: value})
    assert caught.value.params == {"field": field}


def test_svg_is_a_picture_with_a_quiet_zone():
    modules = 17 + 4 * 6  # version 6, large enough to be scanned from a sticker of 4 cm
    assert rules.svg(PAYLOAD).startswith(f'<svg viewBox="0 0 {modules + 8} {modules + 8}"')
