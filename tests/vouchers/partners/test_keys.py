"""Keys of partners: shown once, two at a time, ended for good."""

from __future__ import annotations

import pytest
from django.db import transaction

from tests import factories
from tests.factories import AT
from vouchers.partners import errors, selectors
from vouchers.partners.services import hash_of, issue_key, revoke_key

pytestmark = pytest.mark.django_db


def test_a_key_leads_to_its_partner_and_keeps_no_secret():
    city = factories.make_city()
    with city.scope():
        partner = factories.make_partner(city)
        issued = issue_key(partner=partner, at=AT)
    key_id, _, secret = issued.token.partition(".")
    found = selectors.credential(key_id=key_id)
    assert found == ((partner.pk, city.code, frozenset(partner.scopes)), hash_of(secret))
    assert secret.encode() not in bytes(issued.key.secret_hash)


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
