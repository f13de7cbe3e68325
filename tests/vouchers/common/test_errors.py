"""What a refusal says to a person."""

from __future__ import annotations

from django.utils import translation

from vouchers.ledger.errors import PaymentLimitExceeded, RefundExceedsPayment


def test_amounts_are_grouped_in_threes_in_the_text_and_stay_numbers_for_programs() -> None:
    refused = PaymentLimitExceeded(limit=500_000)
    assert (str(refused), refused.params) == ("1회 결제 한도 500,000원을 넘었습니다.", {"limit": 500_000})
    with translation.override("en"):
        assert "10,000 won" in str(RefundExceedsPayment(refundable=10_000))
