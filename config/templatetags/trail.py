"""Where the page stands: the menu's group, its entry, and the row."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

register = template.Library()


@register.inclusion_tag("unfold/helpers/header_title.html", takes_context=True)
def trail(context: Context) -> dict[str, Any]:
    """As the menu has it. Unfold's own begins with the Django app, which no official knows."""
    parts = [part for group in context.get("sidebar_navigation") or () for part in _of_group(group)]
    listed = parts[-1]["title"] if parts else None
    title = str(context.get("original") or context.get("title") or "")
    if title and title not in {str(listed), str(getattr(context.get("opts"), "verbose_name_plural", ""))}:
        parts.append({"title": title})
    return {"parts": parts}


def _of_group(group: dict[str, Any]) -> list[dict[str, Any]]:
    entries = [{"title": entry["title"], "link": entry["link"]} for entry in group["items"] if entry.get("active")]
    return [{"title": group["title"]}, *entries] if entries and group.get("title") else entries
