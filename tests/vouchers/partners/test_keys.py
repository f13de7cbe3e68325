"""Keys of partners: shown once, two at a time, ended for good."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.db import IntegrityError, connection, transaction

from tests import factories
from tests.factories import AT
from vouchers.partners import errors, selectors
from vouchers.partners.models import PartnerKey
from vouchers.partners.services import hash_of, issue_key, revoke_key

pytestmark = pytest.mark.django_db


def test_a_key_leads_to_its_partner_and_keeps_no_secret():
    city = factories.make_city()
    with city.scope():
        partner = factories.make_partner(city)
        issued = issue_key(partner=partner, at=AT)
    key_id, _, secret = issued.token.partition(".")
    found = selectors.credential(key_id=key_id)
    assert found == (
        (partner.pk, city.code, frozenset(partner.scopes)), key_id, hash_of(secret), True, "hmac-sha256",
        issued.signing_secret.encode(),
    )  # fmt: skip
    assert secret.encode() not in bytes(issued.key.secret_hash)


def test_the_signing_secret_stands_nowhere_in_clear():
    city = factories.make_city()
    with city.scope(), connection.cursor() as cursor:
        issued = issue_key(partner=factories.make_partner(city), at=AT)
        cursor.execute("SELECT signing_secret FROM vouchers_partnerkey WHERE id = %s", [issued.key.pk])
        stored = bytes(cursor.fetchone()[0])
    assert issued.signing_secret.encode() not in stored
    assert issued.signing_secret not in repr(issued.key.__dict__)


def test_a_partner_may_sign_with_a_key_pair_of_its_own():
    city, private = factories.make_city(), Ed25519PrivateKey.generate()
    with city.scope():
        issued = issue_key(partner=factories.make_partner(city), at=AT, public_key=pem_of(private.public_key()))
    found = selectors.credential(key_id=issued.key.key_id)
    assert issued.signing_secret == ""
    assert (found.algorithm, found.signing_key) == ("ed25519", private.public_key().public_bytes_raw())


def pem_of(public_key) -> str:
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


PRIVATE_PEM = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
NOT_A_PUBLIC_KEY = {
    "a text": ("hello", errors.PublicKeyInvalid),
    "half of it": (pem_of(Ed25519PrivateKey.generate().public_key())[:60], errors.PublicKeyInvalid),
    "another kind": (pem_of(X25519PrivateKey.generate().public_key()), errors.PublicKeyInvalid),
    "a private key": (PRIVATE_PEM, errors.PrivateKeyShown),
}


@pytest.mark.parametrize("kind", NOT_A_PUBLIC_KEY)
def test_anything_but_a_public_key_is_refused(kind):
    pem, error = NOT_A_PUBLIC_KEY[kind]
    city = factories.make_city()
    with city.scope(), pytest.raises(error):
        issue_key(partner=factories.make_partner(city), at=AT, public_key=pem)


def test_a_key_signs_in_one_way():
    city = factories.make_city()
    with city.scope(), pytest.raises(IntegrityError, match="partnerkey_signs_one_way"), transaction.atomic():
        PartnerKey.objects.create(
            municipality=city.municipality, partner=factories.make_partner(city), key_id="k", secret_hash=b"\0" * 32
        )


def test_two_keys_live_at_once_so_that_a_partner_can_change_over():
    city = factories.make_city()
    with city.scope():
        partner = factories.make_partner(city)
        old = issue_key(partner=partner, at=AT)
        issue_key(partner=partner, at=AT)
        with pytest.raises(errors.TooManyLiveKeys), transaction.atomic():
            issue_key(partner=partner, at=AT)
        revoke_key(key=old.key, at=AT)
        assert selectors.credential(key_id=old.key.key_id) is None
        issue_key(partner=partner, at=AT)


def test_a_partner_that_is_not_active_has_no_working_key():
    city = factories.make_city()
    with city.scope():
        partner = factories.make_partner(city)
        issued = issue_key(partner=partner, at=AT)
        partner.is_active = False
        partner.save()
    assert selectors.credential(key_id=issued.key.key_id) is None
