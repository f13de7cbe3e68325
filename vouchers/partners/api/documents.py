"""The OpenAPI document: what drf-spectacular cannot see, because these views have no serializers.

Each room describes its operations with `describe`. Bodies come from msgspec Structs, problems from the error classes
themselves: each operation lists the errors that it can answer with, and their texts and statuses are read from the
classes in the language of the request.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema

from vouchers.common import problems
from vouchers.common.errors import DomainError
from vouchers.common.problems import FieldsInvalid
from vouchers.partners import errors
from vouchers.partners.api import bodies
from vouchers.partners.api.cursors import CURSOR_LENGTH, DEFAULT_LIMIT, LARGEST_LIMIT
from vouchers.partners.signing import base, content_digest, mac, parameters

_REF = "#/components/schemas/{name}"
_PROBLEM = {"$ref": _REF.format(name="Problem")}
_ALWAYS = (problems.NotAcceptable, problems.MethodNotAllowed, problems.ServerError, problems.Unavailable)
_READ = (*_ALWAYS, problems.CredentialsInvalid, problems.TooManyRequests, errors.ScopeMissing)
_WRITE = (
    *_READ, problems.RequestProblem, problems.IdempotencyKeyMissing, problems.IdempotencyKeyInvalid,
    problems.JsonInvalid, problems.LengthRequired, problems.BodyTooLarge, problems.MediaTypeUnsupported,
    problems.FieldsInvalid, errors.IdempotencyKeyReused, errors.RequestInProgress, errors.SignatureMissing,
    errors.SignatureMalformed, errors.SignatureExpired, errors.ContentDigestWrong, errors.SignatureWrong,
)  # fmt: skip
_SAMPLES: Final[dict[str, Any]] = {
    "available": 3200, "limit": 500_000, "needed": 40_000, "days": 7, "refundable": 0,
    "amount": 15_000, "items": 12_000, "scope": "payments:write", "age": 14,
}  # fmt: skip
"""Values for the parameters of problems' texts, in examples."""

PROBLEMS: Final[dict[str, Sequence[type[DomainError]]]] = {}
"""Every error that an operation can answer with, by operation; filled by `describe`."""
_EVENTS: Final[dict[str, tuple[Any, type[msgspec.Struct], Any]]] = {}
_MESSAGE_HEADERS: Final = {
    "webhook-id": _("알림번호. 같은 알림은 다시 보내도 같습니다."),
    "webhook-timestamp": _("보낸 시각(1970년부터의 초). 현재 시각과 5분 넘게 다르면 거절하십시오."),
    "webhook-signature": _("v1,<Base64>. 만드는 방법은 수신 주소 등록(createWebhookEndpoint)에 있습니다."),
}
_STRUCTS: Final[list[type[msgspec.Struct]]] = []
_BODY_REQUIRED: Final[set[str]] = set()
_PUBLIC: Final[set[str]] = set()

IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER, required=True,
    description=_(
        "요청마다 새로 만드는 고유한 값(예: UUID). 응답을 받지 못했으면 같은 값과 같은 본문으로 다시 요청하십시오. "
        "요청은 한 번만 처리되고, 다시 보낸 요청의 응답에는 Idempotency-Replayed: true 헤더가 붙습니다. "
        "거절된 요청은 기록되지 않으므로 같은 값으로 다시 요청할 수 있습니다."
    ),
)  # fmt: skip
_REPLAYED = OpenApiParameter(
    "Idempotency-Replayed", {"type": "string", "enum": ["true"]}, OpenApiParameter.HEADER, response=[201],
    description=_("이미 처리된 요청을 다시 보낸 경우에만 있습니다."),
)  # fmt: skip
_LOCATION = OpenApiParameter(
    "Location", OpenApiTypes.URI_REF, OpenApiParameter.HEADER, response=[201], description=_("조회 주소")
)
_QUOTA: Final = tuple(
    OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, response=True, description=description)
    for name, description in (
        ("RateLimit-Policy", _('분당 요청 한도. 예: "minute";q=60000;w=60')),
        ("RateLimit", _('이번 1분 동안 남은 요청 수(r)와 다시 채워질 때까지의 초(t). 예: "minute";r=59012;t=37')),
    )
)

