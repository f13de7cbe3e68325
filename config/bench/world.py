"""Made-up cities of full size, written by the owner with set-based SQL in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

import psycopg
from django.conf import settings

from config.bench.benefits import make_policies
from merchants.qr_kit.models import MerchantQR
from merchants.qr_kit.services import keys_from, payload_of
from vouchers.common.models import uuid7
from vouchers.common.scope import scope
from vouchers.partners import services as partners
from vouchers.partners.models import Partner
from vouchers.partners.rules import LARGEST_QUOTA, Scope

CITY = "41280"

_CITY = """
INSERT INTO vouchers_municipality (code, name, name_en) VALUES (%(city)s, '고양시', 'Goyang');
INSERT INTO vouchers_currency (municipality_id, id, name, name_en, is_active)
VALUES (%(city)s, %(currency)s, '고양페이', 'Goyang Pay', true);
INSERT INTO vouchers_currencypolicy (municipality_id, currency_id, valid_from, payment_limit, legal_basis)
VALUES (%(city)s, %(currency)s, '2020-01-01', 1000000, '조례 제8조');
INSERT INTO vouchers_usagerule (municipality_id, id, name, allowed_categories, denied_categories, allowed_dongs, annual_sales_cap)
VALUES (%(city)s, %(rule)s, '연매출 12억 원 이하', '{}', '{fuel}', '{}', 1200000000);
INSERT INTO vouchers_account (municipality_id, id, currency_id, kind) VALUES (%(city)s, uuidv7(), %(currency)s, 'bank');
INSERT INTO vouchers_balance (municipality_id, account_id) SELECT municipality_id, id FROM vouchers_account;
"""

# Ids of shops and wallets count up from 1, so that a script of pgbench can name any of them.
_SHOPS = """
INSERT INTO merchants_merchant (municipality_id, id, code, name, name_ascii, business_number, representative,
                                category_id, annual_sales, address, phone, status, registered_on, account_bank, account_holder)
SELECT %(city)s, ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid,
       'M' || lpad(n::text, 9, '0'), '행복분식 ' || n || '호점', 'HAPPY BUNSIK ' || n,
       lpad(n::text, 10, '0'), '김장터', 'restaurant', 100000000, '경기도 고양시 덕양구 고양시청로 10', '', 'active',
       '2024-01-01', '088', '김장터'
FROM generate_series(1, %(shops)s) n;
INSERT INTO merchants_merchantqr (municipality_id, merchant_id, terminal, payload)
SELECT municipality_id, id, 'T001', '' FROM merchants_merchant;
INSERT INTO vouchers_account (municipality_id, id, currency_id, kind, owner_id)
SELECT municipality_id, uuidv7(), %(currency)s, kind, merchants_merchant.id
FROM merchants_merchant, unnest('{merchant_pending,merchant_settled}'::text[]) kind;
INSERT INTO vouchers_balance (municipality_id, account_id, floor)
SELECT municipality_id, id, 0 FROM vouchers_account WHERE kind = 'merchant_settled';
"""

_CITIZENS = """
INSERT INTO vouchers_dong (municipality_id, code, name) VALUES (%(city)s, %(city)s || '51000', '주교동');
INSERT INTO vouchers_citizen (municipality_id, name, birth_date, phone, dong_id, resident_since, status, account_bank)
SELECT %(city)s, translate(lpad((n %% 100000)::text, 5, '0'), '0123456789', '가나다라마바사아자차'),
       date '1990-01-01' + (n %% 3650), '010' || lpad(n::text, 8, '0'), d.id, '2015-01-01', 'active', ''
FROM generate_series(1, %(citizens)s) n, vouchers_dong d;
INSERT INTO vouchers_wallet (municipality_id, id, citizen_id, currency_id, status)
SELECT municipality_id, ('00000000-0000-7000-8000-' || lpad(to_hex(row_number() OVER ()), 12, '0'))::uuid, id,
       %(currency)s, 'active'
FROM vouchers_citizen;
INSERT INTO vouchers_account (municipality_id, id, currency_id, kind, owner_id)
SELECT municipality_id, id, currency_id, 'wallet', id FROM vouchers_wallet;
"""

_LOTS = """
INSERT INTO vouchers_lot (municipality_id, id, wallet_id, kind, source_id, usage_rule_id, granted, remaining, expires_at,
                          created_at)
