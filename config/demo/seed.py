"""The world of the demo, written in a few seconds: people and shops by COPY through temporary tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection

from allowances.approvals.models import ApprovalLine, ApprovalLineStep
from allowances.budgets.models import BudgetLine
from config.demo.benefits import make_benefits
from config.demo.budgets import make_budget
from config.demo.lists import birth_dates_for_age
from config.demo.people import WORDS, People, Person
from config.demo.server import PartnerKey
from merchants.open_data import services as open_data
from merchants.open_data.models import OpenDataTerms
from merchants.qr_kit import rules as qr
from merchants.qr_kit.services import keys_from
from merchants.registry import services as registry
from merchants.registry.files import paper_store
from merchants.registry.models import ChangeKind, Merchant, MerchantCategory, PaperKind, RegistrationStandard
from vouchers.common.scope import scope
from vouchers.currencies.models import BuyerType, Currency, CurrencyPolicy, PurchaseLimit, UsageRule
from vouchers.guidelines.models import RegionStatus, StatusKind
from vouchers.ledger import services as ledger
from vouchers.ledger.models import AccountKind
from vouchers.municipalities.models import Dong, Municipality
from vouchers.officials.models import Official, RoleAssignment
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of
from vouchers.partners import services as partners
from vouchers.partners.models import Partner
from vouchers.partners.rules import Scope
from vouchers.payments.models import PaymentTerms

PASSWORD = "jangteo-demo-1"  # noqa: S105 - printed at the end
PROVINCE = "41000"
AGE = 24

GOYANG, GIMPO = WORDS["dongs"]["41280"], WORDS["dongs"]["41570"]

_COPY_CITIZENS = """
CREATE TEMP TABLE seed_citizen (name text, birth_date date, phone text, dong text, since date) ON COMMIT DROP
"""
_INSERT_CITIZENS = """
INSERT INTO vouchers_citizen (municipality_id, name, birth_date, phone, dong_id, resident_since, status, account_bank,
                              sex)
SELECT %(city)s, s.name, s.birth_date, s.phone, d.id, s.since, 'active', '',
       (ARRAY['male', 'female', 'male', 'female', ''])[1 + right(s.phone, 1)::int %% 5]
FROM seed_citizen s JOIN vouchers_dong d ON d.municipality_id = %(city)s AND d.name = s.dong
"""
_COPY_SHOPS = """
CREATE TEMP TABLE seed_shop (code text, name text, name_ascii text, business_number text, representative text,
    category text, annual_sales bigint, address text, dong text, phone text, registered_on date, account bytea,
    account_index bytea, payload text) ON COMMIT DROP
"""
_INSERT_SHOPS = """
WITH made AS (
    INSERT INTO merchants_merchant (municipality_id, code, name, name_ascii, business_number, representative,
        category_id, annual_sales, address, dong_id, phone, status, account_bank, account_number,
        account_number_index, account_holder)
    SELECT %(city)s, s.code, s.name, s.name_ascii, s.business_number, s.representative, s.category, s.annual_sales,
           s.address, d.id, s.phone, 'applied', '088', s.account, s.account_index, s.representative
    FROM seed_shop s JOIN vouchers_dong d ON d.municipality_id = %(city)s AND d.name = s.dong
    RETURNING id, code
)
INSERT INTO merchants_merchantqr (municipality_id, merchant_id, terminal, payload)
SELECT %(city)s, made.id, 'T001', s.payload FROM made JOIN seed_shop s USING (code);
INSERT INTO merchants_merchantchange (municipality_id, merchant_id, kind, effective_from, reason, document, name, name_ascii,
    representative, account_bank, account_holder, before, state, entered_by_id, entered_at, note)
SELECT %(city)s, shop.id, 'register', s.registered_on, '신규 등록 신청, 현장 확인 완료', '', '', '', '', '', '', '{}', 'waiting',
       %(officer)s, (s.registered_on + time '10:00') AT TIME ZONE 'Asia/Seoul', ''
FROM merchants_merchant shop JOIN seed_shop s USING (code) WHERE shop.municipality_id = %(city)s;
UPDATE merchants_merchantchange
SET state = 'applied', decided_by_id = %(approver)s, decided_at = entered_at + interval '4 hours',
    applied_at = entered_at + interval '4 hours'
