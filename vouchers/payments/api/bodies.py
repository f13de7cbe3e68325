"""What requests may contain and answers do contain. The OpenAPI document is made from the same classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final, Literal
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from msgspec import UNSET, Meta, Struct, UnsetType

from merchants.qr_kit.rules import LONGEST_PAYLOAD, SaleQR, encode_sale
from vouchers.common.api import RequestBody
from vouchers.ledger.models import LotKind
from vouchers.partners.api.bodies import ORDER_HINT, VISIBLE, WON_HINT, Moment, OrderId, Won
from vouchers.payments import selectors
from vouchers.payments.rules import LONGEST_CODE, emv_of
from vouchers.payments.selectors import Drawn, PaymentRow, Preview, SaleRow
from vouchers.payments.services import Cancelled, Token
from vouchers.wallets.rules import KINDS, MoneyKind

MerchantCode = Annotated[str, Meta(pattern=r"^M[0-9]{9}\Z", examples=["M000012345"])]
MERCHANT_HINT: Final = _("M과 숫자 9자리인 가맹점번호여야 합니다.")


class Shop(Struct, frozen=True):
    """The shop, by the code that its QR carries."""

    about: ClassVar[Any] = _("가맹점. `code`는 가맹점 QR에 있는 가맹점번호입니다.")

    code: str
    name: str


class NewPayment(RequestBody, frozen=True):
    """A payment at a shop's QR code, fixed or for one sale."""

    about: ClassVar[Any] = _("가맹점의 고정 QR 또는 거래별 QR로 하는 결제.")

    wallet_id: UUID
    qr: Annotated[str, Meta(min_length=1, max_length=LONGEST_PAYLOAD)]
    amount: Won
    order_id: OrderId

    hints: ClassVar[Mapping[str, Any]] = {
        "wallet_id": _("UUID 형식의 지갑번호여야 합니다."),
        "qr": _("가맹점 QR 코드에서 읽은 문자열 1~512자여야 합니다."),
        "amount": WON_HINT,
        "order_id": ORDER_HINT,
    }


ShopOrder = Annotated[str, Meta(min_length=1, max_length=25, pattern=VISIBLE, examples=["POS1-20261122-0001"])]


class NoBody(RequestBody, frozen=True):
    """Nothing has to be said."""

    about: ClassVar[Any] = _("보낼 내용이 없습니다.")


class NewSaleCode(RequestBody, frozen=True):
    """A sale for which the shop's screen shows a code. ``order_id`` is the shop's own number of the sale."""

    about: ClassVar[Any] = _("가맹점 화면에 QR을 보일 거래. `order_id`는 가맹점이 정한 거래번호입니다.")

    amount: Won
    order_id: ShopOrder

    hints: ClassVar[Mapping[str, Any]] = {
        "amount": WON_HINT,
        "order_id": _("공백 없는 ASCII 문자 1~25자여야 합니다."),
    }


class NewScannedPayment(RequestBody, frozen=True):
    """A payment by the code that a citizen shows, exactly as the scanner read it."""

    about: ClassVar[Any] = _("시민이 보인 코드로 하는 결제. `code`는 스캐너가 읽은 그대로입니다.")

    code: Annotated[str, Meta(min_length=1, max_length=LONGEST_CODE)]
    merchant_code: MerchantCode
    amount: Won
    order_id: OrderId

    hints: ClassVar[Mapping[str, Any]] = {
        "code": _("시민의 바코드나 QR에서 읽은 문자열 1~128자여야 합니다."),
        "merchant_code": MERCHANT_HINT,
        "amount": WON_HINT,
        "order_id": ORDER_HINT,
    }


class SaleCode(Struct, frozen=True):
    """A code for one sale as it stands now; ``qr`` is what to draw."""

    about: ClassVar[Any] = _("거래별 QR의 현재 상태. `qr`을 QR 코드로 그립니다.")

    id: UUID
    state: Literal["open", "paid", "retired", "expired"]
    merchant: Shop
    amount: int
    order_id: str
    qr: str
    expires_at: Moment
    payment_id: UUID | None