PAGE: Final = (
    OpenApiParameter(
        "cursor", {"type": "string", "minLength": CURSOR_LENGTH, "maxLength": CURSOR_LENGTH, "pattern": "^[A-Za-z0-9_-]+$"},
        OpenApiParameter.QUERY,
        description=_("앞 응답의 next_cursor. 그 다음 쪽을 조회합니다. 없으면 가장 최근 것부터입니다."),
    ),
    OpenApiParameter(
        "limit", {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
        OpenApiParameter.QUERY, description=_("한 쪽의 건수"),
    ),
)  # fmt: skip
_SECRET: Final = "jts-example-secret"  # noqa: S105 - of the example
_BODY: Final = b'{"amount":5000}'
_KEY: Final = "019aa9a4-7c1e-7a53-9a0e-2f6d5a1c9b10"
_DIGEST: Final = content_digest(_BODY)
_PARAMS: Final = parameters(
    key_id="jt0123456789abcdef", algorithm="hmac-sha256", nonce="f0c1d2e3a4b59687", created=1795312800
)
_BASE: Final = base(
    method="POST", uri=f"https://example.go.kr/api/v1/payments/{_KEY}/cancellations", digest=_DIGEST,
    idempotency_key=_KEY, params=_PARAMS,
)  # fmt: skip
_SIGNATURE: Final = format_lazy(
    "{0}\n\n1. `Content-Digest: {digest}` {1}\n2. `Signature-Input: sig1={params}` {2}\n3. `Signature: sig1=:{mac}:` {3}\n\n"
    "{4}\n\n```\n{base}\n```\n\n{5}\n\n{6}",
    _("무엇인가를 바꾸는 요청(POST)은 RFC 9421에 따라 서명합니다. 다음 세 헤더를 함께 보내십시오."),
    _("본문의 SHA-256 값을 Base64로 씁니다(RFC 9530). 본문이 없으면 빈 본문의 값입니다."),
    _(
        "항목과 순서를 바꿀 수 없습니다. created는 서명한 시각(1970년부터의 초)으로, 서버 시각과 5분 넘게 다르면 거절합니다. keyid는 "
        "인증키의 점(.) 앞부분, alg는 hmac-sha256 또는 ed25519, nonce는 요청마다 새로 만드는 영문·숫자 8~64자입니다."
    ),
    _(
        "서명을 Base64로 씁니다. hmac-sha256의 키는 서명 비밀값의 글자 그대로이며, ed25519는 등록한 공개키의 개인키로 서명합니다."
    ),
    _(
        "서명하는 내용은 다음 다섯 줄입니다. 줄은 LF 하나로 나누고 마지막 줄 뒤에는 아무것도 붙이지 않습니다. 주소는 보낸 그대로입니다."
    ),
    format_lazy(
        _("위는 본문이 `{body}`이고 서명 비밀값이 `{secret}`인 요청의 실제 값이므로, 만든 서명을 이것으로 검산할 수 있습니다."),
        body=_BODY.decode(), secret=_SECRET,
    ),
    _(
        "같은 요청을 다시 보낼 때는 새로 서명해도 되고, 5분 안이면 같은 서명을 다시 보내도 됩니다. 요청은 Idempotency-Key에 따라 "
        "한 번만 처리됩니다."
    ),
    digest=_DIGEST, params=_PARAMS, mac=mac(_SECRET, _BASE), base=_BASE.decode(),
)  # fmt: skip
_INTRODUCTION: Final = format_lazy(
    "{0}\n\n- {1}\n- {2}\n- {3}\n- {4}\n- {5}\n- {6}",
    _("처음이면 [API 시작하기](/api/start/)의 명령을 위에서부터 실행해 보십시오."),
    _("금액은 원 단위의 정수, 시각은 시간대가 있는 RFC 3339(응답은 UTC), business_date는 서울의 날짜, 번호(id)는 소문자 UUID입니다."),
    _("조회(GET)에는 인증키만, 무엇인가를 바꾸는 요청(POST)에는 서명과 Idempotency-Key도 보냅니다."),
    _("문서에 없는 항목을 보내면 거절합니다. 응답에는 항목이 늘어날 수 있으니 모르는 항목은 무시하십시오."),
    _(
        "거절은 RFC 9457 문서(application/problem+json)입니다. 프로그램은 바뀌지 않는 code로 판단하고, 사람에게는 "
        "Accept-Language(ko, en)에 따른 detail을 보이십시오. errors는 잘못된 항목의 위치(pointer), code, 이유(detail)입니다."
    ),
    _("긴 목록은 최근 것부터 limit건씩 옵니다. next_cursor가 null이 아니면 ?cursor=에 넣어 다음 쪽을 조회하십시오."),
    _(
        "분당 요청 한도와 남은 수는 RateLimit-Policy와 RateLimit 헤더에 있고, 한도를 넘으면 429와 Retry-After(초)로 응답합니다."
    ),
)  # fmt: skip

View = TypeVar("View", bound=Callable[..., Any])


def describe(
    operation: str,
    *,
    tag: Any,
    summary: Any,
    description: Any,
    reply: type[msgspec.Struct],
    example: Any,
    body: type[msgspec.Struct] | None = None,
    body_example: Any = None,
    body_required: bool = True,
    problems: Sequence[type[DomainError]] = (),
    parameters: Sequence[OpenApiParameter] = (),
    writes: bool = False,
    paged: bool = False,
    public: bool = False,
) -> Callable[[View], View]:
    """Describe a method of a view: its operation id, texts, what it takes, answers and refuses.

    ``example`` and ``body_example`` are JSON values. ``writes``: it takes an Idempotency-Key and answers 201.
    ``problems`` are those beyond what every read or write can answer with. ``paged``: it takes a cursor and a limit
    (`cursors`), and its reply has a ``next_cursor``. ``public``: it needs no key.
    """
    always = _ALWAYS if public else _WRITE if writes else _READ
    PROBLEMS[operation] = tuple(dict.fromkeys((*always, *((FieldsInvalid,) if paged else ()), *problems)))
    _STRUCTS.extend(kind for kind in (body, reply) if kind is not None and kind not in _STRUCTS)
    if body is not None and body_required:
        _BODY_REQUIRED.add(operation)
    if public:
        _PUBLIC.add(operation)
    status = 201 if writes else 200
    return extend_schema(
        operation_id=operation, tags=[tag], summary=summary, description=description,
        parameters=[
            *parameters, *(() if public else _QUOTA), *(PAGE if paged else ()),
            *((IDEMPOTENCY_KEY, _REPLAYED, _LOCATION) if writes else ()),
        ],
        request={"application/json": _ref(body)} if body else None,
        responses={(status, "application/json"): _ref(reply)},
        examples=[
            *([_example(body_example, "request", request=True)] if body_example is not None else ()),
            _example(example, "reply"),
        ],
        auth=[] if public else None,
    )  # fmt: skip


def describe_event(kind: str, *, summary: Any, data: type[msgspec.Struct], example: Any) -> None:
    """Describe what partners are told of one type of event: ``data`` is what stands in the message under that name."""
    _EVENTS[kind] = (summary, data, example)
    if data not in _STRUCTS:
        _STRUCTS.append(data)


def _webhooks() -> dict[str, Any]:
    return {kind: {"post": _message(kind, *_EVENTS[kind])} for kind in sorted(_EVENTS)}


def _message(kind: str, summary: Any, data: type[msgspec.Struct], example: Any) -> dict[str, Any]:
    """A message as Standard Webhooks has it, with the headers that its signature is checked by."""
    schema = {
        "type": "object", "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": kind}, "timestamp": {"type": "string", "format": "date-time"}, "data": _ref(data),
        },
    }  # fmt: skip
    said = {"type": kind, "timestamp": "2026-11-22T03:04:06.000000Z", "data": example}
    return {
        "operationId": "on" + "".join(part.title() for part in re.split(r"[._]", kind)),
        "summary": summary, "tags": [_("알림(웹훅)")],
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": told}
            for name, told in _MESSAGE_HEADERS.items()
        ],
        "requestBody": {
            "required": True, "content": {"application/json": {"schema": schema, "examples": {"message": {"value": said}}}},
        },
        "responses": {"2XX": {"description": _("받았습니다. 다시 보내지 않습니다.")}},
    }  # fmt: skip


