"""The OpenAPI document: what drf-spectacular cannot see, because these views have no serializers.

Bodies come from the Structs in bodies.py, problems from the error classes themselves: each operation lists the errors
that it can answer with, and their texts and statuses are read from the classes in the language of the request.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema

from merchants.qr_kit import rules as qr
from merchants.qr_kit.errors import MerchantUnknown, QRRetired
from vouchers.common import problems
from vouchers.common.errors import DomainError
from vouchers.ledger import errors as ledger
from vouchers.payments import errors
from vouchers.payments.api import bodies

_REF = "#/components/schemas/{name}"
_PROBLEM = {"$ref": _REF.format(name="Problem")}
_BODIES = (
    bodies.NewPayment,
    bodies.NewCancellation,
    bodies.Payment,
    bodies.Payments,
    bodies.Cancellation,
    bodies.Health,
)

_ALWAYS = (problems.NotAcceptable, problems.MethodNotAllowed, problems.ServerError, problems.Unavailable)
_READ = (*_ALWAYS, problems.CredentialsInvalid)
_WRITE = (
    *_READ, problems.RequestProblem, problems.IdempotencyKeyMissing, problems.IdempotencyKeyInvalid,
    problems.JsonInvalid, problems.LengthRequired, problems.BodyTooLarge, problems.MediaTypeUnsupported,
    problems.FieldsInvalid, errors.IdempotencyKeyReused,
)  # fmt: skip
PROBLEMS: Final[Mapping[str, Sequence[type[DomainError]]]] = {
    "health": _ALWAYS,
    "listPayments": (*_READ, problems.FieldsInvalid),
    "readPayment": (*_READ, ledger.PaymentUnknown),
    "createPayment": (
        *_WRITE, qr.QRNotAscii, qr.QRSchemeUnknown, qr.QRChecksumWrong, qr.QRMalformed, qr.QRKeyRetired, qr.QRForged,
        QRRetired, errors.QRElsewhere, errors.QRAmountDiffers, MerchantUnknown, ledger.MerchantNotActive,
        ledger.WalletUnknown, ledger.WalletNotActive, ledger.PaymentLimitExceeded, ledger.InsufficientFunds,
    ),
    "cancelPayment": (*_WRITE, ledger.PaymentUnknown, ledger.RefundExceedsPayment),
}  # fmt: skip
"""Every error that an operation can answer with, by operation."""

_TAGS: Final[list[Any]] = [_("결제")]
_OPERATIONS: Final[list[Any]] = [_("운영")]
_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER, required=True,
    description=_(
        "요청마다 새로 만드는 고유한 값(예: UUID). 응답을 받지 못했으면 같은 값과 같은 본문으로 다시 요청하십시오. "
        "결제와 취소는 한 번만 이루어지고, 다시 보낸 요청의 응답에는 Idempotency-Replayed: true 헤더가 붙습니다. "
        "거절된 요청은 기록되지 않으므로 같은 값으로 다시 요청할 수 있습니다."
    ),
)  # fmt: skip
_REPLAYED = OpenApiParameter(
    "Idempotency-Replayed", {"type": "string", "enum": ["true"]}, OpenApiParameter.HEADER, response=[201],
    description=_("이미 처리된 요청을 다시 보낸 경우에만 있습니다."),
)  # fmt: skip
_LOCATION = OpenApiParameter(
    "Location", OpenApiTypes.URI_REF, OpenApiParameter.HEADER, response=[201], description=_("결제 조회 주소")
)
_PAYMENT_ID = OpenApiParameter("payment", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("결제번호"))

_A_PAYMENT: Final = {
    "id": "019aa9a4-7c1e-7a53-9a0e-2f6d5a1c9b10", "state": "paid", "order_id": "ORD-20261122-0001",
    "wallet_id": "019aa9a0-11b2-7f00-8d3c-6a8f0c2e4d55", "merchant": {"code": "M000012345", "name": "행복분식"},
    "amount": 15000, "cancelled_amount": 0, "business_date": "2026-11-22", "paid_at": "2026-11-22T03:04:05.678901Z",
}  # fmt: skip
_NEW_PAYMENT: Final = {
    "wallet_id": _A_PAYMENT["wallet_id"],
    "qr": "00020101021126520013KR.GO.JANGTEO0110M0000123450212014FZ6K2QX7A0305412805204581253034105802KR5912HAPPY"
    " BUNSIK6009GOYANG-SI62080704T00163041B7E",
    "amount": 15000, "order_id": _A_PAYMENT["order_id"],
}  # fmt: skip
_A_CANCELLATION: Final = {
    "id": "019aa9a5-02d4-7b11-b1f7-30c9b7d1e8aa", "amount": 5000, "business_date": "2026-11-22",
    "cancelled_at": "2026-11-22T03:10:00.000000Z",
    "payment": _A_PAYMENT | {"state": "partly_cancelled", "cancelled_amount": 5000},
}  # fmt: skip


def _body(kind: type[msgspec.Struct]) -> dict[tuple[int, str] | str, Any]:
    return {"application/json": {"$ref": _REF.format(name=kind.__name__)}}


def _replies(status: int, kind: type[msgspec.Struct]) -> dict[tuple[int, str], Any]:
    return {(status, media_type): schema for media_type, schema in _body(kind).items()}  # type: ignore[misc]


def _example(value: Any, name: Any, *, request: bool = False) -> OpenApiExample:
    return OpenApiExample(
        str(name), value=value, request_only=request, response_only=not request, media_type="application/json"
    )


create_payment = extend_schema(
    operation_id="createPayment", tags=_TAGS, summary=_("결제"),
    description=_(
        "시민의 지갑에서 가맹점 QR로 결제합니다. 이 가맹점에서 사용할 수 있는 금액 가운데 유효기한이 먼저 끝나는 것부터, "
        "구매금은 마지막에 사용합니다. 다른 지방자치단체의 지갑은 없는 것과 같습니다(404)."
    ),
    parameters=[_IDEMPOTENCY_KEY, _REPLAYED, _LOCATION], request=_body(bodies.NewPayment),
    responses=_replies(201, bodies.Payment),
    examples=[_example(_NEW_PAYMENT, "15,000원", request=True), _example(_A_PAYMENT, "paid")],
)  # fmt: skip
list_payments = extend_schema(
    operation_id="listPayments", tags=_TAGS, summary=_("주문번호로 결제 조회"),
    description=_("결제 응답을 받지 못했을 때 주문번호로 찾습니다. 최근 것부터 100건까지이며, 없으면 빈 목록입니다."),
    parameters=[OpenApiParameter(
        "order_id", {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"}, OpenApiParameter.QUERY,
        required=True, description=_("결제할 때 보낸 주문번호"),
    )],
    responses=_replies(200, bodies.Payments), examples=[_example({"payments": [_A_PAYMENT]}, "paid")],
)  # fmt: skip
read_payment = extend_schema(
    operation_id="readPayment", tags=_TAGS, summary=_("결제 조회"),
    description=_("결제의 현재 상태입니다. 다른 연계기관이나 다른 지방자치단체의 결제는 없는 것과 같습니다(404)."),
    parameters=[_PAYMENT_ID], responses=_replies(200, bodies.Payment), examples=[_example(_A_PAYMENT, "paid")],
)  # fmt: skip
cancel_payment = extend_schema(
    operation_id="cancelPayment", tags=_TAGS, summary=_("결제 취소"),
    description=_(
        "전부 또는 일부를 취소합니다. amount가 없으면 남은 금액을 모두 취소합니다. 취소한 금액은 결제할 때 사용한 금액으로 "
        "되돌아가며, 여러 번 나누어 취소할 수 있습니다."
    ),
    parameters=[_PAYMENT_ID, _IDEMPOTENCY_KEY, _REPLAYED, _LOCATION], request=_body(bodies.NewCancellation),
    responses=_replies(201, bodies.Cancellation),
    examples=[_example({"amount": 5000}, "5,000원", request=True), _example(_A_CANCELLATION, "partly_cancelled")],
)  # fmt: skip
health = extend_schema(
    operation_id="health", tags=_OPERATIONS, summary=_("상태 확인"), auth=[],
    description=_("서버와 데이터베이스가 응답하는지 확인합니다. 인증이 필요 없습니다."),
    responses=_replies(200, bodies.Health), examples=[_example({"status": "ok"}, "ok")],
)  # fmt: skip


def complete(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Add components, credentials and problems; drf-spectacular calls this last."""
    components = result.setdefault("components", {})
    components["schemas"] = _schemas()
    components["securitySchemes"] = {
        "partnerKey": {
            "type": "http", "scheme": "bearer", "bearerFormat": "<key_id>.<secret>",
            "description": _("기관 관리자가 발급한 연계 인증키"),
        }
    }  # fmt: skip
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"] |= _problem_responses(PROBLEMS[operation["operationId"]])
            if operation["operationId"] == "createPayment":
                operation["requestBody"]["required"] = True
            if operation["operationId"] != "health":
                operation["security"] = [{"partnerKey": []}]
    return dict(_plain(result))


