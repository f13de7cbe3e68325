"""The form before everything else."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from vouchers.officials.errors import LoginLocked


class LoginForm(AuthenticationForm):
    """Name and password. A locked name is told until when."""

    def clean(self) -> dict[str, Any]:
        """Ask the backend."""
        try:
            values: dict[str, Any] = super().clean()
        except LoginLocked as error:
            raise ValidationError(str(error), code=error.code) from error
        return values