def complete(result: dict[str, Any], *, generator: Any, **_context: Any) -> dict[str, Any]:
    """Add components, credentials, scopes and problems; drf-spectacular calls this last."""
    scopes = {(path, method.lower()): view.cls.scopes[method] for path, _regex, method, view in generator.endpoints
              if hasattr(view.cls, "scopes")}  # fmt: skip
    components = result.setdefault("components", {})
    components["schemas"] = _schemas()
    components["securitySchemes"] = {
        "partnerKey": {
            "type": "http", "scheme": "bearer", "bearerFormat": "<key_id>.<secret>",
            "description": _("기관 관리자가 발급한 연계 인증키"),
        },
        "signature": {
            "type": "apiKey", "in": "header", "name": "Signature", "description": _SIGNATURE,
        },
    }  # fmt: skip
    result["info"]["description"] = _INTRODUCTION
    result["webhooks"] = _webhooks()
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            name = operation["operationId"]
            operation["responses"] |= _problem_responses(PROBLEMS[name])
            if name in _BODY_REQUIRED:
                operation["requestBody"]["required"] = True
            if name not in _PUBLIC:
                signed: dict[str, list[str]] = {"signature": []} if errors.SignatureMissing in PROBLEMS[name] else {}
                operation["security"] = [{"partnerKey": [str(scopes[path, method])]} | signed]
    return dict(_plain(result))