def _schemas() -> dict[str, Any]:
    _references, schemas = msgspec.json.schema_components([*_BODIES, problems.Document], ref_template=_REF)
    schemas["Problem"] = schemas.pop("Document")
    for name, schema in schemas.items():
        schema["title"] = name
        for member in schema["properties"].values():
            if "pattern" in member:
                member["pattern"] = member["pattern"].replace(r"\Z", "$")
    return schemas


def _problem_responses(kinds: Sequence[type[DomainError]]) -> dict[str, Any]:
    by_status: defaultdict[int, list[type[DomainError]]] = defaultdict(list)
    for kind in kinds:
        by_status[kind.status].append(kind)
    return {str(status): _problem_response(by_status[status]) for status in sorted(by_status)}


def _problem_response(kinds: Sequence[type[DomainError]]) -> dict[str, Any]:
    content = {"schema": _PROBLEM, "examples": {kind.code: {"value": _example_of(kind)} for kind in kinds}}
    described = {
        "description": "\n".join(f"- `{kind.code}` {kind.message}" for kind in kinds),
        "content": {problems.CONTENT_TYPE: content},
    }
    if headers := {name: None for kind in kinds for name in getattr(kind, "headers", {})}:
        described["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
    return described


def _example_of(kind: type[DomainError]) -> Any:
    if kind is problems.FieldsInvalid:
        wrong = problems.FieldProblem("/amount", "invalid", bodies.NewPayment.hints["amount"])
        return msgspec.to_builtins(problems.described(problems.FieldsInvalid([wrong])).document)
    names = {"available": 3200, "limit": 500_000, "refundable": 0, "amount": 15_000}
    return msgspec.to_builtins(
        problems.described(kind(**{n: v for n, v in names.items() if f"%({n})" in str(kind.message)})).document
    )


def _plain(value: Any) -> Any:
    """The same with lazy texts in the active language."""
    if isinstance(value, Mapping):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    return str(value) if isinstance(value, Promise) else value