class PaymentToken(Struct, frozen=True):
    """A citizen's code, good for one payment: ``digits`` for a barcode (Code 128) or a QR, ``emv`` the same as EMV CPM.

    Ask for the next at ``refresh_at``; the present one then ends.
    """

    about: ClassVar[Any] = _(
        "한 번 결제할 수 있는 시민 코드. `digits`는 바코드(Code 128)나 QR로, `emv`는 같은 값을 EMV CPM으로 쓴 것입니다. "
        "`refresh_at`에 다음 코드를 받으면 앞의 코드는 바로 끝납니다."
    )

    digits: str
    emv: str
    refresh_at: Moment
    expires_at: Moment


class NewCancellation(RequestBody, frozen=True):
    """Without ``amount``, all that is left of the payment is cancelled."""

    about: ClassVar[Any] = _("`amount`가 없으면 남은 금액을 모두 취소합니다.")

    amount: Won | UnsetType = UNSET

    hints: ClassVar[Mapping[str, Any]] = {"amount": WON_HINT}


class DrawnMoney(Struct, frozen=True):
    """Money of one kind that was drawn: an allowance names its programme.

    ``name``, the programme's or else the kind's, stands where one payment is read and in a preview.
    """

    about: ClassVar[Any] = _(
        "사용한 금액의 종류. 정책수당이면 사업이 있습니다. `name`은 사업명 또는 종류의 이름으로, "
        "결제 한 건을 조회하거나 미리 볼 때만 있습니다."
    )

    kind: MoneyKind
    programme_id: UUID | None
    amount: int
    name: str | UnsetType = UNSET


class CashbackShare(Struct, frozen=True):
    """What the funds of one payer bear of a cashback."""

    about: ClassVar[Any] = _("부담 주체별 캐시백.")

    payer: Literal["national", "province", "city", "district", "other"]
    amount: int


class Cashback(Struct, frozen=True):
    """What a payment earned, less what its cancellations took back. pending: it is not in the wallet yet."""

    about: ClassVar[Any] = _(
        "결제로 받은 캐시백에서 취소로 되돌린 금액을 뺀 것. pending이면 아직 지갑에 들어오지 않았습니다."
    )

    state: Literal["pending", "credited", "none"]
    amount: int
    funds: list[CashbackShare]


class ExpectedCashback(Struct, frozen=True):
    """What a payment would earn as things stand: other payments may bring a cap or a budget nearer before it is made."""

    about: ClassVar[Any] = _(
        "지금 결제하면 받을 것으로 보이는 캐시백. 그 사이의 다른 결제로 한도나 예산이 줄 수 있습니다."
    )

    amount: int
    funds: list[CashbackShare]


class Payment(Struct, frozen=True):
    """A payment as it stands now. Amounts are in won, days are those of Seoul.

    ``amount`` is the price, of which the shop bears ``discount`` and the wallet paid ``paid_amount``, lot by lot as ``drawn``
    tells. ``cancelled_amount`` is in terms of the price.
    """

    about: ClassVar[Any] = _(
        "결제의 현재 상태. 금액은 원, 날짜는 서울 기준입니다. `amount`는 정가이고, 가맹점이 `discount`를 부담하며 지갑에서는 "
        "`paid_amount`가 `drawn`대로 나갔습니다. `cancelled_amount`는 정가 기준입니다."
    )

    id: UUID
    state: Literal["paid", "partly_cancelled", "cancelled"]
    order_id: str
    wallet_id: UUID
    merchant: Shop
    channel: Literal["static_qr", "dynamic_qr", "cpm", "card", "online"]
    amount: int
    discount: int
    paid_amount: int
    drawn: list[DrawnMoney]
    cancelled_amount: int
    business_date: date
    paid_at: Moment


class PaymentInFull(Payment, frozen=True):
    """A payment as it stands now, with its cashback."""

    about: ClassVar[Any] = _("결제의 현재 상태와 캐시백.")

    cashback: Cashback


class PaymentNotice(Struct, frozen=True):
    """A payment as a notice tells it: the same names as in `Payment`. What the partner may not know is left out.

    ``order_id`` is told to whoever took the payment, ``wallet_id`` to it and to the wallet's own app.
    """

    about: ClassVar[Any] = _(
        "알림에 담기는 결제. 항목 이름은 Payment와 같고, 기관이 알 수 없는 항목은 없습니다. `order_id`는 결제를 받은 기관에, "
        "`wallet_id`는 그 기관과 지갑의 앱에 알립니다."
    )

    id: UUID
    state: Literal["paid", "partly_cancelled", "cancelled"]
    merchant: Shop
    channel: Literal["static_qr", "dynamic_qr", "cpm", "card", "online"]
    amount: int
    discount: int
    paid_amount: int
    cancelled_amount: int
    business_date: date
    paid_at: Moment
    order_id: str | UnsetType = UNSET
    wallet_id: UUID | UnsetType = UNSET


