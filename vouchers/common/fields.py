"""Fields that forms share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget


class PercentField(forms.DecimalField):
    """A rate kept in 1/10000 and typed in percent, to a hundredth of one."""

    widget = UnfoldAdminDecimalFieldWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=Decimal("0.01"), max_value=100, max_digits=5, decimal_places=2, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """700 as 7; what was typed stays as it was typed."""
        return f"{value / 100:g}" if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        """7 as 700."""
        percent = super().clean(value)
        return None if percent is None else int(percent * 100)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """7.00 is 7."""
        return super().has_changed(Decimal(initial) / 100 if isinstance(initial, int) else initial, data)
