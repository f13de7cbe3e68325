"""The page from which a partner's developer makes the first payment. A test runs every line of it against a server."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import get_supported_language_variant

from vouchers.common import problems
from vouchers.common.api import LeanView

_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

LINES: Final = {
    "sign": """\
jangteo_sign() { printf '%s' "$1" | openssl dgst -sha256 -hmac "$JANGTEO_SECRET" -binary | openssl base64 -A; }

jangteo_post() {
  local uri="$JANGTEO_URL$1" body="$2" key="$3" digest params signed
  digest="sha-256=:$(printf '%s' "$body" | openssl dgst -sha256 -binary | openssl base64 -A):"
  params='("@method" "@target-uri" "content-digest" "idempotency-key")'
  params="$params;created=$(date +%s);keyid=\\"${JANGTEO_TOKEN%%.*}\\""
  params="$params;alg=\\"${JANGTEO_ALG:-hmac-sha256}\\";nonce=\\"$(openssl rand -hex 16)\\""
  signed="\\"@method\\": POST
\\"@target-uri\\": $uri
\\"content-digest\\": $digest
\\"idempotency-key\\": $key
\\"@signature-params\\": $params"
  curl -sS -i "$uri" -H "Authorization: Bearer $JANGTEO_TOKEN" -H 'Content-Type: application/json' \\
    -H "Idempotency-Key: $key" -H "Content-Digest: $digest" -H "Signature-Input: sig1=$params" \\
    -H "Signature: sig1=:$(jangteo_sign "$signed"):" --data-raw "$body"
}
""",
    "read": """\
curl -sS -i "$JANGTEO_URL/api/v1/payments?order_id=HELLO-1" -H "Authorization: Bearer $JANGTEO_TOKEN"
""",
    "pay": """\
KEY=$(openssl rand -hex 16)
BODY="{\\"wallet_id\\":\\"$JANGTEO_WALLET\\",\\"qr\\":\\"$JANGTEO_QR\\",\\"amount\\":1000,\\"order_id\\":\\"HELLO-1\\"}"
jangteo_post /api/v1/payments "$BODY" "$KEY"
""",
    "again": """\
jangteo_post /api/v1/payments "$BODY" "$KEY"
""",
    "lost": """\
curl -sS -i "$JANGTEO_URL/api/v1/payments?order_id=HELLO-1" -H "Authorization: Bearer $JANGTEO_TOKEN"
""",
    "cancel": """\
PAYMENT=$(curl -sS "$JANGTEO_URL/api/v1/payments?order_id=HELLO-1" -H "Authorization: Bearer $JANGTEO_TOKEN" \\
  | grep -o '"id":"[^"]*"' | head -n 1 | cut -d '"' -f 4)
jangteo_post "/api/v1/payments/$PAYMENT/cancellations" '{"amount":400}' "$(openssl rand -hex 16)"
""",
    "refused": """\
jangteo_post "/api/v1/payments/$PAYMENT/cancellations" '{"amount":601}' "$(openssl rand -hex 16)"
""",
    "keypair": """\
openssl genpkey -algorithm ed25519 -out jangteo-private.pem
openssl pkey -in jangteo-private.pem -pubout
""",
    "ed25519": """\
export JANGTEO_ALG=ed25519
jangteo_sign() {
  printf '%s' "$1" > signed.txt
  openssl pkeyutl -sign -inkey jangteo-private.pem -rawin -in signed.txt | openssl base64 -A
}
""",
}
"""Bash, with curl and openssl 3."""


class StartView(LeanView):
    """시작하기: keys, the first signed request, what to do when an answer was lost."""

    schema = None

    def initial(self, request: HttpRequest) -> None:
        """A page, so nothing is asked of Accept."""
        if request.method not in self.allowed_methods:
            raise problems.MethodNotAllowed

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page, in the language of the request or in ``?lang=``."""
        with translation.override(_language(request)):
            context = {"lines": LINES, "address": request.build_absolute_uri("/").rstrip("/")}
            response = render(request, "vouchers/partners/start.html", context)
        response["Content-Security-Policy"] = _POLICY
        response["Vary"] = "Accept-Language"
        return response


def _language(request: HttpRequest) -> str:
    try:
        return get_supported_language_variant(request.GET["lang"])
    except (LookupError, ValueError):
        return translation.get_language() or settings.LANGUAGE_CODE