class CancellationNotice(Struct, frozen=True):
    """A cancellation of ``amount`` won of the price, as a notice tells it, and its payment as it stands then."""

    about: ClassVar[Any] = _("알림에 담기는 취소. 정가 기준 `amount`원을 취소했고, `payment`는 그때의 결제입니다.")

    id: UUID
    amount: int
    discount: int
    business_date: date
    cancelled_at: Moment
    payment: PaymentNotice


class CashbackNotice(Struct, frozen=True):
    """Cashback of ``amount`` won came into a wallet, for one payment or for several."""

    about: ClassVar[Any] = _("결제 한 건 또는 여러 건의 캐시백 `amount`원이 지갑에 들어왔습니다.")

    wallet_id: UUID
    currency_id: UUID
    amount: int
    credited_at: Moment


class NewPreview(RequestBody, frozen=True):
    """A payment to be looked at before it is made."""

    about: ClassVar[Any] = _("결제하기 전에 미리 볼 결제.")

    wallet_id: UUID
    qr: Annotated[str, Meta(min_length=1, max_length=LONGEST_PAYLOAD)]
    amount: Won

    hints: ClassVar[Mapping[str, Any]] = {name: NewPayment.hints[name] for name in ("wallet_id", "qr", "amount")}


class PaymentPreview(Struct, frozen=True):
    """What the payment would draw, in this order, what the shop would take off and what it would earn. Nothing is held."""

    about: ClassVar[Any] = _("결제하면 쓰일 금액과 순서, 가맹점 할인, 받을 캐시백. 금액을 잡아 두지는 않습니다.")

    merchant: Shop
    amount: int
    discount: int
    paid_amount: int
    drawn: list[DrawnMoney]
    cashback: ExpectedCashback


class ShopPayment(Struct, frozen=True):
    """A payment as its shop sees it: nothing of the payer."""

    about: ClassVar[Any] = _("가맹점이 보는 결제. 결제한 시민에 관한 것은 없습니다.")

    id: UUID
    state: Literal["paid", "partly_cancelled", "cancelled"]
    channel: Literal["static_qr", "dynamic_qr", "cpm", "card", "online"]
    order_id: str
    amount: int
    discount: int
    paid_amount: int
    cancelled_amount: int
    business_date: date
    paid_at: Moment


class ShopPayments(Struct, frozen=True):
    """Newest first; ``next_cursor`` leads to the page after this one."""

    about: ClassVar[Any] = _("최근 것부터. `next_cursor`로 다음 쪽을 조회합니다.")

    payments: list[ShopPayment]
    next_cursor: str | None


class ShopCancellation(Struct, frozen=True):
    """A cancellation of ``amount`` won of the price, of which the shop bore ``discount``, and its payment as it stands now."""

    about: ClassVar[Any] = _("정가 기준 `amount`원의 취소(그중 가맹점 부담 `discount`원)와 결제의 현재 상태.")

    id: UUID
    amount: int
    discount: int
    business_date: date
    cancelled_at: Moment
    payment: ShopPayment


class Payments(Struct, frozen=True):
    """Newest first."""

    about: ClassVar[Any] = _("최근 것부터.")

    payments: list[Payment]


class Cancellation(Struct, frozen=True):
    """A cancellation of ``amount`` won of the price, and its payment as it stands now.

    The wallet gets ``amount`` without ``discount``, the part that the shop bore.
    """

    about: ClassVar[Any] = _(
        "정가 기준 `amount`원의 취소와 결제의 현재 상태. 지갑에는 가맹점이 부담한 `discount`를 뺀 금액이 돌아옵니다."
    )

    id: UUID
    amount: int
    discount: int
    business_date: date
    cancelled_at: Moment
    payment: Payment


def payment_of(row: PaymentRow) -> Payment:
    """The answer for a payment."""
    drawn = [DrawnMoney(KINDS[kind], programme_id, amount) for kind, programme_id, amount in Drawn.read(row.drawn)]
    return Payment(**_facts(row), drawn=drawn)