def _ref(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _REF.format(name=kind.__name__)}


def _example(value: Any, name: str, *, request: bool = False) -> OpenApiExample:
    return OpenApiExample(
        name, value=value, request_only=request, response_only=not request, media_type="application/json"
    )


def _schemas() -> dict[str, Any]:
    _references, schemas = msgspec.json.schema_components([*_STRUCTS, problems.Document], ref_template=_REF)
    schemas["Problem"] = schemas.pop("Document")
    told = {kind.__name__: kind.about for struct in [*_STRUCTS, problems.Document] for kind in _structs_in(struct)}
    told["Problem"] = told.pop("Document")
    for name, schema in schemas.items():
        schema |= {"title": name, "description": told[name]}
    return {name: _javascript(schema) for name, schema in schemas.items()}


def _structs_in(kind: Any) -> Iterator[Any]:
    """A struct and those of its members. Each tells in ``about`` what it is, in the reader's language."""
    return _structs_of(msgspec.inspect.type_info(kind))


def _structs_of(info: Any) -> Iterator[Any]:
    match info:
        case msgspec.inspect.StructType(cls=kind, fields=fields):
            yield kind
            for field in fields:
                yield from _structs_of(field.type)
        case msgspec.inspect.UnionType(types=members):
            for member in members:
                yield from _structs_of(member)
        case msgspec.inspect.ListType(item_type=member) | msgspec.inspect.Metadata(type=member):
            yield from _structs_of(member)


def _javascript(schema: Any) -> Any:
    """The same with patterns as ECMA-262 writes them, which JSON Schema asks for."""
    if isinstance(schema, list):
        return [_javascript(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: member.replace(r"\Z", "$") if key == "pattern" and isinstance(member, str) else _javascript(member)
        for key, member in schema.items()
    }


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
        wrong = problems.FieldProblem("/amount", "invalid", bodies.WON_HINT)
        return msgspec.to_builtins(problems.described(problems.FieldsInvalid([wrong])).document)
    return msgspec.to_builtins(
        problems.described(kind(**{n: v for n, v in _SAMPLES.items() if f"%({n})" in str(kind.message)})).document
    )


def _plain(value: Any) -> Any:
    """The same with lazy texts in the active language."""
    if isinstance(value, Mapping):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    return str(value) if isinstance(value, Promise) else value


health = describe(
    "health", tag=_("운영"), summary=_("상태 확인"), reply=bodies.Health, example={"status": "ok"}, public=True,
    description=_("서버와 데이터베이스가 응답하는지 확인합니다. 인증이 필요 없습니다."),
)  # fmt: skip
