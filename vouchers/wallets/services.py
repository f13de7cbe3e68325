"""Make a verified person a member of an app: their record, their wallet, and which app it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from vouchers.citizens.errors import CitizenMovedOut
from vouchers.citizens.models import Citizen, CitizenStatus, Corporation
from vouchers.citizens.rules import age_on
from vouchers.citizens.services import Person, recognise
from vouchers.common.errors import NotPermitted, StateConflict
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency
from vouchers.currencies.selectors import policy_on
from vouchers.ledger import services as ledger
from vouchers.ledger.errors import WalletNotActive
from vouchers.ledger.models import Lot
from vouchers.municipalities.models import Dong
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.partners.models import Partner
from vouchers.partners.selectors import Caller
from vouchers.partners.services import Write, once
from vouchers.wallets import errors
from vouchers.wallets.models import LinkOutcome, Wallet, WalletLink, WalletStatus, WalletStatusChange
from vouchers.wallets.selectors import Membership, membership
from vouchers.webhooks.rules import EventType


class Joining(NamedTuple):
    """Who joins which currency; ``currency`` None: the only one. ``dong_code`` has ten digits."""

    person: Person
    currency: UUID | None = None
    dong_code: str | None = None
    guardian_consent: bool = False


class Joined(NamedTuple):
    """The membership, and whether this very request had made it before."""

    membership: Membership
    replayed: bool


def join(*, write: Write, joining: Joining, at: datetime) -> Joined:
    """Link a person whose identity the partner has verified to the partner's app.

    Opens the wallet where there is none, which also pays what lists keep for the person; a wallet of another app moves
    here when the CI proves its holder. Raises CurrencyUnknown, CurrencyRequired, DongUnknown, GuardianConsentMissing,
    IdentityConflict, CitizenDeceased, CitizenMovedOut, WalletNotActive, WalletOfAnotherApp or IdempotencyKeyReused; then
    nothing is recorded.
    """
    done = once(write=write, at=at, act=_act(write.caller, joining, at))
    return Joined(membership(caller=write.caller, link=done.id), done.replayed)


def _act(caller: Caller, joining: Joining, at: datetime) -> Callable[[UUID], None]:
    def act(result: UUID) -> None:
        currency = _currency(caller.municipality, joining.currency)
        _require_consent(currency, joining, business_date(at))
        known = recognise(
            municipality=caller.municipality, person=joining.person, dong=_dong(caller.municipality, joining.dong_code)
        )
        link = WalletLink(
            id=result, municipality_id=caller.municipality, partner_id=caller.partner, at=at,
            guardian_consent=joining.guardian_consent,
        )  # fmt: skip
        wallet = Wallet.objects.filter(citizen=known.citizen, currency=currency).first()
        if wallet is None:
            _open(link, known.citizen, currency)
        else:
            _keep_or_move(link, wallet, proven=known.by_ci)
        link.save(force_insert=True)

    return act


def _open(link: WalletLink, citizen: Citizen, currency: Currency) -> None:
    if citizen.status == CitizenStatus.MOVED_OUT:
        raise CitizenMovedOut
    ledger.open_wallets(
        municipality=link.municipality_id, currency=currency.pk, citizens=[citizen.pk], partner=link.partner_id
    )
    link.wallet = Wallet.objects.get(citizen=citizen, currency=currency)
    if link.wallet.partner_id != link.partner_id:  # opened elsewhere at this very moment
        raise errors.WalletOfAnotherApp
    link.outcome = LinkOutcome.OPENED
    paid = Lot.objects.filter(municipality=link.municipality_id, wallet_id=link.wallet.pk)
    link.credited_lots = list(paid.values_list("pk", flat=True))


def _keep_or_move(link: WalletLink, wallet: Wallet, *, proven: bool) -> None:
    if wallet.status != WalletStatus.ACTIVE:
        raise WalletNotActive
    link.wallet, link.outcome = wallet, LinkOutcome.KEPT
    if wallet.partner_id == link.partner_id:
        return
    if wallet.partner_id is not None and not proven:
        raise errors.WalletOfAnotherApp
    link.previous_id = ledger.link_wallet(municipality=link.municipality_id, wallet=wallet.pk, partner=link.partner_id)
    if link.previous_id:
        link.outcome = LinkOutcome.MOVED
        ledger.call(
            "webhooks.emit", link.municipality_id, EventType.WALLET_MOVED, [link.previous_id],
            Jsonb({"wallet_id": str(wallet.pk), "moved_at": link.at.isoformat()}), link.at,
        )  # fmt: skip


def _currency(municipality: str, wanted: UUID | None) -> Currency:
    found = Currency.objects.filter(municipality=municipality, is_active=True)
    candidates = list(found.filter(pk=wanted) if wanted else found[:2])
    if len(candidates) > 1:
        raise errors.CurrencyRequired
    if not candidates:
        raise errors.CurrencyUnknown
    return candidates[0]


def _require_consent(currency: Currency, joining: Joining, day: date) -> None:
    policy = policy_on(currency=currency.pk, day=day)
    if policy is None:
        raise errors.CurrencyUnknown
    if age_on(joining.person.birth_date, day) < policy.consent_age and not joining.guardian_consent:
        raise errors.GuardianConsentMissing(age=policy.consent_age)


def _dong(municipality: str, code: str | None) -> Dong | None:
    if code is None:
        return None
    dong = Dong.objects.filter(municipality=municipality, code=code).first()
    if dong is None:
        raise errors.DongUnknown
    return dong


def set_status(
    *, wallet: UUID, status: WalletStatus, reason: str, official: Official, authority: Authority, at: datetime
) -> Wallet:
    """Stop an active wallet (사용 정지) or release a stopped one. Payments that hold the wallet end first.

    Money in it stays; allowances for its holder wait until it is released. Raises NotPermitted, and StateConflict when
    the wallet is closed or is so already.
    """
    with transaction.atomic():
        held = Wallet.objects.select_for_update(of=("self",), no_key=True).get(pk=wallet)
        if not authority.may("citizens.edit", held.municipality_id):
            raise NotPermitted
        if {held.status, status} != {WalletStatus.ACTIVE, WalletStatus.FROZEN}:
            raise StateConflict
        held.status = status
        held.save(update_fields=["status"])
        WalletStatusChange.objects.create(
            municipality_id=held.municipality_id, wallet=held, status=status, reason=reason, official=official, at=at
        )
    return held


def open_for_corporation(
    *, corporation: Corporation, currency: Currency, partner: Partner, official: Official, authority: Authority,
    at: datetime,
) -> Wallet:  # fmt: skip
    """Open a corporation's wallet for a partner's app; a second time it is the same wallet, as it stands.

    Raises NotPermitted, CurrencyUnknown for a currency that is not in operation on that day, WalletOfAnotherApp when the
    wallet is there already and belongs to another app, PartnerUnknown and WalletUnknown.
    """
    if not authority.may("citizens.edit", corporation.municipality_id):
        raise NotPermitted
    if not currency.is_active or policy_on(currency=currency.pk, day=business_date(at)) is None:
        raise errors.CurrencyUnknown
    with transaction.atomic():
        made, opened = ledger.open_corporate_wallet(
            municipality=corporation.municipality_id,
            currency=currency.pk,
            corporation=corporation.pk,
            partner=partner.pk,
        )
        wallet = Wallet.objects.get(pk=made)
        if opened:
            WalletLink.objects.create(
                municipality_id=wallet.municipality_id,
                wallet=wallet,
                partner=partner,
                outcome=LinkOutcome.OPENED,
                at=at,
            )
            WalletStatusChange.objects.create(
                municipality_id=wallet.municipality_id, wallet=wallet, status=wallet.status, reason=str(_("법인 지갑 개설")),
                official=official, at=at,
            )  # fmt: skip
        elif wallet.partner_id != partner.pk:
            raise errors.WalletOfAnotherApp
    return wallet