WHERE municipality_id = %(city)s AND kind = 'register' AND state = 'waiting'
"""


@dataclass(frozen=True)
class City:
    """A seeded city."""

    municipality: Municipality
    currency: Currency
    usage_rule: UsageRule
    partner_key: PartnerKey
    lines: dict[str, BudgetLine] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The 5-digit region code."""
        return self.municipality.code


@dataclass(frozen=True)
class Login:
    """Somebody who can log in, and what for."""

    username: str
    official: str
    role: str
    where: str


@dataclass
class World:
    """What was seeded."""

    goyang: City
    gimpo: City
    young: list[Person]
    citizens: int
    shops: int
    logins: list[Login]


_TEAM: tuple[tuple[Role, str, str, str], ...] = (
    (Role.DRAFTER, "drafter", "주무관", "청년정책과"),
    (Role.REVIEWER, "reviewer", "팀장", "청년정책과"),
    (Role.BUDGET, "budget", "예산팀장", "예산법무과"),
    (Role.APPROVER, "approver", "과장", "청년정책과"),
    (Role.PAYER, "payer", "지출담당", "회계과"),
    (Role.MERCHANT_OFFICER, "merchant", "주무관", "소상공인지원과"),
    (Role.SETTLEMENT_OFFICER, "settlement", "주무관", "소상공인지원과"),
    (Role.AUDITOR, "auditor", "감사관", "감사관실"),
    (Role.ADMINISTRATOR, "admin", "정보관리팀장", "정보통신과"),
)
"""(role, what the username ends with, position, department) of each city's officials."""