SELECT municipality_id, uuidv7(), id, lot.kind, uuidv7(), lot.rule, %(money)s, %(money)s,
       %(at)s::timestamptz + interval '1 day' * lot.days, %(at)s
FROM (SELECT municipality_id, id FROM vouchers_wallet WHERE currency_id = ANY (%(currencies)s) ORDER BY id
      LIMIT %(paying)s) wallet,
     (VALUES ('grant', %(rule)s::uuid, 300), ('purchase', NULL, 1800)) AS lot (kind, rule, days);
"""

# Wallets of more currencies, in turn, for members who have one; ids count up as above. Only the first shops take them.
_MORE_CURRENCIES = """
INSERT INTO vouchers_currency (municipality_id, id, name, name_en, is_active)
SELECT %(city)s, id, '고양페이 ' || n, 'Goyang Pay ' || n, true
FROM unnest(%(currencies)s::uuid[]) WITH ORDINALITY AS c (id, n);
INSERT INTO vouchers_currencypolicy (municipality_id, currency_id, valid_from, payment_limit, legal_basis)
SELECT %(city)s, id, '2020-01-01', 1000000, '조례 제8조' FROM unnest(%(currencies)s::uuid[]) AS c (id);
INSERT INTO vouchers_account (municipality_id, id, currency_id, kind)
SELECT %(city)s, uuidv7(), id, 'bank' FROM unnest(%(currencies)s::uuid[]) AS c (id);
INSERT INTO vouchers_balance (municipality_id, account_id)
SELECT municipality_id, id FROM vouchers_account WHERE kind = 'bank' AND currency_id = ANY (%(currencies)s);
INSERT INTO vouchers_account (municipality_id, id, currency_id, kind, owner_id)
SELECT %(city)s, uuidv7(), c.id, 'merchant_pending', ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid
FROM unnest(%(currencies)s::uuid[]) AS c (id), generate_series(1, %(shops)s) n;
INSERT INTO vouchers_wallet (municipality_id, id, citizen_id, currency_id, status)
SELECT municipality_id, ('00000000-0000-7000-a000-' || lpad(to_hex(n), 12, '0'))::uuid, citizen_id,
       (%(currencies)s::uuid[])[1 + n %% cardinality(%(currencies)s::uuid[])], 'active'
FROM (SELECT municipality_id, citizen_id, row_number() OVER (ORDER BY id) AS n FROM vouchers_wallet
      ORDER BY id LIMIT %(paying)s) wallet;
INSERT INTO vouchers_account (municipality_id, id, currency_id, kind, owner_id)
SELECT municipality_id, id, currency_id, 'wallet', id FROM vouchers_wallet WHERE currency_id = ANY (%(currencies)s);
"""

_PAYMENTS = """
CREATE TEMP TABLE paid AS
WITH wallet AS (SELECT array_agg(id ORDER BY id) AS ids FROM vouchers_wallet WHERE currency_id = %(currency)s),
     shop AS (SELECT array_agg(owner_id ORDER BY id) AS ids, array_agg(id ORDER BY id) AS accounts
              FROM vouchers_account WHERE kind = 'merchant_pending' AND currency_id = %(currency)s)
SELECT uuidv7(made.at - clock_timestamp()) AS id, made.at, wallet.ids[1 + made.who %% cardinality(wallet.ids)] AS wallet,
       shop.ids[1 + made.where %% cardinality(shop.ids)] AS shop,
       shop.accounts[1 + made.where %% cardinality(shop.ids)] AS account, made.amount
FROM wallet, shop,
     (SELECT %(begin)s::timestamptz + n * (interval '86400 seconds' / %(payments)s) AS at,
             (random() * 1e9)::bigint AS who, (random() * 1e9)::bigint AS where,
             1000 + (random() * 490)::bigint * 100 AS amount
      FROM generate_series(0, %(payments)s - 1) n) made;
INSERT INTO vouchers_payment (municipality_id, id, currency_id, wallet_id, merchant_id, partner_id, order_id, amount,
                              business_date, at)
