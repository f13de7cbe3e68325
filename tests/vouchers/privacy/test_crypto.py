import base64

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from hypothesis import given
from hypothesis import strategies as st

from vouchers.privacy import crypto
from vouchers.privacy.crypto import KeyRing, KeysUnusable, SealBroken

ONE, TWO, INDEX = b"1" * 32, b"2" * 32, b"i" * 32
RING = KeyRing(keys={1: ONE}, index_key=INDEX)


@given(st.binary(max_size=200), st.text(max_size=30))
def test_what_is_sealed_opens_in_the_same_place(plaintext, context):
    assert RING.open(RING.seal(plaintext, context=context), context=context) == plaintext


def test_an_envelope_is_30_bytes_longer_and_never_twice_the_same():
    first, second = (RING.seal(b"850101-1234567", context="t.c") for _ in range(2))
    assert first != second
    assert len(first) == len(b"850101-1234567") + 30
    assert first[:2] == bytes((crypto.AES_256_GCM, 1))


def test_a_value_moved_to_another_column_does_not_open():
    envelope = RING.seal(b"110-123-456789", context="merchant.account_number")
    with pytest.raises(SealBroken):
        RING.open(envelope, context="citizen.account_number")


@given(st.data())
def test_no_changed_or_cut_envelope_opens(data):
    envelope = RING.seal(b"850101-1234567", context="t.c")
    place = data.draw(st.integers(0, len(envelope) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(envelope)
    changed[place] ^= 1 << bit
    for broken in (bytes(changed), envelope[:place]):
        with pytest.raises(SealBroken):
            RING.open(broken, context="t.c")


def test_rotation_seals_with_the_newest_key_and_opens_with_the_old_one():
    rotated = KeyRing(keys={1: ONE, 2: TWO}, index_key=INDEX)
    assert rotated.seal(b"x", context="t.c")[1] == 2
    assert rotated.open(RING.seal(b"x", context="t.c"), context="t.c") == b"x"


def test_a_retired_key_opens_nothing():
    with pytest.raises(SealBroken, match="ring"):
        KeyRing(keys={2: TWO}, index_key=INDEX).open(RING.seal(b"x", context="t.c"), context="t.c")


def test_another_algorithm_can_be_plugged_in(monkeypatch):
    """As a site does with the cipher of a validated module; here AES-GCM-SIV stands for it."""
    monkeypatch.setitem(crypto.ALGORITHMS, 7, AESGCMSIV)
    ring = KeyRing(keys={1: ONE}, index_key=INDEX, algorithm=7)
    envelope = ring.seal(b"x", context="t.c")
    assert envelope[0] == 7
    assert ring.open(envelope, context="t.c") == b"x"
    assert ring.open(RING.seal(b"old", context="t.c"), context="t.c") == b"old"


@pytest.mark.parametrize(
    "written", ["850101-1234567", "8501011234567", " 850101 1234567", "８５０１０１－１２３４５６７"]
)
def test_every_way_of_writing_has_the_same_index(written):
    index = RING.blind_index(written, purpose="resident_number")
    assert index == RING.blind_index("850101-1234567", purpose="resident_number")
    assert len(index) == crypto.INDEX_BYTES


def test_indexes_differ_by_value_purpose_and_key_but_not_by_encryption_key():
    index = RING.blind_index("8501011234567", purpose="resident_number")
    other_index_key = KeyRing(keys={1: ONE}, index_key=b"j" * 32)
    rotated = KeyRing(keys={1: ONE, 2: TWO}, index_key=INDEX)
    assert index != RING.blind_index("8501011234568", purpose="resident_number")
    assert index != RING.blind_index("8501011234567", purpose="account_number")
    assert index != other_index_key.blind_index("8501011234567", purpose="resident_number")
    assert index == rotated.blind_index("8501011234567", purpose="resident_number")


def test_nothing_has_no_index():
    with pytest.raises(ValueError, match="nothing"):
        RING.blind_index(" - ", purpose="resident_number")


def test_subkeys_differ_by_purpose_version_and_salt():
    ring = KeyRing(keys={1: ONE, 2: TWO}, index_key=INDEX)
    keys = [*ring.subkeys("qr").values(), ring.subkey(1, "files"), ring.subkey(1, "files", salt=b"s")]
    assert len(set(keys)) == 4
    with pytest.raises(SealBroken):
        ring.subkey(3, "qr")


def test_keys_as_the_environment_gives_them():
    one, two, index = crypto.new_key(), crypto.new_key(), crypto.new_key()
    ring = KeyRing.parse(keys=f"1:{one}, 2:{two}", index_key=index)
    assert ring.version == 2
    assert ring.keys[1] == base64.urlsafe_b64decode(one)
    assert one not in repr(ring)


GOOD = base64.b64encode(ONE).decode()


@pytest.mark.parametrize(
    ("keys", "index_key"),
    [
        ("", crypto.new_key()),
        (GOOD, crypto.new_key()),
        (f"1:{GOOD}", ""),
        (f"1:{GOOD}", "not base64!"),
        (f"1:{GOOD}", base64.b64encode(b"short").decode()),
        (f"0:{GOOD}", crypto.new_key()),
        (f"256:{GOOD}", crypto.new_key()),
        (f"1:{GOOD},1:{crypto.new_key()}", crypto.new_key()),
        (f"1:{GOOD},2:{GOOD}", crypto.new_key()),
        (f"1:{GOOD}", GOOD),
    ],
    ids=[
        "none", "no-version", "no-index-key", "not-base64", "too-short", "version-0", "version-256", "version-twice",
        "key-twice", "index-key-is-a-key",
    ],
)  # fmt: skip
def test_unusable_keys_are_refused_without_showing_them(keys, index_key):
    with pytest.raises(KeysUnusable) as caught:
        KeyRing.parse(keys=keys, index_key=index_key)
    assert GOOD not in str(caught.value)


def test_an_unknown_algorithm_is_refused():
    with pytest.raises(KeysUnusable, match="algorithm"):
        KeyRing(keys={1: ONE}, index_key=INDEX, algorithm=200)