def seed(*, citizens: int, recipients: int, shops: int, at: datetime, today: date) -> World:
    """The province, its two cities and everybody in them; Goyang gets two thirds of the people and shops.

    ``recipients`` of Goyang's citizens are 24 years old and have lived there for more than three years.
    """
    people = People(seed=3)
    with scope(municipalities=[PROVINCE, "41280", "41570"]):
        province = Municipality.objects.create(code=PROVINCE, name="경기도", name_en="Gyeonggi-do")
        goyang = make_city("41280", "고양시", "Goyang-si", "고양페이", GOYANG, province, at=at)
        gimpo = make_city("41570", "김포시", "Gimpo-si", "김포페이", GIMPO, province, at=at)
        logins = make_officials(people=people, province=province, cities=(goyang, gimpo))
        for city in (goyang, gimpo):
            city.lines.update(_make_budget(city, at=at, today=today))
        _make_benefits(goyang, at=at, today=today)
        young = _young_people(people, recipients, today)
        others = citizens - recipients
        _make_citizens(
            goyang, itertools.chain(young, _anybody(people, others * 2 // 3 - recipients // 3, GOYANG, today)), today
        )
        _make_citizens(gimpo, _anybody(people, others - others * 2 // 3 + recipients // 3, GIMPO, today), today)
        _make_shops(people, goyang, shops * 2 // 3, GOYANG, today)
        _make_shops(people, gimpo, shops - shops * 2 // 3, GIMPO, today, first=shops * 2 // 3)
        _apply_for_registration(people, goyang, at=at, today=today)
        for city, institution in ((goyang, "3940000"), (gimpo, "4090000")):
            _open_data(city, institution, at=at, today=today)
    return World(goyang, gimpo, young, citizens, shops, logins)


def make_city(
    code: str,
    name: str,
    name_en: str,
    currency_name: str,
    dongs: Sequence[str],
    province: Municipality,
    *,
    at: datetime,
) -> City:
    """A city with its currency and all that is needed to issue, spend and approve it, and a partner with every scope."""
    municipality = Municipality.objects.create(code=code, name=name, name_en=name_en, province=province)
    RegionStatus.objects.create(
        municipality=municipality,
        kind=StatusKind.CAPITAL,
        valid_from=date(2023, 1, 1),
        document="수도권정비계획법 제2조",
    )
    Dong.objects.bulk_create(
        Dong(municipality=municipality, code=f"{code}{51 + number:02d}000", name=dong)
        for number, dong in enumerate(dongs)
    )
    currency = Currency.objects.create(
        municipality=municipality, name=currency_name, name_en=name_en.removesuffix("-si") + " Pay"
    )
    CurrencyPolicy.objects.create(
        municipality=municipality, currency=currency, valid_from=date(at.year, 1, 1), payment_limit=500_000,
        legal_basis=f"{name} 지역사랑상품권 관리 및 운영 조례 제8조",
    )  # fmt: skip
    for buyer, month, year in ((BuyerType.INDIVIDUAL, 700_000, 6_000_000), (BuyerType.CORPORATE, 30_000_000, None)):
        PurchaseLimit.objects.create(
            municipality=municipality, currency=currency, buyer=buyer, valid_from=date(at.year, 1, 1), per_month=month,
            per_year=year, holding=2_000_000 if buyer == BuyerType.INDIVIDUAL else None,
            takes_benefit=buyer == BuyerType.INDIVIDUAL, gift_once=500_000, gift_per_day=500_000, gift_per_month=1_000_000,
            legal_basis=f"{name} 지역사랑상품권 관리 및 운영 조례 제7조",
        )  # fmt: skip
    PaymentTerms.objects.create(
        municipality=municipality, valid_from=date(at.year, 1, 1),
        legal_basis=f"{name} 지역사랑상품권 관리 및 운영 조례 제9조",
    )  # fmt: skip
    usage_rule = UsageRule.objects.create(
        municipality=municipality, name="연매출 12억 원 이하 가맹점", denied_categories=["fuel"],
        annual_sales_cap=1_200_000_000,
    )  # fmt: skip
    ledger.open_account(municipality=code, currency=currency.pk, kind=AccountKind.BANK, owner=None)
    _make_approval_lines(municipality, at)
    partner = Partner.objects.create(
        municipality=municipality, name=f"{currency_name} 앱 운영대행사", scopes=list(Scope)
    )
    issued = partners.issue_key(partner=partner, at=at)
    return City(municipality, currency, usage_rule, PartnerKey(issued.token, issued.signing_secret))


_LINES: tuple[tuple[str, int | None, str, str, tuple[tuple[Role, str], ...]], ...] = (
    ("1천만 원 이하 팀장 전결", 10_000_000, "", "과장, 국장, 부시장", ((Role.APPROVER, "팀장"),)),
    ("5천만 원 이하 과장 전결", 50_000_000, "", "국장, 부시장", ((Role.REVIEWER, "팀장"), (Role.APPROVER, "과장"))),
    (
        "3억 원 이하 국장 전결", 300_000_000, "", "부시장",
        ((Role.REVIEWER, "팀장"), (Role.BUDGET, "예산팀장"), (Role.APPROVER, "국장")),
    ),
    (
        "3억 원 초과 부시장 전결", None, "", "시장",
        ((Role.REVIEWER, "팀장"), (Role.BUDGET, "예산팀장"), (Role.APPROVER, "부시장")),
    ),
    ("복지정책과 1억 원 이하 과장 전결", 100_000_000, "복지정책과", "국장, 부시장", ((Role.REVIEWER, "팀장"), (Role.APPROVER, "과장"))),
)  # fmt: skip
"""(name, up to, department, boxes above, who signs): a table of delegated decisions as cities have it."""
DUE_DAYS = 3


def _make_approval_lines(municipality: Municipality, at: datetime) -> None:
    """전결: by amount, and one department with a rule of its own. The last to sign decides by delegation."""
    for name, up_to, department, above, steps in _LINES:
        line = ApprovalLine.objects.create(
            municipality=municipality, name=name, valid_from=date(at.year, 1, 1), amount_up_to=up_to,
            department=department, titles_above=above,
        )  # fmt: skip
        ApprovalLineStep.objects.bulk_create(
            ApprovalLineStep(municipality=municipality, line=line, position=position, role=role, title=title,
                             is_delegated=role == Role.APPROVER, due_days=DUE_DAYS)
            for position, (role, title) in enumerate(steps, start=1)
        )  # fmt: skip


def make_officials(*, people: People, province: Municipality, cities: Sequence[City]) -> list[Login]:
    """One official for every role of each city, and the province's auditor, who sees all of them."""
    password = make_password(PASSWORD)
    logins = []
    for city in cities:
        prefix = city.municipality.name_en.removesuffix("-si").lower()
        for role, suffix, position, department in _TEAM:
            official = _make_official(people, city.municipality, f"{prefix}-{suffix}", position, department, password)
            _assign(official, role, [city.municipality])
            logins.append(Login(official.username, official.name, str(role.label), city.municipality.name))
    auditor = _make_official(people, province, "gyeonggi-auditor", "감사담당관", "감사관실", password)
    _assign(auditor, Role.AUDITOR, [province, *(city.municipality for city in cities)])
    where = ", ".join([province.name, *(city.municipality.name for city in cities)])
    logins.append(Login(auditor.username, auditor.name, str(Role.AUDITOR.label), where))
    return logins


def _make_official(
    people: People, municipality: Municipality, username: str, position: str, department: str, password: str
) -> Official:
    return Official.objects.create(
        municipality=municipality, username=username, name=people.name(), position=position, department=department,
        password=password,
    )  # fmt: skip


def _assign(official: Official, role: Role, municipalities: Iterable[Municipality]) -> None:
    for municipality in municipalities:
        RoleAssignment.objects.create(
            municipality=municipality, official=official, role=role, valid_from=date(2024, 1, 1), reason="시연"
        )


def _make_budget(city: City, *, at: datetime, today: date) -> dict[str, BudgetLine]:
    return make_budget(city, drafter=_acting(city, "drafter", today), budget=_acting(city, "budget", today), at=at)


def _make_benefits(city: City, *, at: datetime, today: date) -> None:
    acting = {suffix: _acting(city, suffix, today) for suffix in ("drafter", "budget", "approver")}
    make_benefits(city, at=at, today=today, **acting)


def _acting(city: City, suffix: str, today: date) -> dict[str, Any]:
    """The city's official of that role, as services ask for them."""
    prefix = city.municipality.name_en.removesuffix("-si").lower()
    official = Official.objects.get(username=f"{prefix}-{suffix}")
    return {"official": official, "authority": authority_of(official_id=official.pk, day=today)}


def _young_people(people: People, count: int, today: date) -> list[Person]:
    first, last = birth_dates_for_age(AGE, on=today)
    return [people.person(dongs=GOYANG, born_from=first, born_until=last) for _ in range(count)]


def _anybody(people: People, count: int, dongs: Sequence[str], today: date) -> Iterable[Person]:
    first, last = date(today.year - 88, 1, 1), date(today.year - 19, 1, 1)
    return (people.person(dongs=dongs, born_from=first, born_until=last) for _ in range(count))


def _make_citizens(city: City, everybody: Iterable[Person], today: date) -> None:
    """Citizens by COPY into a temporary table, and a wallet for each, in three statements."""
    since = today - timedelta(days=365 * 5)
    rows = ((person.name, person.birth_date, person.phone, person.dong, since) for person in everybody)
    _copied(_COPY_CITIZENS, "seed_citizen", rows, _INSERT_CITIZENS, {"city": city.code})
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(id) FROM vouchers_citizen WHERE municipality_id = %s", [city.code])
        ledger.open_wallets(municipality=city.code, currency=city.currency.pk, citizens=cursor.fetchone()[0])


def _make_shops(people: People, city: City, count: int, dongs: Sequence[str], today: date, *, first: int = 0) -> None:
    """Shops that two officials registered, with a genuine QR code each and their two ledger accounts."""
    category_codes = dict(MerchantCategory.objects.values_list("code", "mcc"))
    rows = (
        _shop_row(people, city, f"M{number:09d}", shop, dongs, today, category_codes)
        for number, shop in enumerate(people.shops(count), start=first + 1)
    )
    by = {
        name: _acting(city, suffix, today)["official"].pk
        for name, suffix in (("officer", "merchant"), ("approver", "approver"))
    }
    _copied(_COPY_SHOPS, "seed_shop", rows, _INSERT_SHOPS, {"city": city.code, **by})
    for shop in Merchant.objects.filter(municipality=city.code).values_list("pk", flat=True):
        for kind in (AccountKind.MERCHANT_PENDING, AccountKind.MERCHANT_SETTLED):
            ledger.open_account(municipality=city.code, currency=city.currency.pk, kind=kind, owner=shop)


def _apply_for_registration(people: People, city: City, *, at: datetime, today: date) -> None:
    """A shop that applied, with its papers, and waits for the approver."""
    RegistrationStandard.objects.create(
        municipality=city.municipality, valid_from=date(2024, 1, 1), refused_ksic=["56211", "56212", "9124", "47111"],
        warned_ksic=["4783"], annual_sales_cap=3_000_000_000,
        legal_basis=f"{city.municipality.name} 지역사랑상품권 관리 및 운영 조례 제10조",
    )  # fmt: skip
    officer, owner = _acting(city, "merchant", today), people.name()
    shop = Merchant.objects.create(
        municipality=city.municipality, code=registry.next_code(municipality=city.code), name="행주나루 국수",
        name_ascii="HAENGJU NARU NOODLE", business_number="1248100998", representative=owner, category_id="restaurant",
        ksic_code="56111", annual_sales=180_000_000, address=f"경기도 {city.municipality.name} 덕양구 행주로 15", phone="0319001234",
        dong=Dong.objects.filter(municipality=city.municipality).order_by("code")[0], account_bank="004",
        account_number="801702-04-123456", account_holder=owner, entered_by=officer["official"],
    )  # fmt: skip
    registry.open_for_payments(municipality=shop.municipality_id, merchants=[shop.pk])
    for kind in (PaperKind.BUSINESS, PaperKind.BANKBOOK):
        registry.add_paper(
            merchant=shop, kind=kind, file_name=f"{kind.label}.pdf", content=[b"%PDF-1.4\n%%EOF\n"], store=paper_store(), at=at,
            **officer,
        )  # fmt: skip
    registry.request_change(
        merchant=shop, kind=ChangeKind.REGISTER, effective_from=today, reason="신규 등록 신청, 현장 확인 완료", at=at,
        **officer,
    )  # fmt: skip


def _open_data(city: City, institution: str, *, at: datetime, today: date) -> None:
    """The list of shops is public from the first day."""
    OpenDataTerms.objects.create(
        municipality=city.municipality, valid_from=date(today.year, 1, 1), institution_code=institution,
        institution_name=f"경기도 {city.municipality.name}", legal_basis="공공데이터의 제공 및 이용 활성화에 관한 법률 제17조",
    )  # fmt: skip
    open_data.publish(municipality=city.code, at=at)


def _shop_row(
    people: People,
    city: City,
    code: str,
    shop: tuple[str, str, str, str],
    dongs: Sequence[str],
    today: date,
    category_codes: dict[str, str],
) -> tuple[Any, ...]:
    category, name, name_ascii, business_number = shop
    dong = people.random.choice(dongs)
    account = f"110-{people.random.randint(0, 999):03d}-{people.random.randint(0, 999_999):06d}"
    said = qr.StaticQR(
        municipality=city.code, merchant_code=code, terminal="T001", name=name_ascii,
        city=city.municipality.name_en[:15], category=category_codes[category],
    )  # fmt: skip
    return (
        code, name, name_ascii, business_number, people.name(), category, people.random.randint(3, 1500) * 1_000_000,
        f"경기도 {city.municipality.name} {dong} {people.random.randint(1, 99)}", dong, people.phone(),
        today - timedelta(days=people.random.randint(30, 900)),
        Merchant._meta.get_field("account_number").seal(account),
        Merchant._meta.get_field("account_number_index").index_of(account),
        qr.encode(said, keys=keys_from(settings.QR_KEYS)),
    )  # fmt: skip


def _copied(create: str, table: str, rows: Iterable[Sequence[Any]], insert: str, parameters: dict[str, Any]) -> None:
    """COPY into a temporary table, then insert from it: the application role may not COPY into a tenant's table."""
    with connection.cursor() as cursor:
        cursor.execute(create)
        with cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(insert, parameters)
        cursor.execute(f"DROP TABLE {table}")