SELECT %(city)s, id, %(currency)s, wallet, shop, %(currency)s, 'order', amount, %(day)s, at FROM paid;
INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, debit_lot_id,
                               amount, business_date, spent)
SELECT %(city)s, id, 1, wallet, account, wallet, amount, %(day)s, true FROM paid;
DROP TABLE paid;
"""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much of everything. ``paying`` wallets hold money, in two lots each; ``seconds`` and ``rounds`` of load."""

    citizens: int
    rows: int
    shops: int
    paying: int
    payments: int
    statements: int
    tpcb: int
    seconds: int
    rounds: int


FULL = Scale(
    citizens=870_000, rows=870_000, shops=43_000, paying=50_000, payments=1_000_000, statements=2_000, tpcb=50, seconds=10,
    rounds=3,
)  # fmt: skip
QUICK = Scale(
    citizens=50_000,
    rows=50_000,
    shops=4_300,
    paying=20_000,
    payments=100_000,
    statements=300,
    tpcb=10,
    seconds=4,
    rounds=2,
)


@dataclass(frozen=True)
class World:
    """One city, its currency, the rule of its granted money, and a partner who may pay with the codes of its first shops."""

    currency: UUID
    rule: UUID
    partner: UUID
    token: str
    signing_secret: str
    codes: list[str]
    code: ClassVar[str] = CITY


def make_world(owner: psycopg.Connection, scale: Scale, *, at: datetime) -> World:
    """A city of that scale, whose cashback is published.

    Each paying wallet has a million won of an allowance, which a usage rule binds, and a million of bought money.
    """
    currency, rule = uuid7(), uuid7()
    parameters = {
        "city": CITY, "currency": currency, "rule": rule, "shops": scale.shops, "citizens": scale.citizens,
    }  # fmt: skip
    for script in (_CITY, _SHOPS, _CITIZENS):
        run(owner, script, parameters)
    _give(owner, rule=rule, currencies=[currency], paying=scale.paying, at=at)
    make_policies(city=CITY, currencies=[currency], at=at)
    with scope(municipalities=[CITY]):
        partner = Partner.objects.create(
            municipality_id=CITY, name="앱 운영대행사", scopes=list(Scope), requests_per_minute=LARGEST_QUOTA
        )
        key = partners.issue_key(partner=partner, at=at)
        codes = MerchantQR.objects.select_related("merchant__category", "merchant__municipality")[:2_000]
        keys = keys_from(settings.QR_KEYS)
        return World(
            currency, rule, partner.pk, key.token, key.signing_secret, [payload_of(code, keys=keys) for code in codes]
        )


def make_more_currencies(
    owner: psycopg.Connection, world: World, scale: Scale, *, count: int, shops: int, at: datetime
) -> None:
    """So many more currencies, each with a cashback policy of its own; as many paying wallets as the first one has, spread
    over them, which the first ``shops`` take."""
    currencies = [uuid7() for _ in range(count)]
    run(
        owner,
        _MORE_CURRENCIES,
        {"city": world.code, "currencies": currencies, "shops": shops, "paying": scale.paying},
    )
    _give(owner, rule=world.rule, currencies=currencies, paying=scale.paying, at=at)
    make_policies(city=world.code, currencies=currencies, at=at)


def _give(owner: psycopg.Connection, *, rule: UUID, currencies: list[UUID], paying: int, at: datetime) -> None:
    run(
        owner, _LOTS,
        {"rule": rule, "currencies": currencies, "paying": paying, "money": 1_000_000, "at": at},
    )  # fmt: skip


def make_payments(owner: psycopg.Connection, world: World, *, count: int, day: date, begin: datetime) -> None:
    """That many payments spread over a day that begins at ``begin``, from any wallet to any shop."""
    run(
        owner,
        _PAYMENTS,
        {"city": world.code, "currency": world.currency, "payments": count, "day": day, "begin": begin},
    )


def run(owner: psycopg.Connection, script: str, parameters: dict[str, object]) -> None:
    """Several statements with the same parameters, in one transaction."""
    with owner.transaction(), psycopg.ClientCursor(owner) as cursor:
        cursor.execute(script, parameters)
