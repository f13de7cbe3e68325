"""What the official who looks at a page may do there."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.simple_tag(takes_context=True)
def may(context: dict[str, Any], permission: str, municipality: str | None = None) -> bool:
    """Whether the official's roles grant it at that municipality."""
    return bool(context["request"].authority.may(permission, municipality))
