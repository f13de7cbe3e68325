"""The OpenAPI document: what drf-spectacular cannot see, because these views have no serializers.

Each room describes its operations with `describe`. Bodies come from msgspec Structs, problems from the error classes
themselves: each operation lists the errors that it can answer with, and their texts and statuses are read from the
classes in the language of the request.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema

from vouchers.common import problems
from vouchers.common.errors import DomainError
from vouchers.common.problems import FieldsInvalid
from vouchers.partners import errors
from vouchers.partners.api import bodies
from vouchers.partners.api.cursors import CURSOR_LENGTH, DEFAULT_LIMIT, LARGEST_LIMIT

_REF = "#/components/schemas/{name}"
_PROBLEM = {"$ref": _REF.format(name="Problem")}
_ALWAYS = (problems.NotAcceptable, problems.MethodNotAllowed, problems.ServerError, problems.Unavailable)
_READ = (*_ALWAYS, problems.CredentialsInvalid, errors.ScopeMissing)
_WRITE = (
    *_READ, problems.RequestProblem, problems.IdempotencyKeyMissing, problems.IdempotencyKeyInvalid,
    problems.JsonInvalid, problems.LengthRequired, problems.BodyTooLarge, problems.MediaTypeUnsupported,
    problems.FieldsInvalid, errors.IdempotencyKeyReused, errors.RequestInProgress,
)  # fmt: skip
_SAMPLES: Final[dict[str, Any]] = {
    "available": 3200, "limit": 500_000, "refundable": 0, "amount": 15_000, "scope": "payments:write", "age": 14,
}  # fmt: skip
"""Values for the parameters of problems' texts, in examples."""

PROBLEMS: Final[dict[str, Sequence[type[DomainError]]]] = {}
"""Every error that an operation can answer with, by operation; filled by `describe`."""
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
        parameters=[*parameters, *(PAGE if paged else ()), *((IDEMPOTENCY_KEY, _REPLAYED, _LOCATION) if writes else ())],
        request={"application/json": _ref(body)} if body else None,
        responses={(status, "application/json"): _ref(reply)},
        examples=[
            *([_example(body_example, "request", request=True)] if body_example is not None else ()),
            _example(example, "reply"),
        ],
        auth=[] if public else None,
    )  # fmt: skip


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
        }
    }  # fmt: skip
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            name = operation["operationId"]
            operation["responses"] |= _problem_responses(PROBLEMS[name])
            if name in _BODY_REQUIRED:
                operation["requestBody"]["required"] = True
            if name not in _PUBLIC:
                operation["security"] = [{"partnerKey": [str(scopes[path, method])]}]
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
    for name, schema in schemas.items():
        schema["title"] = name
        for member in schema.get("properties", {}).values():
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