def payment_in_full_of(found: selectors.PaymentInFull) -> PaymentInFull:
    """The answer for a payment that is read alone."""
    told = found.cashback
    return PaymentInFull(
        **_facts(found.payment),
        drawn=_named(found.payment.drawn, found.programmes),
        cashback=Cashback(told.state, told.amount, _shares(told.funds)),  # type: ignore[arg-type]
    )


def _facts(row: PaymentRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": _state(row),
        "order_id": row.order_id,
        "wallet_id": row.wallet_id,
        "merchant": Shop(row.merchant_code, row.merchant_name),
        "channel": row.channel,
        "amount": row.amount,
        "discount": row.discount,
        "paid_amount": row.amount - row.discount,
        "cancelled_amount": row.cancelled,
        "business_date": row.business_date,
        "paid_at": row.paid_at,
    }


def _named(told: str, programmes: Sequence[str | None]) -> list[DrawnMoney]:
    return [
        DrawnMoney(KINDS[kind], programme_id, amount, programme or str(LotKind(kind).label))
        for (kind, programme_id, amount), programme in zip(Drawn.read(told), programmes, strict=True)
    ]


def _shares(funds: Iterable[selectors.Share]) -> list[CashbackShare]:
    return [CashbackShare(*share) for share in funds]  # type: ignore[arg-type]


def shop_payment_of(row: PaymentRow) -> ShopPayment:
    """The answer for a payment in its shop's list."""
    return ShopPayment(
        id=row.id,
        state=_state(row),
        channel=row.channel,  # type: ignore[arg-type]
        order_id=row.order_id,
        amount=row.amount,
        discount=row.discount,
        paid_amount=row.amount - row.discount,
        cancelled_amount=row.cancelled,
        business_date=row.business_date,
        paid_at=row.paid_at,
    )


def preview_of(found: Preview, *, shop: str, amount: int) -> PaymentPreview:
    """The answer for a payment that was not made."""
    expected = selectors.Cashback.read(found.cashback)
    return PaymentPreview(
        merchant=Shop(shop, found.merchant_name),
        amount=amount,
        discount=found.discount,
        paid_amount=amount - found.discount,
        drawn=_named(found.drawn, found.programmes),
        cashback=ExpectedCashback(expected.amount, _shares(expected.funds)),
    )


def sale_of(row: SaleRow, *, municipality: str, keys: Mapping[int, bytes], at: datetime) -> SaleCode:
    """The answer for a code for one sale, as it stands at ``at``."""
    code = SaleQR(
        municipality=municipality, merchant_code=row.merchant_code, name=row.name_ascii, city=row.city[:15],
        category=row.mcc, amount=row.amount, order=row.order_id, id=row.id, expires_at=row.expires_at,
    )  # fmt: skip
    return SaleCode(
        id=row.id,
        state="paid" if row.used_at else "retired" if row.retired_at else "expired" if at >= row.expires_at else "open",
        merchant=Shop(row.merchant_code, row.merchant_name),
        amount=row.amount,
        order_id=row.order_id,
        qr=encode_sale(code, keys=keys),
        expires_at=row.expires_at,
        payment_id=row.payment_id,
    )


def token_of(token: Token) -> PaymentToken:
    """The answer for a citizen's code."""
    return PaymentToken(token.digits, emv_of(token.digits), token.refresh_at, token.expires_at)


def cancellation_of(done: Cancelled) -> Cancellation:
    """The answer for a cancellation."""
    return Cancellation(
        id=done.id,
        amount=done.amount,
        discount=done.discount,
        business_date=done.business_date,
        cancelled_at=done.cancelled_at,
        payment=payment_of(done.payment),
    )


def shop_cancellation_of(done: Cancelled) -> ShopCancellation:
    """The answer for a cancellation by the shop."""
    return ShopCancellation(
        id=done.id,
        amount=done.amount,
        discount=done.discount,
        business_date=done.business_date,
        cancelled_at=done.cancelled_at,
        payment=shop_payment_of(done.payment),
    )


def _state(row: PaymentRow) -> Literal["paid", "partly_cancelled", "cancelled"]:
    if row.cancelled == 0:
        return "paid"
    return "cancelled" if row.cancelled == row.amount else "partly_cancelled"
